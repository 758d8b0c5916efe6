//! What a record, a column, a batch and an instant as text are: the words that the rooms of the pipeline share.
//!
//! Owns the columns of a table, the check of a record against them, the contract between a source of records and its reader,
//! manifests, how an instant is written, and the names of the two streams that this server itself feeds. Knows no engine, and
//! imports no other room.

pub mod columns;
pub mod fit;
pub mod manifest;
pub mod source;
pub mod time;

/// Name of the delivery stream that answers take.
pub const QUIZ_ANSWERS: &str = "quiz-answers";
/// Name of the delivery stream that quizzes, questions, choices, classes and assignments take.
pub const QUIZ_CATALOG: &str = "quiz-catalog";
