//! Brings a GIFT file into the transactional store as a quiz.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait};

use super::catalog::CatalogRecord;
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
        self.announce(&*tx, now, &announced).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(quiz.id)
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
        text: Set(from.text),
        explanation: Set(from.explanation),
        is_void: Set(false),
    };
    let question = question.insert(tx).await?;
    let choices = (1..).zip(from.choices).map(|(number, from)| choice::ActiveModel {
        id: NotSet,
        question_id: Set(question.id),
        number: Set(number),
        text: Set(from.text),
        is_key: Set(from.is_key),
    });
    let choices = choice::Entity::insert_many(choices).exec_with_returning(tx).await?;
    Ok((question, choices))
}
