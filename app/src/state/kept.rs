//! How an attempt is kept on a device: how it is written, so that another version still reads it; what of it stays once
//! the server has it; and which of two copies counts, because several tabs may show it. Does not own the attempt itself,
//! nor the storage.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::attempt::{Attempt, Given, Step};
use crate::api::Millis;
use crate::api::attempts::{Joined, Submission};

/// What must be readable of any record, whichever version wrote it.
#[derive(Deserialize)]
struct Core {
    joined: Joined,
    #[serde(default)]
    begun_at: Millis,
    #[serde(default)]
    name: String,
    #[serde(default)]
    given: BTreeMap<i64, Given>,
    #[serde(default)]
    handed_in: Option<Submission>,
    #[serde(default)]
    receipt: Option<IgnoredAny>,
}

/// Where the student is, as far as this version knows the step.
#[derive(Deserialize)]
struct Place {
    step: Step,
}

/// What was handed in stays so. With a step that is not known here, the student begins at the first question, answers and
/// all.
fn step_of(text: &str, handed_in: Option<&Submission>) -> Step {
    if handed_in.is_some() {
        return Step::HandedIn;
    }
    serde_json::from_str(text).map_or(Step::Question(0), |Place { step }| step)
}

impl Attempt {
    /// Reads a record. One that another version wrote, and that this one cannot read as a whole, still gives what the
    /// student has answered or handed in; the quiz is fetched again. `None` for what is no record.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Ok(attempt) = serde_json::from_str(text) {
            return Some(attempt);
        }
        let Core { joined, begun_at, name, given, handed_in, receipt } = serde_json::from_str(text).ok()?;
        let step = step_of(text, handed_in.as_ref());
        // With a receipt the server has it all, and the device nothing to lose.
        receipt.is_none().then(|| Self { name, step, given, handed_in, ..Self::new(joined, begun_at) })
    }

    /// Writes it as a record.
    #[must_use]
    pub fn written(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// How far it is: begun, handed in, acknowledged.
    const fn stage(&self) -> u8 {
        match (&self.receipt, self.step) {
            (Some(_), _) => 2,
            (None, Step::HandedIn) => 1,
            (None, _) => 0,
        }
    }

    /// Whether another copy of it may replace this one on the device. What was handed in yields to its receipt alone,
    /// and what has a receipt to nothing; before that, the newest counts.
    #[must_use]
    pub const fn yields_to(&self, other: &Self) -> bool {
        self.stage() == 0 || other.stage() > self.stage()
    }

    /// Takes in what another tab has kept, unless this copy is further on. What this one knows of the quiz stays.
    /// Returns whether there was anything new.
    pub fn catch_up(&mut self, mut kept: Self) -> bool {
        if kept.stage() < self.stage() {
            return false;
        }
        kept.view = self.view.clone().or(kept.view);
        let is_new = kept != *self;
        *self = kept;
        is_new
    }

    /// What the device keeps: everything until the server has acknowledged it, after that only what it takes to ask
    /// for the rest. So no key that has been released is ever kept.
    #[must_use]
    pub fn to_keep(&self) -> Self {
        if self.receipt.is_none() {
            return self.clone();
        }
        Self { step: Step::HandedIn, receipt: self.receipt.clone(), ..Self::new(self.joined.clone(), self.begun_at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::attempts::{GivenAnswer, Released};
    use crate::state::attempt::tests::{attempt, receipt};

    /// As the device keeps it once the server has it.
    fn acknowledged(attempt: &Attempt) -> Attempt {
        Attempt { receipt: Some(receipt()), step: Step::HandedIn, ..attempt.clone() }.to_keep()
    }

    #[test]
    fn what_was_handed_in_yields_to_its_receipt_alone() {
        let handed_in_with = |choice| {
            let mut a = attempt();
            a.choose(1, choice);
            a.hand_in();
            a
        };
        let (begun, first, second) = (attempt(), handed_in_with(10), handed_in_with(11));
        let done = acknowledged(&first);
        let yields = |a: &Attempt| [&begun, &first, &second, &done].map(|other| a.yields_to(other));
        assert_eq!(yields(&begun), [true; 4]);
        assert_eq!(yields(&first), [false, false, false, true]);
        assert_eq!(yields(&done), [false; 4]);
    }

    #[test]
    fn a_page_follows_another_tab_and_is_never_led_back() {
        let mut here = attempt();
        let mut there = here.clone();
        there.choose(1, 10);
        there.next();
        assert!(here.catch_up(there.clone()));
        assert_eq!(here, there);
        assert!(!here.catch_up(there.clone()), "nothing is new");
        there.hand_in();
        assert!(here.catch_up(there.clone()) && here.is_pending());
        assert!(!here.catch_up(attempt()) && here.is_pending(), "an older copy");
        assert!(here.catch_up(acknowledged(&there)) && !here.is_pending());
        assert!(here.view.is_some(), "the page still knows the quiz");
        assert!(!here.catch_up(acknowledged(&there)), "nothing is new");
        assert!(!here.catch_up(there) && here.receipt.is_some());
    }

    #[test]
    fn a_page_takes_in_what_another_tab_handed_in_before_it() {
        let (mut here, mut there) = (attempt(), attempt());
        here.choose(1, 11);
        here.hand_in();
        there.choose(1, 10);
        there.hand_in();
        assert!(here.catch_up(there.clone()), "what is kept is what is sent");
        assert_eq!(here.submission(), there.submission());
    }

    #[test]
    fn everything_outlives_a_reload() {
        let mut a = attempt();
        a.choose(2, 21);
        a.toggle_flag(1);
        a.next();
        a.hand_in();
        let resumed = Attempt::read(&a.written().expect("to json")).expect("it is a record");
        assert_eq!(resumed, a);
        assert!(resumed.is_pending());
    }

    #[test]
    fn a_record_of_another_version_still_gives_what_was_answered_and_what_was_handed_in() {
        let mut a = attempt();
        a.choose(1, 10);
        a.choose(2, 21);
        let unfinished = a.clone();
        a.hand_in();
        let sent = a.submission();
        // A later version asks for more of a quiz than this one wrote, and the other way round.
        let in_another_shape = |a: &Attempt| {
            let written = a.written().expect("to json");
            let other = written.replace("\"quiz_title\"", "\"title_of_quiz\"");
            assert_ne!(written, other);
            other
        };
        let read = Attempt::read(&in_another_shape(&a)).expect("it is a record");
        assert!(read.is_pending() && read.view.is_none());
        assert_eq!(read.submission(), sent);
        let read = Attempt::read(&in_another_shape(&unfinished)).expect("it is a record");
        assert!(read.is_unfinished());
        assert_eq!(read.submission(), sent, "nothing that was answered is lost");
        // Or it knows a step more.
        let at_another_step = |a: &Attempt| {
            let written = a.written().expect("to json");
            let step = serde_json::to_string(&a.step).expect("to json");
            let other = written.replace(&format!("\"step\":{step}"), r#""step":{"Reading":3}"#);
            assert_ne!(written, other);
            other
        };
        let read = Attempt::read(&at_another_step(&a)).expect("it is a record");
        assert!(read.is_pending());
        assert_eq!(read.submission(), sent);
        let read = Attempt::read(&at_another_step(&unfinished)).expect("it is a record");
        assert_eq!((read.step, read.submission()), (Step::Question(0), sent));
        assert_eq!(Attempt::read("{\"joined\":"), None);
    }

    #[test]
    fn a_record_of_the_first_version_is_read() {
        let first = r#"{"joined":{"attempt":"a","token":"t"},"view":null,"step":"HandedIn",
            "given":{"1":{"choice":10,"elapsed_ms":7}},"flagged":[2],"receipt":null}"#;
        // For a while a record held a number of its own.
        for record in [first.to_owned(), first.replacen('{', "{\"version\":1,", 1)] {
            let read = Attempt::read(&record).expect("it is a record");
            assert!(read.is_pending());
            let answer = GivenAnswer { question: 1, choice: Some(10), elapsed_ms: 7 };
            assert_eq!(read.submission(), Submission { answers: vec![answer] });
        }
    }

    #[test]
    fn after_the_receipt_the_device_keeps_neither_quiz_nor_answers_nor_keys() {
        let mut a = attempt();
        a.choose(1, 10);
        a.toggle_flag(2);
        a.hand_in();
        assert_eq!(a.to_keep(), a, "until the server has it, everything");
        let mut view = a.view.clone().expect("view");
        view.receipt = Some(receipt());
        view.released =
            Some(vec![Released { question: 1, key: 10, also: Vec::new(), given: Some(10), explanation: None }]);
        a.take_in(view);
        let kept = a.to_keep();
        assert_eq!((&kept.joined, &kept.receipt, kept.step), (&a.joined, &a.receipt, Step::HandedIn));
        assert!(kept.view.is_none() && kept.given.is_empty() && kept.flagged.is_empty() && kept.handed_in.is_none());
        assert!(a.view.is_some_and(|view| view.released.is_some()), "the page itself still shows them");
    }
}
