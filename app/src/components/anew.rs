//! A part of the page that is made anew when it changes.

use leptos::either::Either;
use leptos::prelude::*;

/// Shows what `view` makes of `key`, made anew each time that the key is told to have changed. A view that is changed in
/// place keeps its elements and changes their texts; a browser that translates the page has put others in the place of
/// these, and would go on showing the old ones. What should keep the focus needs a key that is a memo.
pub fn anew<K: 'static>(key: impl Fn() -> K + Send + 'static, view: impl Fn(K) -> AnyView + Send + 'static) -> AnyView {
    made_anew(Box::new(move || view(key())))
}

/// The same for all kinds of keys, so that the browser downloads it once.
fn made_anew(view: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
    let mut is_left = false;
    let sides = move || {
        is_left = !is_left;
        // Two arms of the same kind: the one is never changed into the other.
        if is_left { Either::Left(view()) } else { Either::Right(view()) }
    };
    sides.into_any()
}
