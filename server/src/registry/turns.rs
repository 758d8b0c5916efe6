//! One at a time for each name of a stream.
//!
//! Owns the turn that starting, changing and ending a stream takes, together with the row that the stream is kept by. Two
//! streams of one name can so never overlap, however fast one is ended and the next one made. Does not own what is done
//! in a turn.

use crate::lines::{self, Lines};

/// The turns of all names: lines of one, in which as many wait as come.
pub(super) struct Turns(Lines<String>);

/// Held by the one who may start, change or end the stream of a name.
pub struct Turn {
    pub(super) name: String,
    _held: Option<lines::Turn>,
}

impl Default for Turns {
    fn default() -> Self {
        Self(Lines::new(1, usize::MAX))
    }
}

impl Turns {
    /// Waits for the turn of a name.
    pub async fn of(&self, name: &str) -> Turn {
        let name = name.to_owned();
        // Nobody is sent away from a line without a bound.
        let held = self.0.enter(&name).await;
        Turn { name, _held: held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_is_one_s_alone_and_another_name_s_is_free() {
        let turns = Turns::default();
        let one = turns.of("a").await;
        let mut other = Box::pin(turns.of("a"));
        assert!(futures::poll!(&mut other).is_pending());
        turns.of("b").await;
        drop(one);
        other.await;
    }
}
