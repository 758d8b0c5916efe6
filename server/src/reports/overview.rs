//! All classes that an account sees, each with its assignments and how far its students are.
//!
//! Owns that this takes as many statements for a thousand classes as for one. Does not own what students answered.

use std::collections::BTreeMap;

use app::api::accounts::Role;
use app::api::results::{AssignmentSummary, ClassSummary, Participation};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryResult, Statement};

use super::{ReportError, Reports};
use crate::accounts::User;
use crate::store::Store;
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
        Ok(Overview { store: &self.store, user }.classes().await?)
    }
}

struct Overview<'a> {
    store: &'a Store,
    user: &'a User,
}

impl Overview<'_> {
    async fn classes(&self) -> Result<Vec<ClassSummary>, DbErr> {
        let read = &self.store.read;
        let classes = class::Entity::find().from_raw_sql(self.seen(CLASSES, "ORDER BY class.name"));
        let classes = classes.all(read).await?;
        let assignments = self.seen(ASSIGNMENTS, "ORDER BY assignment.opened_at DESC");
        let mut of_class: BTreeMap<i64, Vec<assignment::Model>> = BTreeMap::new();
        for row in assignment::Entity::find().from_raw_sql(assignments).all(read).await? {
            of_class.entry(row.class_id).or_default().push(row);
        }
        let students = self.numbered(STUDENTS, "GROUP BY class.id", |row| row.try_get_by_index(1)).await?;
        let by_assignment = "GROUP BY assignment.id";
        let known = Known {
            quizzes: self.numbered(QUIZZES, "GROUP BY assignment.id, quiz.title", pair).await?,
            listed: self.numbered(LISTED, by_assignment, |row| row.try_get_by_index(1)).await?,
            begun: self.numbered(BEGUN, by_assignment, pair).await?,
        };
        let summary = |class: class::Model| ClassSummary {
            id: class.id,
            name: class.name,
            students: students.get(&class.id).copied().unwrap_or(0),
            assignments: of_class.remove(&class.id).unwrap_or_default().into_iter().map(|a| known.summary(a)).collect(),
        };
        Ok(classes.into_iter().map(summary).collect())
    }

    /// What the account sees of a table.
    fn seen(&self, select: &str, end: &str) -> Statement {
        let backend = self.store.read.get_database_backend();
        let is_admin = self.user.me.role == Role::Admin;
        Statement::from_sql_and_values(backend, format!("{select}{SEEN}{end}"), [is_admin.into(), self.user.id.into()])
    }

    /// Rows by the number in their first column.
    async fn numbered<V>(
        &self,
        select: &str,
        end: &str,
        value: impl Fn(&QueryResult) -> Result<V, DbErr>,
    ) -> Result<BTreeMap<i64, V>, DbErr> {
        let rows = self.store.read.query_all_raw(self.seen(select, end)).await?;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use app::api::accounts::Me;
    use app::api::attempts::{Join, Submission};

    use super::*;
    use crate::for_tests::Room;
    use crate::school::NewAssignment;

    /// What an account reads of each class: its name, its students, and of each assignment the code and who did what.
    type Read = Vec<(String, i64, Vec<(String, i64, [i64; 3])>)>;

    async fn read(room: &Room, id: i64, role: Role) -> Read {
        let user = User { id, me: Me { name: "T".into(), email: "t@x".into(), role } };
        let classes = Overview { store: &room.store, user: &user }.classes().await.expect("classes");
        let participation = |p: Participation| [p.students, p.working, p.submitted];
        let assignment = |a: AssignmentSummary| (a.join_code, a.questions, participation(a.participation));
        let class =
            |c: ClassSummary| (c.name, c.students, c.assignments.into_iter().map(assignment).collect::<Vec<_>>());
        classes.into_iter().map(class).collect()
    }

    #[tokio::test]
    async fn each_student_counts_once_and_who_came_after_the_close_does_not_belong_to_it() {
        let room = Room::new().await;
        let quiz = room.quizzes.import_gift(room.teacher, "Quiz", "1 + 1? {=2 ~3}\n\n2 + 2? {=4 ~5}").await;
        let quiz = quiz.expect("a quiz").quiz;
        let class = room.school.add_class(room.teacher, "B", &["Ada", "Bob", "Eve"]).await.expect("a class");
        room.school.add_class(room.teacher, "A", &[]).await.expect("an empty class");
        let assign = async |join_code: &'static str, opened_at| {
            let new = NewAssignment { class, quiz, join_code, opened_at };
            room.school.assign(&new).await.expect("an assignment")
        };
        let first = assign("AAA-111", 1).await;
        let join = async |code: &str, name: &str| {
            let join = Join { code: code.to_owned(), name: name.to_owned() };
            room.attempts.join(&join).await.expect("joined")
        };
        let ada = join("AAA-111", "Ada").await;
        let nothing = Submission { answers: Vec::new() };
        room.attempts.submit(&ada.attempt, &ada.token, &nothing).await.expect("submitted");
        join("AAA-111", "Ada").await;
        join("AAA-111", "Bob").await;
        room.school.close(first).await.expect("closed");
        room.hand.fetch_add(1_000, Ordering::Relaxed);
        assign("AAA-222", 2).await;
        join("AAA-222", "Late").await;

        let both = vec![("AAA-222".to_owned(), 2, [4, 1, 0]), ("AAA-111".to_owned(), 2, [3, 1, 1])];
        let all = vec![("A".to_owned(), 0, Vec::new()), ("B".to_owned(), 4, both)];
        assert_eq!(read(&room, room.teacher, Role::Teacher).await, all);
        assert_eq!(read(&room, 999, Role::Admin).await, all, "an admin sees every class");
        assert_eq!(read(&room, 999, Role::Teacher).await, Read::new(), "another teacher sees none");
    }
}
