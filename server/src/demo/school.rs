//! The demo school: an admin, a teacher, two classes, three quizzes, one closed assignment with results and one that
//! is open. Everything goes through the rooms' own doors, the GIFT importer among them.

use app::api::Millis;
use app::api::accounts::{Me, Role};
use app::api::attempts::{GivenAnswer, Join, Submission};

use super::names::{YEAR_7, YEAR_8};
use crate::accounts::{AccountError, Accounts};
use crate::clock::Clock;
use crate::quiz::{NewAssignment, Quiz, QuizError};
use crate::serve::StartError;

/// The quizzes as they are imported: title and GIFT source.
pub const QUIZZES: [(&str, &str); 3] = [
    ("Photosynthesis check", include_str!("quizzes/photosynthesis.gift")),
    ("Fractions warm-up", include_str!("quizzes/fractions.gift")),
    ("Rivers and the water cycle", include_str!("quizzes/rivers.gift")),
];

/// Join code of the open assignment.
pub const OPEN_CODE: &str = "KLM-482";
const CLOSED_CODE: &str = "RIV-305";

/// Printed when the server starts with its demo school.
pub const WELCOME: &str = "\
Demo school:
  admin    admin@demo.school    pipeline-2026
  teacher  teacher@demo.school  freshmark-2026
  students join at /join with the code KLM-482
Watch a class answer: make demo, or freshmark demo --students 30
";

const MINUTE: Millis = 60_000;

/// Fills an empty data folder.
pub(crate) async fn fill(accounts: &Accounts, quiz: &Quiz, clock: &Clock) -> Result<(), StartError> {
    add_account(accounts, "Robin Hale", "admin@demo.school", Role::Admin, "pipeline-2026").await?;
    let teacher = add_account(accounts, "Sam Carter", "teacher@demo.school", Role::Teacher, "freshmark-2026").await?;
    let science = quiz.add_class(teacher, "Year 8 · Science B", &YEAR_8).await?;
    let maths = quiz.add_class(teacher, "Year 7 · Maths A", &YEAR_7).await?;
    let mut quizzes = Vec::with_capacity(QUIZZES.len());
    for (title, source) in QUIZZES {
        quizzes.push(quiz.import_gift(teacher, title, source).await?);
    }
    let now = clock.now();
    let [photosynthesis, _, rivers] = quizzes[..] else { return Ok(()) };
    let closed = NewAssignment { class: science, quiz: rivers, join_code: CLOSED_CODE, opened_at: now - 45 * MINUTE };
    let closed = quiz.assign(&closed).await?;
    answer_all(quiz).await?;
    quiz.close(closed).await?;
    let open = NewAssignment { class: science, quiz: photosynthesis, join_code: OPEN_CODE, opened_at: now };
    quiz.assign(&open).await?;
    tracing::info!(maths, science, "the demo school is ready");
    Ok(())
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
async fn answer_all(quiz: &Quiz) -> Result<(), QuizError> {
    for (student, name) in YEAR_8.iter().enumerate().take(YEAR_8.len() - 3) {
        let joined = quiz.join(&Join { code: CLOSED_CODE.to_owned(), name: (*name).to_owned() }).await?;
        let view = quiz.view(&joined.attempt, &joined.token).await?;
        let answers = view
            .questions
            .iter()
            .enumerate()
            .map(|(number, question)| {
                let text = &question.text;
                let choice =
                    super::class::pick(text, question.choices.iter().map(|c| c.text.as_str()), student, number);
                GivenAnswer {
                    question: question.id,
                    choice: choice.and_then(|place| question.choices.get(place)).map(|choice| choice.id),
                    elapsed_ms: 14_000 + ((student * 7 + number * 13) % 40) as i64 * 1_000,
                }
            })
            .collect();
        quiz.submit(&joined.attempt, &joined.token, &Submission { answers }).await?;
    }
    Ok(())
}
