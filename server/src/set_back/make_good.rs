//! What a store that was set back has lost, written into it once more from what had left it before.
//!
//! Owns the one transaction in which all of that happens: closes, how questions are graded, submissions with their answers
//! and running numbers, and the announcement of everything under higher numbers than any before. A start that breaks off in
//! the middle begins anew. A student's name never leaves the store: where the line of the class list is lost as well, so is
//! the name, and a line without one stands in its place. Does not own the finding of what was lost.

use std::collections::{BTreeMap, BTreeSet};

use app::api::attempts::Receipt;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};

use super::grade_again::grade_again;
use crate::attempts::{Questions, claim, questions_of};
use crate::clock::Clock;
use crate::names;
use crate::outbox::Outbox;
use crate::school::close_at;
use crate::store::tables::{answer, assignment, attempt, student};
use crate::store::{Store, number_on_after};
use crate::warehouse::{Closed, Ruled, RuledVersion, SentAnswer, SentAttempt};

/// No secret has this hash: the device that the attempt was begun on can prove nothing any more.
const NO_TOKEN: &str = "";
/// So much of a pseudonym tells two students whose names are lost from each other.
const SHOWN_OF_KEY: usize = 8;

/// What had left a store that was set back.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// The highest number of each table's rows.
    pub numbers: Vec<(&'static str, i64)>,
    /// Submissions that the store may lack.
    pub attempts: Vec<SentAttempt>,
    /// Assignments that were closed.
    pub closed: Vec<Closed>,
    /// The newest version of each question and choice: how it was graded last.
    pub versions: BTreeMap<Ruled, RuledVersion>,
    /// How many more submissions there are: of assignments that the store does not know.
    pub of_unknown: usize,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct MadeGood {
    /// Submissions that are in the store again.
    pub brought_back: usize,
    /// Those that are not, by reason.
    pub left_out: BTreeMap<NotBroughtBack, usize>,
    /// Assignments that are closed again.
    pub closed: Vec<i64>,
    /// Questions that are graded otherwise than the store knew.
    pub graded: BTreeSet<i64>,
}

/// Why a submission was not brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum NotBroughtBack {
    /// The store has no such assignment, or another one by its number.
    #[error("the transactional store does not know the assignment")]
    OtherAssignment,
    /// It is not one answer to each question of the quiz.
    #[error("a part of it is lost everywhere")]
    InPart,
    /// One of its running numbers was given to another answer.
    #[error("its running numbers were given to other answers")]
    NumberTaken,
}

/// Makes good what the store has lost, and announces everything that it knows.
///
/// # Errors
/// If the transactional store says no; nothing has changed then.
pub(super) async fn make_good(store: &Store, outbox: &Outbox, clock: &Clock, left: &Left) -> Result<MadeGood, DbErr> {
    let mut made = MadeGood::default();
    let tx = store.begin().await?;
    let known = Known::read(&*tx, &left.attempts).await?;
    for closed in left.closed.iter().filter(|closed| known.has(closed.assignment, closed.class, closed.quiz)) {
        if close_at(&*tx, closed.assignment, closed.at).await? {
            made.closed.push(closed.assignment);
        }
    }
    made.graded = grade_again(&*tx, clock.now(), &left.versions).await?;
    for sent in &left.attempts {
        match bring_back(&*tx, &known, sent).await? {
            Ok(is_new) => made.brought_back += usize::from(is_new),
            Err(reason) => *made.left_out.entry(reason).or_default() += 1,
        }
    }
    if left.of_unknown > 0 {
        *made.left_out.entry(NotBroughtBack::OtherAssignment).or_default() += left.of_unknown;
    }
    number_on_after(&*tx, &left.numbers).await?;
    outbox.announce_all(&*tx, clock.now()).await?;
    tx.commit().await?;
    outbox.wake();
    Ok(made)
}

/// What the store still knows.
struct Known {
    /// Class and quiz of each assignment.
    assignments: BTreeMap<i64, (i64, i64)>,
    /// Of the quizzes that lost submissions are of.
    questions: BTreeMap<i64, Questions>,
}

impl Known {
    async fn read<C: ConnectionTrait>(tx: &C, lost: &[SentAttempt]) -> Result<Self, DbErr> {
        let assignments = assignment::Entity::find().all(tx).await?;
        let assignments = assignments.into_iter().map(|a| (a.id, (a.class_id, a.quiz_id))).collect();
        let mut questions = BTreeMap::new();
        // One by one: SQLite takes so many parameters, and there may be more quizzes.
        for quiz in lost.iter().map(|attempt| attempt.quiz).collect::<BTreeSet<_>>() {
            questions.extend(questions_of(tx, std::iter::once(quiz)).await?);
        }
        Ok(Self { assignments, questions })
    }

    /// Whether it is the same assignment, and not another one by its number.
    fn has(&self, assignment: i64, class: i64, quiz: i64) -> bool {
        self.assignments.get(&assignment) == Some(&(class, quiz))
    }
}

/// Writes a submission, unless the store has it. Returns whether it was not there.
///
/// An attempt that is left out for its answers can be handed in no more: the warehouse keeps the first answer to a question,
/// and would grade other answers than the student's receipt says.
async fn bring_back<C: ConnectionTrait>(
    tx: &C,
    known: &Known,
    sent: &SentAttempt,
) -> Result<Result<bool, NotBroughtBack>, DbErr> {
    if !known.has(sent.assignment, sent.class, sent.quiz) {
        return Ok(Err(NotBroughtBack::OtherAssignment));
    }
    let found = attempt::Entity::find_by_id(&sent.id).one(tx).await?;
    if found.as_ref().is_some_and(|attempt| attempt.submitted_at.is_some()) {
        return Ok(Ok(false));
    }
    let questions = known.questions.get(&sent.quiz).map_or(&[][..], Vec::as_slice);
    if let Some(reason) = misfit(tx, sent, questions).await? {
        forget_token(tx, &sent.id).await?;
        return Ok(Err(reason));
    }
    if found.is_none() {
        begin(tx, sent).await?;
    }
    let receipt = Receipt {
        accepted_at: sent.accepted_at,
        answered: sent.answers.iter().filter(|answer| answer.choice.is_some()).count() as i64,
        questions: questions.len() as i64,
    };
    if !claim(tx, &[&sent.id], &receipt).await? {
        // Another process has brought it back.
        return Ok(Ok(false));
    }
    answer::Entity::insert_many(rows_of(sent)).exec_without_returning(tx).await?;
    Ok(Ok(true))
}

async fn misfit<C: ConnectionTrait>(
    tx: &C,
    sent: &SentAttempt,
    questions: &[(i64, BTreeSet<i64>)],
) -> Result<Option<NotBroughtBack>, DbErr> {
    if !is_whole(sent, questions) {
        return Ok(Some(NotBroughtBack::InPart));
    }
    let numbers = sent.answers.iter().map(|answer| answer.accepted_seq);
    let taken = answer::Entity::find().filter(answer::Column::AcceptedSeq.is_in(numbers)).count(tx).await?;
    Ok((taken > 0).then_some(NotBroughtBack::NumberTaken))
}

async fn forget_token<C: ConnectionTrait>(tx: &C, attempt: &str) -> Result<(), DbErr> {
    attempt::Entity::update_many()
        .col_expr(attempt::Column::TokenHash, Expr::value(NO_TOKEN))
        .filter(attempt::Column::Id.eq(attempt))
        .exec(tx)
        .await
        .map(|_| ())
}

/// Whether there is one answer to each question, and each choice is one of its question.
fn is_whole(sent: &SentAttempt, questions: &[(i64, BTreeSet<i64>)]) -> bool {
    let answered: BTreeSet<i64> = sent.answers.iter().map(|answer| answer.question).collect();
    let asked: BTreeSet<i64> = questions.iter().map(|(question, _)| *question).collect();
    let is_choice = |answer: &SentAnswer| {
        answer
            .choice
            .is_none_or(|choice| questions.iter().any(|(q, all)| *q == answer.question && all.contains(&choice)))
    };
    sent.answers.len() == questions.len() && answered == asked && sent.answers.iter().all(is_choice)
}

fn rows_of(sent: &SentAttempt) -> impl Iterator<Item = answer::ActiveModel> {
    sent.answers.iter().map(|answer| answer::ActiveModel {
        accepted_seq: Set(answer.accepted_seq),
        attempt_id: Set(sent.id.clone()),
        assignment_id: Set(sent.assignment),
        question_id: Set(answer.question),
        choice_id: Set(answer.choice),
        elapsed_ms: Set(answer.elapsed_ms),
        accepted_at: Set(sent.accepted_at),
    })
}

/// Writes the attempt anew. Where its number is taken, it has the next one.
async fn begin<C: ConnectionTrait>(tx: &C, sent: &SentAttempt) -> Result<(), DbErr> {
    let student = student_of(tx, sent).await?;
    let numbers: Vec<i64> = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::Number)
        .filter(attempt::Column::AssignmentId.eq(sent.assignment))
        .filter(attempt::Column::StudentId.eq(student))
        .into_tuple()
        .all(tx)
        .await?;
    let next = numbers.iter().max().map_or(1, |highest| highest + 1);
    let row = attempt::ActiveModel {
        id: Set(sent.id.clone()),
        assignment_id: Set(sent.assignment),
        student_id: Set(student),
        number: Set(if numbers.contains(&sent.number) { next } else { sent.number }),
        token_hash: Set(NO_TOKEN.to_owned()),
        started_at: Set(sent.accepted_at),
        submitted_at: Set(None),
        told: Set(None),
    };
    row.insert(tx).await.map(|_| ())
}

/// The student of that pseudonym, with a line on the class list that says that the name is lost if the store has none.
async fn student_of<C: ConnectionTrait>(tx: &C, sent: &SentAttempt) -> Result<i64, DbErr> {
    let keyed = student::Entity::find().filter(student::Column::StudentKey.eq(&sent.student_key)).one(tx).await?;
    if let Some(student) = keyed {
        return Ok(student.id);
    }
    let name = format!("Name lost ({})", sent.student_key.chars().take(SHOWN_OF_KEY).collect::<String>());
    let row = student::ActiveModel {
        id: NotSet,
        class_id: Set(sent.class),
        folded_name: Set(names::fold(&name)),
        name: Set(name),
        student_key: Set(sent.student_key.clone()),
        listed_at: Set(sent.accepted_at),
    };
    Ok(row.insert(tx).await?.id)
}
