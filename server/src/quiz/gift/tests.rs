//! What the reader says of sources that stand here whole.

mod chance;
mod made_up;
mod moodle;
