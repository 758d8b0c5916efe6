//! What the function `behaving.py` notes, and whether a process has ended. For the tests of the room `transform` and for
//! those of the whole server.

use std::path::Path;

/// Not there, or dead and not yet buried.
pub fn has_ended(id: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/stat"));
    status.map_or(true, |status| status.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}

/// Waits for the end of a process.
pub async fn ended(id: &str) {
    while !has_ended(id) {
        tokio::task::yield_now().await;
    }
}

/// What a function has noted, as soon as it has.
pub async fn noted(notes: &Path, name: &str) -> String {
    loop {
        if let Ok(text) = std::fs::read_to_string(notes.join(name)) {
            return text;
        }
        tokio::task::yield_now().await;
    }
}
