//! Why a student's request was refused.
//!
//! Owns the words: each says what to do, and none holds a question's key. Does not own the HTTP status that goes with them.

/// What a student asked for could not be done; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// No assignment has this join code.
    #[error("no quiz has the code {0}; check it with your teacher")]
    UnknownCode(String),
    /// A field is not what it has to be.
    #[error("{field}: {problem}")]
    Invalid {
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The assignment takes no more answers.
    #[error("your teacher has closed this quiz; show this page to them, your answers are kept on this device")]
    Closed,
    /// The same, for somebody who has not begun.
    #[error("your teacher has closed this quiz; nobody can join it any more")]
    ClosedToJoin,
    /// No such attempt, or the token is another one's. Which of the two is not said.
    #[error("this attempt is not known on this device; join again with the code")]
    UnknownAttempt,
    /// No such assignment, class, quiz or student.
    #[error("there is no {0} with this number")]
    Unknown(&'static str),
    /// No randomness for a secret.
    #[error("no secret could be made: {0}")]
    Randomness(#[from] rand::rand_core::OsError),
    /// A mistake in this program ended the transaction.
    #[error("the answers were not saved, which is a bug; send them again")]
    Interrupted,
    /// The transactional store said no.
    #[error("the transactional store answered: {0}")]
    Store(#[from] sea_orm::DbErr),
}

impl AttemptError {
    pub(super) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}
