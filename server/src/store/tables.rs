//! The rows of the transactional store. Times are [`app::api::Millis`]; ids are the database's own running numbers
//! unless they are text, and then they are UUIDs.
//!
//! Owns the rows as programs see them. Does not own the tables themselves: the migrations do.

macro_rules! table {
    ($(#[$doc:meta])* $module:ident, $name:literal { $($(#[$field_attr:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        pub mod $module {
            use sea_orm::entity::prelude::{
                ActiveModelBehavior, DeriveEntityModel, DeriveRelation, DerivePrimaryKey, EntityTrait, EnumIter,
                PrimaryKeyTrait,
            };

            #[expect(missing_docs, reason = "the row is documented on its module, the derive adds public items")]
            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $name)]
            pub struct Model { $($(#[$field_attr])* pub $field: $type,)* }

            #[expect(missing_docs, reason = "no relation is used through the ORM")]
            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

table! {
    /// A member of staff. `role` is `admin` or `teacher`; `password_hash` is Argon2id in PHC form.
    account, "account" {
        #[sea_orm(primary_key)]
        id: i64,
        email: String,
        name: String,
        role: String,
        password_hash: String,
    }
}

table! {
    /// A signed-in browser. `token_hash` is the SHA-256 of the cookie's secret, in base64url. `seen_at` is when it asked for
    /// something last, to within some minutes.
    session, "session" {
        #[sea_orm(primary_key, auto_increment = false)]
        token_hash: String,
        account_id: i64,
        expires_at: i64,
        seen_at: i64,
    }
}

table! {
    /// A class and who teaches it.
    class, "class" {
        #[sea_orm(primary_key)]
        id: i64,
        name: String,
        teacher_id: i64,
    }
}

table! {
    /// A line of a class list. `name` never leaves this table; the pipeline knows `student_key` only.
    /// `folded_name` is the name as it is compared when somebody joins. `listed_at`: since when it has been there; 0 where
    /// that was not noted.
    student, "student" {
        #[sea_orm(primary_key)]
        id: i64,
        class_id: i64,
        name: String,
        folded_name: String,
        student_key: String,
        listed_at: i64,
    }
}

table! {
    /// A quiz.
    quiz, "quiz" {
        #[sea_orm(primary_key)]
        id: i64,
        title: String,
        teacher_id: i64,
    }
}

table! {
    /// A question; `number` is 1, 2, 3 … in quiz order. Its key is the choice that says so. `is_void`: a teacher has ruled
    /// that it counts for nothing. `title` is for the teacher, where the quiz's file had one.
    question, "question" {
        #[sea_orm(primary_key)]
        id: i64,
        quiz_id: i64,
        number: i64,
        text: String,
        explanation: Option<String>,
        is_void: bool,
        title: Option<String>,
    }
}

table! {
    /// A choice; `number` is 1, 2, 3 … in the order shown. One of a question's choices is its key; a ruling may make more of
    /// them right. `feedback` is said to whoever picked it, and tells as much as a key.
    choice, "choice" {
        #[sea_orm(primary_key)]
        id: i64,
        question_id: i64,
        number: i64,
        text: String,
        is_key: bool,
        feedback: Option<String>,
    }
}

table! {
    /// What was ruled on a question: `key_id` is its key, and the choices of `also` are right, too; or it is void (none).
    /// `key_before`, `also_before` and `was_void` are what undoing brings back; `average_before` and `average_after` are the
    /// class average of the assignment that it was made on, 0 to 1. A row is never taken away.
    ruling, "ruling" {
        #[sea_orm(primary_key)]
        id: i64,
        question_id: i64,
        assignment_id: i64,
        key_id: Option<i64>,
        key_before: Option<i64>,
        also: String,
        also_before: String,
        was_void: bool,
        account_id: i64,
        made_at: i64,
        average_before: Option<f64>,
        average_after: Option<f64>,
        undone_by: Option<i64>,
        undone_at: Option<i64>,
    }
}

table! {
    /// A quiz given to a class. `release` is when students may see keys: `after_close` or `never`.
    assignment, "assignment" {
        #[sea_orm(primary_key)]
        id: i64,
        class_id: i64,
        quiz_id: i64,
        join_code: String,
        opened_at: i64,
        closed_at: Option<i64>,
        release: String,
    }
}

table! {
    /// One student's run at an assignment; `number` is 1 for the student's first. `token_hash` as in `session`.
    /// `told` is what the student was told at submission, as JSON.
    attempt, "attempt" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: String,
        assignment_id: i64,
        student_id: i64,
        number: i64,
        token_hash: String,
        started_at: i64,
        submitted_at: Option<i64>,
        told: Option<String>,
    }
}

table! {
    /// One question of one submitted attempt. `accepted_seq` is the store's own running number over all records.
    answer, "answer" {
        #[sea_orm(primary_key, auto_increment = false)]
        accepted_seq: i64,
        attempt_id: String,
        assignment_id: i64,
        question_id: i64,
        choice_id: Option<i64>,
        elapsed_ms: i64,
        accepted_at: i64,
    }
}

table! {
    /// A record that the gateway has not acknowledged yet. Numbers are never used twice, even after a row has gone.
    /// `payload` is the record's JSON object without its `accepted_seq`.
    outbox, "outbox" {
        #[sea_orm(primary_key)]
        accepted_seq: i64,
        stream: String,
        payload: String,
        accepted_at: i64,
    }
}

table! {
    /// A key of the gateway. `secret_hash` is the SHA-256 of the API key, in URL-safe base64; `streams`, `reads` and `manages`
    /// are the names of streams that it may put to, read and manage, separated by commas; `rate`, `burst` and `daily` count
    /// requests.
    gateway_key, "gateway_key" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: String,
        name: String,
        secret_hash: String,
        access_key_id: String,
        streams: String,
        reads: String,
        manages: String,
        rate: Option<i64>,
        burst: Option<i64>,
        daily: Option<i64>,
        created_at: i64,
        revoked_at: Option<i64>,
    }
}

table! {
    /// Requests of a key with a daily quota; `day` counts from 1970-01-01 in UTC.
    gateway_usage, "gateway_usage" {
        #[sea_orm(primary_key, auto_increment = false)]
        key_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        day: i64,
        requests: i64,
    }
}

table! {
    /// A stream that was made over the AWS wire, as JSON (`aws::made`).
    made_stream, "made_stream" {
        #[sea_orm(primary_key, auto_increment = false)]
        name: String,
        made: String,
        created_at: i64,
    }
}

table! {
    /// One row, which a check of the store writes and reads back.
    store_check, "store_check" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: i64,
        number: i64,
    }
}
