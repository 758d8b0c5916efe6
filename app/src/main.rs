//! Mounts the whole front end.

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::Shell);
    app::browser::remove_splash();
}
