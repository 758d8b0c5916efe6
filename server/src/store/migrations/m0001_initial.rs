//! Accounts, classes, quizzes, assignments, attempts, answers and the outbox.
//!
//! Owns the first version of these tables.

use sea_orm::DbErr;
use sea_orm::sea_query::{
    ForeignKey, ForeignKeyCreateStatement, Index, IndexCreateStatement, Table, TableCreateStatement,
};
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, string, string_null, string_uniq, text, text_null,
};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in people().into_iter().chain(quizzes()).chain(attempts()) {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn people() -> [TableCreateStatement; 4] {
    [
        create("account")
            .col(big_pk_auto("id"))
            .col(string_uniq("email"))
            .col(string("name"))
            .col(string("role"))
            .col(string("password_hash"))
            .take(),
        create("session")
            .col(string("token_hash").primary_key())
            .col(big_integer("account_id"))
            .col(big_integer("expires_at"))
            .foreign_key(&mut refers("session", "account_id", "account"))
            .take(),
        create("class")
            .col(big_pk_auto("id"))
            .col(string("name"))
            .col(big_integer("teacher_id"))
            .foreign_key(&mut refers("class", "teacher_id", "account"))
            .take(),
        create("student")
            .col(big_pk_auto("id"))
            .col(big_integer("class_id"))
            .col(string("name"))
            .col(string("folded_name"))
            .col(string_uniq("student_key"))
            .foreign_key(&mut refers("student", "class_id", "class"))
            .take(),
    ]
}

fn quizzes() -> [TableCreateStatement; 4] {
    [
        create("quiz")
            .col(big_pk_auto("id"))
            .col(string("title"))
            .col(big_integer("teacher_id"))
            .foreign_key(&mut refers("quiz", "teacher_id", "account"))
            .take(),
        create("question")
            .col(big_pk_auto("id"))
            .col(big_integer("quiz_id"))
            .col(big_integer("number"))
            .col(text("text"))
            .col(text_null("explanation"))
            .foreign_key(&mut refers("question", "quiz_id", "quiz"))
            .take(),
        create("choice")
            .col(big_pk_auto("id"))
            .col(big_integer("question_id"))
            .col(big_integer("number"))
            .col(text("text"))
            .col(boolean("is_key"))
            .foreign_key(&mut refers("choice", "question_id", "question"))
            .take(),
        create("assignment")
            .col(big_pk_auto("id"))
            .col(big_integer("class_id"))
            .col(big_integer("quiz_id"))
            .col(string_uniq("join_code"))
            .col(big_integer("opened_at"))
            .col(big_integer_null("closed_at"))
            .col(string("release"))
            .foreign_key(&mut refers("assignment", "class_id", "class"))
            .foreign_key(&mut refers("assignment", "quiz_id", "quiz"))
            .take(),
    ]
}

fn attempts() -> [TableCreateStatement; 3] {
    [
        create("attempt")
            .col(string("id").primary_key())
            .col(big_integer("assignment_id"))
            .col(big_integer("student_id"))
            .col(big_integer("number"))
            .col(string("token_hash"))
            .col(big_integer("started_at"))
            .col(big_integer_null("submitted_at"))
            .col(string_null("told"))
            .foreign_key(&mut refers("attempt", "assignment_id", "assignment"))
            .foreign_key(&mut refers("attempt", "student_id", "student"))
            .take(),
        create("answer")
            .col(big_integer("accepted_seq").primary_key())
            .col(string("attempt_id"))
            .col(big_integer("assignment_id"))
            .col(big_integer("question_id"))
            .col(big_integer_null("choice_id"))
            .col(big_integer("elapsed_ms"))
            .col(big_integer("accepted_at"))
            .foreign_key(&mut refers("answer", "attempt_id", "attempt"))
            .take(),
        create("outbox")
            .col(big_pk_auto("accepted_seq"))
            .col(string("stream"))
            .col(text("payload"))
            .col(big_integer("accepted_at"))
            .take(),
    ]
}

fn indexes() -> [IndexCreateStatement; 8] {
    [
        index("student", &["class_id", "folded_name"]).unique().take(),
        index("question", &["quiz_id", "number"]).unique().take(),
        index("choice", &["question_id", "number"]).unique().take(),
        index("assignment", &["class_id"]).take(),
        index("attempt", &["assignment_id", "student_id", "number"]).unique().take(),
        index("attempt", &["student_id"]).take(),
        index("answer", &["attempt_id", "question_id"]).unique().take(),
        // Everything that measuring freshness reads, so that it reads nothing else.
        index("answer", &["assignment_id", "attempt_id", "accepted_seq", "accepted_at"]).take(),
    ]
}

fn create(table: &'static str) -> TableCreateStatement {
    Table::create().table(table).take()
}

fn refers(table: &'static str, column: &'static str, target: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(target, "id").take()
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("{table}_{}", columns.join("_"))).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}
