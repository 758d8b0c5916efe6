//! Brings a GIFT file into the transactional store as a quiz.
//!
//! Owns which of a question's parts are stored, and that a quiz is there with all of its questions or not at all. A text is
//! stored as it stands in the file, and shown as plain text; its format is not stored before pages can show one. Does not own
//! how a file is read.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait};

use super::gift::{self, NoQuestion, Question, Reading, Refused};
use super::{QuizError, Quizzes};
use crate::outbox::CatalogRecord;
use crate::store::tables::{choice, question, quiz};

/// A quiz that was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its number.
    pub quiz: i64,
    /// What its file holds and the quiz does not.
    pub refused: Vec<Refused>,
}

impl Quizzes {
    /// Imports a quiz for a teacher: all questions that could be taken, in one transaction.
    ///
    /// # Errors
    /// If no question could be taken; the error names each cause and its line.
    pub async fn import_gift(&self, teacher: i64, title: &str, source: &str) -> Result<Imported, QuizError> {
        let Reading { questions, refused } = gift::read(source);
        if questions.is_empty() {
            return Err(NoQuestion(refused).into());
        }
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let quiz = quiz::ActiveModel { id: NotSet, title: Set(title.to_owned()), teacher_id: Set(teacher) };
        let quiz = quiz.insert(&*tx).await?;
        let mut announced = vec![CatalogRecord::quiz(&quiz, now)];
        for (number, question) in (1..).zip(questions) {
            let (question, choices) = write_question(&*tx, quiz.id, number, question).await?;
            announced.push(CatalogRecord::question(&question, now));
            announced.extend(choices.iter().map(|choice| CatalogRecord::choice(choice, now)));
        }
        self.outbox.announce(&*tx, now, &announced).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(Imported { quiz: quiz.id, refused })
    }
}

async fn write_question<C: ConnectionTrait>(
    tx: &C,
    quiz: i64,
    number: i64,
    from: Question,
) -> Result<(question::Model, Vec<choice::Model>), DbErr> {
    let question = question::ActiveModel {
        id: NotSet,
        quiz_id: Set(quiz),
        number: Set(number),
        text: Set(from.text.source),
        explanation: Set(from.explanation.map(|explanation| explanation.source)),
        is_void: Set(false),
        title: Set(from.title),
    };
    let question = question.insert(tx).await?;
    let choices = (1..).zip(from.choices).map(|(number, from)| choice::ActiveModel {
        id: NotSet,
        question_id: Set(question.id),
        number: Set(number),
        text: Set(from.text.source),
        is_key: Set(from.is_key),
        feedback: Set(from.feedback.map(|feedback| feedback.source)),
    });
    let choices = choice::Entity::insert_many(choices).exec_with_returning(tx).await?;
    Ok((question, choices))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::for_tests::Room;

    async fn import(source: &str) -> (Result<Imported, QuizError>, Room) {
        let room = Room::new().await;
        (room.quizzes.import_gift(room.teacher, "Quiz", source).await, room)
    }

    #[tokio::test]
    async fn titles_and_feedback_are_stored_and_refused_questions_are_listed() {
        let source = "Only a text.\n\n::Sum:: 1 + 1 is {=2#yes ~3 ~4#no\n####Count them.}\n\nNext {=x ~y}";
        let (imported, room) = import(source).await;
        let refused = imported.expect("a quiz").refused;
        assert_eq!(refused.iter().map(|refused| refused.line).collect::<Vec<_>>(), [1]);
        let questions = question::Entity::find().all(&room.store.read).await.expect("questions");
        let titles: Vec<_> = questions.iter().map(|row| (row.number, row.title.as_deref())).collect();
        assert_eq!(titles, [(1, Some("Sum")), (2, None)]);
        assert_eq!(questions[0].explanation.as_deref(), Some("Count them."));
        let choices = choice::Entity::find().all(&room.store.read).await.expect("choices");
        let feedback: Vec<_> = choices.iter().map(|row| (row.text.as_str(), row.feedback.as_deref())).collect();
        assert_eq!(feedback, [("2", Some("yes")), ("3", None), ("4", Some("no")), ("x", None), ("y", None)]);
    }

    #[tokio::test]
    async fn a_file_without_a_good_question_is_an_error_that_names_each_cause() {
        let (imported, room) = import("Say {}\n\n\nWhich? {=a ~b").await;
        let said = imported.expect_err("nothing to import").to_string();
        assert!(said.contains("line 1: ") && said.contains("line 4: "), "{said}");
        assert!(quiz::Entity::find().all(&room.store.read).await.expect("quizzes").is_empty());
    }
}
