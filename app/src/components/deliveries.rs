//! What has become of the submissions that this device still held, on the pages where a student begins.

use leptos::prelude::*;
use leptos_router::components::A;

use super::anew;
use crate::browser::outbox::{News, Outbox};

/// One notice a submission; nothing where there is none.
#[component]
pub fn Deliveries() -> impl IntoView {
    let outbox = Outbox::get();
    let notices = |all: Vec<(String, News)>| all.iter().map(|(id, news)| notice(id, news)).collect_view().into_any();
    view! { <div role="status">{anew(move || outbox.all_news(), notices)}</div> }
}

fn notice(attempt: &str, news: &News) -> impl IntoView + use<> {
    let link = || view! { <A href=format!("/quiz/{attempt}")>"Look at them"</A> };
    match news {
        News::Waiting => view! {
            <p class="notice">"Answers on this device wait for the network. We’ll send them as soon as you are back online. "{link()}</p>
        }
        .into_any(),
        News::Refused(_) => view! { <p class="notice">"Answers on this device were not taken. "{link()}</p> }.into_any(),
        // Whoever comes next on this device need not be led to them.
        News::Arrived(_) => view! {
            <p class="notice arrived"><span aria-hidden="true">"✓ "</span>"The answers on this device have been handed in."</p>
        }
        .into_any(),
    }
}
