//! A demo school, and a class that plays against a running server.
//!
//! Owns the school, its quizzes and its students. Does not own any rule of the rooms that it uses.

pub mod class;
pub mod names;
pub mod quizzes;
pub mod school;
