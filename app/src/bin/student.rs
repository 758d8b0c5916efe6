//! Mounts the pages of students.

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::StudentShell);
    app::browser::remove_splash();
}
