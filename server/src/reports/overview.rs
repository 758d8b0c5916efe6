//! All classes that an account sees, each with its assignments and how far its students are.
//!
//! Owns that this takes as many statements for a thousand classes as for one. Does not own what students answered.

use std::collections::BTreeMap;

use app::api::accounts::Role;
use app::api::results::{AssignmentSummary, ClassSummary, Participation};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryResult, Statement};

use super::{ReportError, Reports};
use crate::accounts::User;
use crate::store::tables::{assignment, class};

/// Every statement ends with the same condition: an admin sees every class, a teacher the own ones.
const SEEN: &str = " WHERE ($1 OR class.teacher_id = $2) ";

const CLASSES: &str = "SELECT class.* FROM class";
const ASSIGNMENTS: &str = "SELECT assignment.* FROM assignment JOIN class ON class.id = assignment.class_id";
const STUDENTS: &str = "SELECT class.id, COUNT(*) FROM class JOIN student ON student.class_id = class.id";
const QUIZZES: &str = "SELECT assignment.id, quiz.title, COUNT(question.id) FROM assignment \
    JOIN class ON class.id = assignment.class_id JOIN quiz ON quiz.id = assignment.quiz_id \
    LEFT JOIN question ON question.quiz_id = quiz.id";
/// Who was put on the list after the close does not belong to the assignment.
const LISTED: &str = "SELECT assignment.id, COUNT(*) FROM assignment JOIN class ON class.id = assignment.class_id \
    JOIN student ON student.class_id = class.id \
    AND (assignment.closed_at IS NULL OR student.listed_at <= assignment.closed_at)";
/// Each student counts once: as submitted if any attempt was.
const BEGUN: &str = "SELECT assignment.id, COUNT(DISTINCT attempt.student_id), \
    COUNT(DISTINCT CASE WHEN attempt.submitted_at IS NOT NULL THEN attempt.student_id END) FROM assignment \
    JOIN class ON class.id = assignment.class_id JOIN attempt ON attempt.assignment_id = assignment.id";

/// What is known of the assignments, by their numbers.
struct Known {
    /// Title of the quiz, and how many questions it has.
    quizzes: BTreeMap<i64, (String, i64)>,
    /// Students on the class list.
    listed: BTreeMap<i64, i64>,
    /// Students who have begun, and those of them who have submitted.
    begun: BTreeMap<i64, (i64, i64)>,
}

impl Reports {
    pub(super) async fn classes_of(&self, user: &User) -> Result<Vec<ClassSummary>, ReportError> {
        let read = &self.store.read;
        let classes = class::Entity::find().from_raw_sql(self.seen_by(user, CLASSES, "ORDER BY class.name"));
        let classes = classes.all(read).await?;
        let assignments = self.seen_by(user, ASSIGNMENTS, "ORDER BY assignment.opened_at DESC");
        let mut of_class: BTreeMap<i64, Vec<assignment::Model>> = BTreeMap::new();
        for row in assignment::Entity::find().from_raw_sql(assignments).all(read).await? {
            of_class.entry(row.class_id).or_default().push(row);
        }
        let students = self.numbered(user, STUDENTS, "GROUP BY class.id", |row| row.try_get_by_index(1)).await?;
        let by_assignment = "GROUP BY assignment.id";
        let known = Known {
            quizzes: self.numbered(user, QUIZZES, "GROUP BY assignment.id, quiz.title", pair).await?,
            listed: self.numbered(user, LISTED, by_assignment, |row| row.try_get_by_index(1)).await?,
            begun: self.numbered(user, BEGUN, by_assignment, pair).await?,
        };
        let summary = |class: class::Model| ClassSummary {
            id: class.id,
            name: class.name,
            students: students.get(&class.id).copied().unwrap_or(0),
            assignments: of_class.remove(&class.id).unwrap_or_default().into_iter().map(|a| known.summary(a)).collect(),
        };
        Ok(classes.into_iter().map(summary).collect())
    }

    fn seen_by(&self, user: &User, select: &str, end: &str) -> Statement {
        let backend = self.store.read.get_database_backend();
        let is_admin = user.me.role == Role::Admin;
        Statement::from_sql_and_values(backend, format!("{select}{SEEN}{end}"), [is_admin.into(), user.id.into()])
    }

    /// Rows by the number in their first column.
    async fn numbered<V>(
        &self,
        user: &User,
        select: &str,
        end: &str,
        value: impl Fn(&QueryResult) -> Result<V, DbErr>,
    ) -> Result<BTreeMap<i64, V>, DbErr> {
        let rows = self.store.read.query_all_raw(self.seen_by(user, select, end)).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, value(row)?))).collect()
    }
}

/// The second and the third column.
fn pair<A: sea_orm::TryGetable, B: sea_orm::TryGetable>(row: &QueryResult) -> Result<(A, B), DbErr> {
    Ok((row.try_get_by_index(1)?, row.try_get_by_index(2)?))
}

impl Known {
    fn summary(&self, row: assignment::Model) -> AssignmentSummary {
        let (quiz_title, questions) = self.quizzes.get(&row.id).cloned().unwrap_or_default();
        let (begun, submitted) = self.begun.get(&row.id).copied().unwrap_or_default();
        let students = self.listed.get(&row.id).copied().unwrap_or(0);
        AssignmentSummary {
            id: row.id,
            quiz_title,
            questions,
            join_code: row.join_code,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            participation: Participation { students, working: begun - submitted, submitted },
        }
    }
}
