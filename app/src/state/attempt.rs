//! One student's run at a quiz, as the device keeps it.
//!
//! Owns everything that must outlive a reload: the quiz itself, the answers, the time on each question and the
//! submission until it has been acknowledged; and which of two copies of it counts, because several tabs may show it.
//! Does not own storage or network; a page saves it after each step.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::api::Millis;
use crate::api::attempts::{AttemptView, GivenAnswer, Joined, Receipt, Submission};

/// Where the student is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// At a question, by place.
    Question(usize),
    /// Looking over all answers before handing in.
    Review,
    /// Handed in; the submission is on its way or has arrived.
    HandedIn,
}

/// A question's answer so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The choice, if there is one.
    pub choice: Option<i64>,
    /// Time on the question, in milliseconds.
    pub elapsed_ms: i64,
}

/// All that the device keeps of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What joining gave.
    pub joined: Joined,
    /// When that was, by this device's clock.
    #[serde(default)]
    pub begun_at: Millis,
    /// The quiz, once it has been fetched.
    pub view: Option<AttemptView>,
    /// Where the student is.
    pub step: Step,
    /// By question.
    pub given: BTreeMap<i64, Given>,
    /// Questions to come back to.
    pub flagged: BTreeSet<i64>,
    /// Proof that the server has it.
    pub receipt: Option<Receipt>,
}

impl Attempt {
    /// Just joined.
    #[must_use]
    pub const fn new(joined: Joined, begun_at: Millis) -> Self {
        Self {
            joined,
            begun_at,
            view: None,
            step: Step::Question(0),
            given: BTreeMap::new(),
            flagged: BTreeSet::new(),
            receipt: None,
        }
    }

    /// Takes in what the server says of the attempt. Answers on the device stay.
    pub fn take_in(&mut self, view: AttemptView) {
        if view.receipt.is_some() {
            self.receipt.clone_from(&view.receipt);
            self.step = Step::HandedIn;
        }
        self.view = Some(view);
    }

    /// The question that is on screen, by place.
    #[must_use]
    pub const fn place(&self) -> Option<usize> {
        match self.step {
            Step::Question(place) => Some(place),
            _ => None,
        }
    }

    /// How many questions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.view.as_ref().map_or(0, |view| view.questions.len())
    }

    /// Whether there is no question.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The choice given to a question.
    #[must_use]
    pub fn choice(&self, question: i64) -> Option<i64> {
        self.given.get(&question).and_then(|given| given.choice)
    }

    /// Gives a choice.
    pub fn choose(&mut self, question: i64, choice: i64) {
        if self.step != Step::HandedIn {
            self.given.entry(question).or_default().choice = Some(choice);
        }
    }

    /// Flags a question to come back to, or takes the flag away.
    pub fn toggle_flag(&mut self, question: i64) {
        if !self.flagged.remove(&question) {
            self.flagged.insert(question);
        }
    }

    /// Adds time on the question that is on screen.
    pub fn spend(&mut self, ms: i64) {
        let Some(question) = self.place().and_then(|place| self.view.as_ref()?.questions.get(place)).map(|q| q.id)
        else {
            return;
        };
        self.given.entry(question).or_default().elapsed_ms += ms.max(0);
    }

    /// Goes to a question, by place, or to the review after the last one.
    pub fn go_to(&mut self, place: usize) {
        if self.step != Step::HandedIn {
            self.step = if place < self.len() { Step::Question(place) } else { Step::Review };
        }
    }

    /// One on.
    pub fn next(&mut self) {
        if let Some(place) = self.place() {
            self.go_to(place + 1);
        }
    }

    /// One back; from the review to the last question.
    pub fn back(&mut self) {
        match self.step {
            Step::Question(place) => self.go_to(place.saturating_sub(1)),
            Step::Review => self.go_to(self.len().saturating_sub(1)),
            Step::HandedIn => {}
        }
    }

    /// Questions with a choice.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.given.values().filter(|given| given.choice.is_some()).count()
    }

    /// Hands in. Doing it twice is doing it once.
    pub const fn hand_in(&mut self) {
        self.step = Step::HandedIn;
    }

    /// Handed in, and not acknowledged: to be sent, now and after every reload.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.step == Step::HandedIn && self.receipt.is_none()
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

    /// Whether the page has something to show without asking the server.
    #[must_use]
    pub const fn is_here(&self) -> bool {
        self.view.is_some() || self.receipt.is_some()
    }

    /// Begun and not handed in: the student may go on with it.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.step != Step::HandedIn && self.receipt.is_none()
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

    /// The one request that carries every answer.
    #[must_use]
    pub fn submission(&self) -> Submission {
        let questions = self.view.iter().flat_map(|view| &view.questions);
        let answers = questions
            .filter_map(|q| self.given.get(&q.id).map(|given| (q.id, given)))
            .map(|(question, given)| GivenAnswer { question, choice: given.choice, elapsed_ms: given.elapsed_ms })
            .collect();
        Submission { answers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::attempts::{ChoiceView, QuestionView, Released};

    fn attempt() -> Attempt {
        let choice = |id| ChoiceView { id, text: format!("choice {id}") };
        let question = |id: i64| QuestionView {
            id,
            text: format!("question {id}"),
            choices: vec![choice(id * 10), choice(id * 10 + 1)],
        };
        let mut attempt = Attempt::new(Joined { attempt: "a".into(), token: "t".into() }, 7);
        attempt.take_in(AttemptView {
            attempt: "a".into(),
            quiz_title: "Quiz".into(),
            class_name: "Class".into(),
            questions: vec![question(1), question(2)],
            receipt: None,
            closed_at: None,
            released: None,
        });
        attempt
    }

    /// As the device keeps it once the server has it.
    fn acknowledged(attempt: &Attempt) -> Attempt {
        let receipt = Some(Receipt { accepted_at: 5, answered: 1, questions: 2 });
        Attempt { receipt, step: Step::HandedIn, ..attempt.clone() }.to_keep()
    }

    #[test]
    fn next_leads_through_the_questions_to_the_review_and_back_returns() {
        let mut a = attempt();
        a.back();
        assert_eq!(a.step, Step::Question(0));
        a.next();
        a.next();
        assert_eq!(a.step, Step::Review);
        a.back();
        assert_eq!(a.step, Step::Question(1));
    }

    #[test]
    fn a_submission_carries_choice_and_time_of_each_question_seen() {
        let mut a = attempt();
        a.spend(1_500);
        a.choose(1, 10);
        a.choose(1, 11);
        a.next();
        a.spend(700);
        let answers = a.submission().answers;
        assert_eq!(answers.len(), 2);
        assert_eq!((answers[0].choice, answers[0].elapsed_ms), (Some(11), 1_500));
        assert_eq!((answers[1].choice, answers[1].elapsed_ms), (None, 700));
        assert_eq!(a.answered(), 1);
    }

    #[test]
    fn what_was_handed_in_cannot_change_and_waits_until_it_is_acknowledged() {
        let mut a = attempt();
        a.choose(1, 10);
        a.hand_in();
        let sent = a.submission();
        a.choose(1, 11);
        a.go_to(0);
        a.hand_in();
        assert_eq!(a.submission(), sent);
        assert!(a.is_pending());
        let mut view = a.view.clone().expect("view");
        view.receipt = Some(Receipt { accepted_at: 5, answered: 1, questions: 2 });
        a.take_in(view);
        assert!(!a.is_pending());
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
        let stored = serde_json::to_string(&a).expect("to json");
        let resumed: Attempt = serde_json::from_str(&stored).expect("from json");
        assert_eq!(resumed, a);
        assert!(resumed.is_pending());
    }

    #[test]
    fn after_the_receipt_the_device_keeps_neither_quiz_nor_answers_nor_keys() {
        let mut a = attempt();
        a.choose(1, 10);
        a.toggle_flag(2);
        a.hand_in();
        assert_eq!(a.to_keep(), a, "until the server has it, everything");
        let mut view = a.view.clone().expect("view");
        view.receipt = Some(Receipt { accepted_at: 5, answered: 1, questions: 2 });
        view.released = Some(vec![Released { question: 1, key: 10, given: Some(10), explanation: None }]);
        a.take_in(view);
        let kept = a.to_keep();
        assert_eq!((&kept.joined, &kept.receipt, kept.step), (&a.joined, &a.receipt, Step::HandedIn));
        assert!(kept.view.is_none() && kept.given.is_empty() && kept.flagged.is_empty());
        assert!(a.view.is_some_and(|view| view.released.is_some()), "the page itself still shows them");
    }
}
