//! A real store; submissions of one class that wait for the same transaction.

use app::api::attempts::{Join, Joined, Submission};
use sea_orm::PaginatorTrait;

use super::*;
use crate::for_tests::Room;
use crate::school::NewAssignment;
use crate::store::Store;

struct Class {
    attempts: Attempts,
    assignment: i64,
    store: Store,
    room: Room,
}

impl Class {
    async fn new() -> Self {
        let room = Room::new().await;
        let class = room.school.add_class(room.teacher, "Class", &[]).await.expect("a class");
        let quiz = room.quizzes.import_gift(room.teacher, "Quiz", "1 + 1? {=2 ~3}").await.expect("a quiz").quiz;
        let new = NewAssignment { class, quiz, join_code: "ABC-123", opened_at: 0 };
        let assignment = room.school.assign(&new).await.expect("an assignment");
        Self { attempts: room.attempts.clone(), assignment, store: room.store.clone(), room }
    }

    async fn join(&self, name: &str) -> Joined {
        let join = Join { code: "ABC-123".into(), name: name.into() };
        self.attempts.join(&join).await.expect("joined")
    }

    /// Hands in while a transaction is under way, so that all of them wait for the next one.
    async fn together(&self, all: &[(&Joined, Submission)]) -> Vec<Result<Receipt, AttemptError>> {
        let turn = self.attempts.saving.0.turn.lock().await;
        let submits = all.iter().map(|(joined, submission)| {
            let attempts = self.attempts.clone();
            async move { attempts.submit(&joined.attempt, &joined.token, submission).await }
        });
        let all_wait = async {
            while lock(&self.attempts.saving.0.waiting).len() < all.len() {
                tokio::task::yield_now().await;
            }
            drop(turn);
        };
        futures::future::join(futures::future::join_all(submits), all_wait).await.0
    }

    async fn saved(&self) -> (u64, u64) {
        let answers = answer::Entity::find().count(&self.store.read).await.expect("a count");
        let waiting = self.attempts.outbox.waiting(QUIZ_ANSWERS).await.expect("a count");
        (answers, waiting.records)
    }
}

fn nothing() -> Submission {
    Submission { answers: Vec::new() }
}

#[tokio::test]
async fn one_submission_s_mistake_does_not_touch_the_others_of_its_transaction() {
    let class = Class::new().await;
    let (ada, bob, eve) = (class.join("Ada").await, class.join("Bob").await, class.join("Eve").await);
    let mallory = Joined { attempt: ada.attempt.clone(), token: eve.token.clone() };
    let nonsense = GivenAnswer { question: 999, choice: None, elapsed_ms: 0 };
    let wrong = Submission { answers: vec![nonsense] };
    let outcomes = class.together(&[(&ada, nothing()), (&mallory, nothing()), (&eve, wrong), (&bob, nothing())]).await;
    assert!(outcomes[0].is_ok() && outcomes[3].is_ok(), "{outcomes:?}");
    assert!(matches!(outcomes[1], Err(AttemptError::UnknownAttempt)), "{outcomes:?}");
    assert!(matches!(outcomes[2], Err(AttemptError::Invalid { .. })), "{outcomes:?}");
    assert_eq!(class.saved().await, (2, 2));
}

#[tokio::test]
async fn the_same_submission_twice_in_one_transaction_is_saved_once() {
    let class = Class::new().await;
    let ada = class.join("Ada").await;
    let outcomes = class.together(&[(&ada, nothing()), (&ada, nothing())]).await;
    let receipts: Vec<Receipt> = outcomes.into_iter().map(|outcome| outcome.expect("accepted")).collect();
    assert_eq!(receipts[0], receipts[1]);
    assert_eq!(class.saved().await, (1, 1));
}

#[tokio::test]
async fn more_submissions_than_a_transaction_takes_are_all_saved() {
    let class = Class::new().await;
    let mut joined = Vec::new();
    for n in 0..=MOST {
        joined.push(class.join(&format!("Student {n}")).await);
    }
    let all: Vec<_> = joined.iter().map(|joined| (joined, nothing())).collect();
    assert!(class.together(&all).await.iter().all(Result::is_ok));
    assert_eq!(class.saved().await.0, MOST as u64 + 1);
}

#[tokio::test]
async fn whoever_goes_away_while_waiting_is_saved_all_the_same() {
    let class = Class::new().await;
    let (ada, bob) = (class.join("Ada").await, class.join("Bob").await);
    let turn = class.attempts.saving.0.turn.lock().await;
    let nothing = nothing();
    let mut gone = Box::pin(class.attempts.submit(&ada.attempt, &ada.token, &nothing));
    assert!(futures::poll!(&mut gone).is_pending());
    drop((gone, turn));
    class.attempts.submit(&bob.attempt, &bob.token, &nothing).await.expect("accepted");
    assert_eq!(class.saved().await.0, 2);
}

#[tokio::test]
async fn an_attempt_is_claimed_once_and_several_together_or_not_at_all() {
    let class = Class::new().await;
    let (ada, bob) = (class.join("Ada").await, class.join("Bob").await);
    let receipt = Receipt { accepted_at: 1, answered: 1, questions: 1 };
    let tx = class.store.begin().await.expect("begun");
    assert!(claim(&*tx, &[&ada.attempt], &receipt).await.expect("an answer"));
    assert!(!claim(&*tx, &[&bob.attempt, &ada.attempt], &receipt).await.expect("an answer"), "one of them was");
}

#[tokio::test]
async fn nothing_is_accepted_after_the_close() {
    let class = Class::new().await;
    let ada = class.join("Ada").await;
    class.room.school.close(class.assignment).await.expect("closed");
    let outcome = class.attempts.submit(&ada.attempt, &ada.token, &nothing()).await;
    assert!(matches!(outcome, Err(AttemptError::Closed)), "{outcome:?}");
    assert_eq!(class.saved().await, (0, 0));
}
