//! One student's run at a quiz, as the device keeps it.
//!
//! Owns everything that must outlive a reload: the quiz itself, the answers, the time on each question and the
//! submission until it has been acknowledged. Does not own how it is written and which of two copies of it counts
//! (`kept`), nor storage or network; a page saves it after each step.

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

/// All that the device keeps of an attempt. Whatever is added here needs a default: records without it lie on devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What joining gave.
    pub joined: Joined,
    /// When that was, in server time; 0 where it is not known.
    #[serde(default)]
    pub begun_at: Millis,
    /// What the student has written for a name, so that the next one on this device sees whose quiz it is.
    #[serde(default)]
    pub name: String,
    /// The quiz, once it has been fetched.
    #[serde(default)]
    pub view: Option<AttemptView>,
    /// Where the student is.
    pub step: Step,
    /// By question.
    #[serde(default)]
    pub given: BTreeMap<i64, Given>,
    /// Questions to come back to.
    #[serde(default)]
    pub flagged: BTreeSet<i64>,
    /// What is sent, from the moment that it was handed in. It stands beside the quiz, so that it can be sent where the
    /// quiz cannot be read any more.
    #[serde(default)]
    pub handed_in: Option<Submission>,
    /// Proof that the server has it.
    #[serde(default)]
    pub receipt: Option<Receipt>,
}

/// A file that a student keeps: the attempt in words, and as it is sent.
#[derive(Serialize)]
struct File<'a> {
    quiz: Option<&'a str>,
    class: Option<&'a str>,
    name: &'a str,
    attempt: &'a str,
    saved: &'a str,
    answers: Vec<(&'a str, Option<&'a str>)>,
    submission: Submission,
}

impl Attempt {
    /// Just joined.
    #[must_use]
    pub const fn new(joined: Joined, begun_at: Millis) -> Self {
        Self {
            joined,
            begun_at,
            name: String::new(),
            view: None,
            step: Step::Question(0),
            given: BTreeMap::new(),
            flagged: BTreeSet::new(),
            handed_in: None,
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
    pub fn hand_in(&mut self) {
        self.handed_in = Some(self.submission());
        self.step = Step::HandedIn;
    }

    /// Handed in, and not acknowledged: to be sent, now and after every reload.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.step == Step::HandedIn && self.receipt.is_none()
    }

    /// The server has it, and the right answers are not there yet.
    #[must_use]
    pub fn awaits_release(&self) -> bool {
        self.receipt.is_some() && self.view.as_ref().is_none_or(|view| view.released.is_none())
    }

    /// Whose quiz it is, and which: for a device that goes from hand to hand.
    #[must_use]
    pub fn says_whose(&self) -> String {
        let title = self.view.as_ref().map(|view| view.quiz_title.as_str()).filter(|title| !title.is_empty());
        let parts = title.into_iter().chain(Some(self.name.as_str()).filter(|name| !name.is_empty()));
        parts.collect::<Vec<_>>().join(", ")
    }

    /// What a student keeps of it as a file: it says whose it is and what was answered, in words. `saved` says when.
    #[must_use]
    pub fn as_file(&self, saved: &str) -> String {
        let questions = self.view.iter().flat_map(|view| &view.questions);
        let answers = questions.map(|question| {
            let given = self.choice(question.id);
            let choice = question.choices.iter().find(|choice| Some(choice.id) == given);
            (question.text.as_str(), choice.map(|choice| choice.text.as_str()))
        });
        let file = File {
            quiz: self.view.as_ref().map(|view| view.quiz_title.as_str()),
            class: self.view.as_ref().map(|view| view.class_name.as_str()),
            name: &self.name,
            attempt: &self.joined.attempt,
            saved,
            answers: answers.collect(),
            submission: self.submission(),
        };
        serde_json::to_string_pretty(&file).unwrap_or_default()
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

    /// The one request that carries every answer, as it was handed in, or as it would be now.
    #[must_use]
    pub fn submission(&self) -> Submission {
        if let Some(handed_in) = &self.handed_in {
            return handed_in.clone();
        }
        let answer = |(question, given): (&i64, &Given)| GivenAnswer {
            question: *question,
            choice: given.choice,
            elapsed_ms: given.elapsed_ms,
        };
        Submission { answers: self.given.iter().map(answer).collect() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::api::attempts::{ChoiceView, QuestionView};

    pub(crate) fn attempt() -> Attempt {
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

    pub(crate) const fn receipt() -> Receipt {
        Receipt { accepted_at: 5, answered: 1, questions: 2 }
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
    fn a_file_says_whose_it_is_and_what_was_answered() {
        let mut a = Attempt { name: "Mia Chen".into(), ..attempt() };
        a.choose(1, 11);
        a.hand_in();
        let file = a.as_file("2026-01-31 10:41:07");
        for says in
            ["Quiz", "Class", "Mia Chen", "2026-01-31 10:41:07", "question 1", "choice 11", "question 2", "null"]
        {
            assert!(file.contains(says), "{says}: {file}");
        }
        assert!(!file.contains("token"), "the secret stays on the device");
        assert_eq!(a.says_whose(), "Quiz, Mia Chen");
    }

    #[test]
    fn the_right_answers_are_waited_for_until_they_are_there() {
        let mut a = attempt();
        assert!(!a.awaits_release(), "not handed in");
        a.receipt = Some(receipt());
        assert!(a.awaits_release());
        a.view = a.view.map(|view| AttemptView { released: Some(vec![]), ..view });
        assert!(!a.awaits_release());
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
        view.receipt = Some(receipt());
        a.take_in(view);
        assert!(!a.is_pending());
    }
}
