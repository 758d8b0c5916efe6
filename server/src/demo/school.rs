//! The demo school: an admin, a teacher, two classes, three quizzes, one closed assignment with results, and one quiz
//! that is open to both classes. Everything goes through the rooms' own doors, the GIFT importer among them.
//!
//! Owns that it is there whole or goes on being made: each step is left out if it has been done, and the admin, without
//! whom nobody runs the school, is the last.

use std::path::Path;

use app::api::Millis;
use app::api::accounts::{Me, Role};
use app::api::attempts::{GivenAnswer, Join, Submission};

use super::names::{YEAR_7, YEAR_8};
use super::quizzes::{QUIZZES, pick};
use crate::accounts::{AccountError, Accounts};
use crate::attempts::{AttemptError, Attempts};
use crate::clock::Clock;
use crate::live::Live;
use crate::quizzes::QuizError;
use crate::school::{NewAssignment, School, SchoolError};
use crate::store::Store;
use crate::teaching::Teaching;

/// Join code of the open assignment.
pub const OPEN_CODE: &str = "KLM-482";
/// Join code of the same quiz in the other class.
const OTHER_CODE: &str = "PHO-117";
const CLOSED_CODE: &str = "RIV-305";

/// Address of the teacher.
pub const TEACHER: &str = "teacher@demo.school";
/// No secret; it is in the documentation.
pub const TEACHER_PASSWORD: &str = "freshmark-2026";
const ADMIN: &str = "admin@demo.school";
const ADMIN_PASSWORD: &str = "pipeline-2026";

/// Printed when the server starts with its demo school.
pub const WELCOME: &str = "\
Demo school:
  admin    admin@demo.school    pipeline-2026
  teacher  teacher@demo.school  freshmark-2026
  students join at /join with the code KLM-482
Watch a class answer: make demo, or freshmark demo --students 30
";

const MINUTE: Millis = 60_000;

/// Why there is no demo school, or it is not known whether there is one.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Accounts cannot be read or made.
    #[error(transparent)]
    Accounts(#[from] AccountError),
    /// Classes and assignments cannot be read or made.
    #[error(transparent)]
    School(#[from] SchoolError),
    /// Quizzes cannot be read or made.
    #[error(transparent)]
    Quiz(#[from] QuizError),
    /// The closed quiz cannot be taken.
    #[error(transparent)]
    Attempt(#[from] AttemptError),
    /// The transactional store cannot be opened or closed.
    #[error("the transactional store answered: {0}")]
    Store(#[from] sea_orm::DbErr),
}

/// Fills an empty data folder, or goes on where an earlier start was interrupted.
pub(crate) async fn fill(accounts: &Accounts, rooms: &Teaching, clock: &Clock) -> Result<(), DemoError> {
    let teacher = match accounts.find(TEACHER).await? {
        Some(teacher) => teacher,
        None => add_account(accounts, "Sam Carter", TEACHER, Role::Teacher, TEACHER_PASSWORD).await?,
    };
    let Teaching { school, quizzes, attempts, .. } = rooms;
    let science = class(school, teacher, "Year 8 · Science B", &YEAR_8).await?;
    let other = class(school, teacher, "Year 7 · Science A", &YEAR_7).await?;
    let mut given = Vec::with_capacity(QUIZZES.len());
    for (title, source) in QUIZZES {
        given.push(match quizzes.find(teacher, title).await? {
            Some(quiz) => quiz,
            None => {
                let imported = quizzes.import_gift(teacher, title, source).await?;
                debug_assert!(imported.refused.is_empty(), "{title}: {:?}", imported.refused);
                imported.quiz
            }
        });
    }
    let now = clock.now();
    let [photosynthesis, _, rivers] = given[..] else { return Ok(()) };
    let closed = NewAssignment { class: science, quiz: rivers, join_code: CLOSED_CODE, opened_at: now - 45 * MINUTE };
    let closed = assignment(school, &closed).await?;
    answer_all(attempts, science, closed).await?;
    school.close(closed).await?;
    let open = NewAssignment { class: science, quiz: photosynthesis, join_code: OPEN_CODE, opened_at: now };
    assignment(school, &open).await?;
    let in_other = NewAssignment { class: other, quiz: photosynthesis, join_code: OTHER_CODE, opened_at: now };
    assignment(school, &in_other).await?;
    add_account(accounts, "Robin Hale", ADMIN, Role::Admin, ADMIN_PASSWORD).await?;
    tracing::info!(other, science, "the demo school is ready");
    Ok(())
}

/// Whether the transactional store at `path` holds the demo school, as [`WELCOME`] describes it.
///
/// # Errors
/// If it does not answer.
pub async fn is_in(path: &Path) -> Result<bool, DemoError> {
    let store = Store::open(path).await?;
    let clock = Clock::system();
    let accounts = Accounts::new(store.clone(), clock.clone());
    let people = (accounts.find(ADMIN).await?, accounts.find(TEACHER).await?);
    let open = Teaching::on(&store, &Live::default(), &clock).school.find_assignment(OPEN_CODE).await?;
    store.close().await?;
    Ok(matches!((people, open), ((Some(_), Some(_)), Some(_))))
}

async fn class(school: &School, teacher: i64, name: &str, students: &[&str]) -> Result<i64, SchoolError> {
    match school.find_class(teacher, name).await? {
        Some(class) => Ok(class),
        None => school.add_class(teacher, name, students).await,
    }
}

async fn assignment(school: &School, new: &NewAssignment<'_>) -> Result<i64, SchoolError> {
    match school.find_assignment(new.join_code).await? {
        Some(assignment) => Ok(assignment),
        None => school.assign(new).await,
    }
}

async fn add_account(
    accounts: &Accounts,
    name: &str,
    email: &str,
    role: Role,
    password: &str,
) -> Result<i64, AccountError> {
    let me = Me { name: name.to_owned(), email: email.to_owned(), role };
    accounts.add(&me, password).await
}

/// All but three students of the class take the closed quiz.
async fn answer_all(attempts: &Attempts, class: i64, assignment: i64) -> Result<(), AttemptError> {
    for (student, name) in YEAR_8.iter().enumerate().take(YEAR_8.len() - 3) {
        if attempts.has_submitted(assignment, class, name).await? {
            continue;
        }
        let joined = attempts.join(&Join { code: CLOSED_CODE.to_owned(), name: (*name).to_owned() }).await?;
        let view = attempts.view(&joined.attempt, &joined.token).await?;
        let answers = view
            .questions
            .iter()
            .enumerate()
            .map(|(number, question)| {
                let text = &question.text;
                let choice = pick(text, question.choices.iter().map(|c| c.text.as_str()), student, number);
                GivenAnswer {
                    question: question.id,
                    choice: choice.and_then(|place| question.choices.get(place)).map(|choice| choice.id),
                    elapsed_ms: 14_000 + ((student * 7 + number * 13) % 40) as i64 * 1_000,
                }
            })
            .collect();
        attempts.submit(&joined.attempt, &joined.token, &Submission { answers }).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures::future::poll_fn;
    use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

    use super::*;
    use crate::store::tables;

    async fn open(path: &Path) -> (Store, Accounts, Teaching, Clock) {
        let store = Store::open(path).await.expect("a store");
        let clock = Clock::manual(1_700_000_000_000).0;
        let accounts = Accounts::new(store.clone(), clock.clone());
        (store.clone(), accounts, Teaching::on(&store, &Live::default(), &clock), clock)
    }

    /// Starts to fill, and is cut off at the moment it would be looked at for the so manyth time. True if it was done
    /// before.
    async fn fill_until(path: &Path, looks: usize) -> bool {
        let (_store, accounts, rooms, clock) = open(path).await;
        let mut filling = Box::pin(fill(&accounts, &rooms, &clock));
        let mut left = looks;
        poll_fn(move |context| {
            if left == 0 {
                return Poll::Ready(false);
            }
            left -= 1;
            filling.as_mut().poll(context).map(|filled| filled.is_ok())
        })
        .await
    }

    #[tokio::test]
    async fn a_school_that_was_half_made_is_whole_after_the_next_start() {
        let (mut looks, mut cuts) = (0, 0);
        loop {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("freshmark.db");
            let done = fill_until(&path, looks).await;
            let (store, accounts, rooms, clock) = open(&path).await;
            assert_eq!(accounts.is_empty().await.expect("an answer"), !done, "a half-made one goes on, after {looks}");
            if !done {
                assert!(!is_in(&path).await.expect("an answer"), "a half-made one is not announced, after {looks}");
                fill(&accounts, &rooms, &clock).await.expect("filled");
            }
            assert!(is_in(&path).await.expect("an answer") && !accounts.is_empty().await.expect("an answer"));
            let handed_in = tables::attempt::Entity::find().filter(tables::attempt::Column::SubmittedAt.is_not_null());
            let counts = (
                tables::account::Entity::find().count(&store.read).await.expect("accounts"),
                tables::class::Entity::find().count(&store.read).await.expect("classes"),
                tables::student::Entity::find().count(&store.read).await.expect("students"),
                tables::quiz::Entity::find().count(&store.read).await.expect("quizzes"),
                tables::assignment::Entity::find().count(&store.read).await.expect("assignments"),
                handed_in.count(&store.read).await.expect("attempts"),
                tables::answer::Entity::find().count(&store.read).await.expect("answers"),
            );
            assert_eq!(counts, (2, 2, 55, 3, 3, 28, 168), "after {looks}");
            if done {
                break;
            }
            cuts += 1;
            looks += 1 + looks / 2;
        }
        assert!(cuts > 10, "it was cut off {cuts} times");
    }

    #[test]
    fn the_welcome_says_what_is_there() {
        for said in [ADMIN, ADMIN_PASSWORD, TEACHER, TEACHER_PASSWORD, OPEN_CODE] {
            assert!(WELCOME.contains(said), "{said}");
        }
    }
}
