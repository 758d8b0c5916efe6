//! The quiz that this device has begun and not handed in, where a student begins.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::browser::storage;

/// Leads back to it, and says whose it is: the device may have gone from hand to hand. Nothing where there is none.
#[component]
pub(super) fn Unfinished(
    /// As a sentence, not as a button.
    is_notice: bool,
) -> impl IntoView {
    storage::unfinished_attempt().map(|attempt| {
        let address = format!("/quiz/{}", attempt.joined.attempt);
        let whose = Some(attempt.says_whose()).filter(|whose| !whose.is_empty());
        if is_notice {
            let whose = whose.map(|whose| view! { <bdi>{whose}</bdi>". " });
            return view! {
                <p class="notice">
                    "This device has a quiz that is not handed in. "{whose}<A href=address>"Continue it"</A>
                </p>
            }
            .into_any();
        }
        let whose = whose.map(|whose| view! { ": "<bdi>{whose}</bdi> });
        view! { <A href=address attr:class="btn wide whose">"Continue"{whose}</A> }.into_any()
    })
}
