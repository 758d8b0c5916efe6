//! When to ask again: once, however many loads landed meanwhile, and not at all while nobody looks.

/// What a page of live results does about changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refresh {
    asking: bool,
    stale: bool,
    hidden: bool,
}

impl Refresh {
    /// Something changed, or the page wants fresh figures for another reason. Returns whether to ask now.
    #[must_use]
    pub fn changed(&mut self) -> bool {
        self.stale = true;
        self.start()
    }

    /// An answer came, or failed to. Returns whether to ask once more, because something changed since the question.
    #[must_use]
    pub fn answered(&mut self) -> bool {
        self.asking = false;
        self.start()
    }

    /// The page was hidden or shown. Returns whether to ask now.
    #[must_use]
    pub fn shown(&mut self, visible: bool) -> bool {
        self.hidden = !visible;
        self.start()
    }

    fn start(&mut self) -> bool {
        let start = self.stale && !self.asking && !self.hidden;
        if start {
            self.asking = true;
            self.stale = false;
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_during_one_question_are_one_more_question() {
        let mut refresh = Refresh::default();
        assert!(refresh.changed(), "the first change asks");
        for _ in 0..50 {
            assert!(!refresh.changed(), "one question at a time");
        }
        assert!(refresh.answered(), "what changed meanwhile is asked for once");
        assert!(!refresh.answered(), "and then it is quiet");
    }

    #[test]
    fn a_hidden_page_asks_nothing_until_it_is_shown() {
        let mut refresh = Refresh::default();
        assert!(!refresh.shown(false));
        assert!(!refresh.changed());
        assert!(refresh.shown(true));
        assert!(!refresh.answered());
    }
}
