//! A part of the page that is made anew when it changes.

use std::any::Any;
use std::sync::Arc;

use leptos::either::Either;
use leptos::prelude::*;

/// A key of any kind.
type Key = Arc<dyn Any + Send + Sync>;

/// What makes a key: it is told the one before, and says whether its own is another one.
type NextKey = Box<dyn Fn(Option<&Key>) -> (Key, bool) + Send + Sync>;

/// Shows what `view` makes of `key`, made anew each time that the key is another one. A view that is changed in place keeps
/// its elements and changes their texts; a browser that translates the page has put others in the place of these, and
/// would go on showing the old ones.
pub fn anew<K>(key: impl Fn() -> K + Send + Sync + 'static, view: impl Fn(K) -> AnyView + Send + 'static) -> AnyView
where
    K: Clone + PartialEq + Send + Sync + 'static,
{
    made_anew(
        Box::new(move |was| {
            let key = key();
            let is_other = was.and_then(|was| was.downcast_ref()) != Some(&key);
            (Arc::new(key), is_other)
        }),
        Box::new(move |key| key.downcast_ref::<K>().cloned().map(&view).into_any()),
    )
}

/// The same for all kinds of keys, so that the browser downloads it once.
fn made_anew(key: NextKey, view: Box<dyn Fn(Key) -> AnyView + Send>) -> AnyView {
    let key = Memo::new_owning(move |was| key(was.as_ref()));
    let mut is_left = false;
    let sides = move || {
        is_left = !is_left;
        let view = view(key.get());
        // Two arms of the same kind: the one is never changed into the other.
        if is_left { Either::Left(view) } else { Either::Right(view) }
    };
    sides.into_any()
}
