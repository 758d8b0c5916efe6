//! Brings a GIFT file into the transactional store as a quiz.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, TransactionTrait};

use super::gift::{self, Question};
use super::{Quiz, QuizError};
use crate::store::tables::{choice, question, quiz};

impl Quiz {
    /// Imports a quiz for a teacher and returns its number. All of it, or nothing.
    ///
    /// # Errors
    /// If the source is no GIFT that Freshmark can take; the error names the line.
    pub async fn import_gift(&self, teacher: i64, title: &str, source: &str) -> Result<i64, QuizError> {
        let questions = gift::parse(source)?;
        let tx = self.store.write.begin().await?;
        let quiz = quiz::ActiveModel { id: NotSet, title: Set(title.to_owned()), teacher_id: Set(teacher) };
        let quiz = quiz.insert(&tx).await?.id;
        for (number, question) in (1..).zip(questions) {
            write_question(&tx, quiz, number, question).await?;
        }
        tx.commit().await?;
        Ok(quiz)
    }
}

async fn write_question<C: ConnectionTrait>(tx: &C, quiz: i64, number: i64, from: Question) -> Result<(), DbErr> {
    let question = question::ActiveModel {
        id: NotSet,
        quiz_id: Set(quiz),
        number: Set(number),
        text: Set(from.text),
        explanation: Set(from.explanation),
    };
    let question = question.insert(tx).await?.id;
    let choices = (1..).zip(from.choices).map(|(number, from)| choice::ActiveModel {
        id: NotSet,
        question_id: Set(question),
        number: Set(number),
        text: Set(from.text),
        is_key: Set(from.is_key),
    });
    choice::Entity::insert_many(choices).exec_without_returning(tx).await.map(|_| ())
}
