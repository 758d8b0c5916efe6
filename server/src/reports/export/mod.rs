//! Results to take away: answers and questions as CSV, all of it as a workbook.
//!
//! Owns which files there are and what each is made of. All of them hold what counts at one instant, which stands in each
//! of them, and so does until when they are complete: where that is the same instant, asking for it again brings the same
//! rows. Without an instant it is the one at which it was asked. Does not own which attempts count, nor a figure: those
//! are `class_results`'s.

mod answers;
mod commas;
mod name;
mod questions;
mod snapshot;
mod students;
mod table;
mod workbook;

use std::fs::File;
use std::io::Seek;
use std::sync::{Arc, LazyLock};

use app::api::results::View;
use tokio::sync::Semaphore;

use self::answers::Answers;
use self::questions::Questions;
use self::snapshot::Snapshot;
use super::{ReportError, Reports};
use crate::accounts::User;

pub use self::name::FileName;

/// Files with all of an assignment's answers that are being read together or made at once, whoever asks. Others wait for
/// their turn.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// Answers in one CSV file: five times a district of 100,000 students with 40 questions.
const MOST_ANSWERS: i64 = 20_000_000;

/// A file that there is of every assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// Every answer that counts, one a row.
    Answers,
    /// Every question with its figures, one a row.
    Summary,
    /// Both, the students beside the questions, and what it is all about.
    Workbook,
}

impl Export {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Answers, Self::Summary, Self::Workbook];

    /// As it stands in an address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answers => "answers.csv",
            Self::Summary => "summary.csv",
            Self::Workbook => "results.xlsx",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|export| export.name() == name)
    }

    /// Media type: RFC 7111 for CSV, IANA's registry for the workbook.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Answers | Self::Summary => "text/csv; charset=utf-8",
            Self::Workbook => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The most answers that it can hold.
    const fn most_answers(self) -> i64 {
        match self {
            Self::Answers => MOST_ANSWERS,
            Self::Summary => i64::MAX,
            Self::Workbook => workbook::MOST_ROWS,
        }
    }

    /// What holds more.
    const fn instead(self) -> &'static str {
        match self {
            Self::Workbook => "answers.csv and summary.csv",
            Self::Answers | Self::Summary => "summary.csv, or ask the warehouse",
        }
    }
}

/// A file that is ready to be sent.
pub struct Ready {
    /// What it is to be called.
    pub name: FileName,
    /// Without a name on the disk, at its beginning.
    pub file: File,
}

impl Reports {
    /// One assignment's results as a file. Students' names are in it only `with_names`.
    ///
    /// # Errors
    /// Those of `class_results`; if the file cannot hold so much; or if it cannot be written to the folder of temporary
    /// files.
    pub async fn export(
        &self,
        user: &User,
        view: View,
        export: Export,
        with_names: bool,
    ) -> Result<Ready, ReportError> {
        let turn = match export {
            Export::Summary => None,
            // Never closed.
            Export::Answers | Export::Workbook => Arc::clone(&TURNS).acquire_owned().await.ok(),
        };
        let snapshot = Arc::new(self.snapshot(user, view, export, with_names).await?);
        let name = FileName::of(&snapshot, export);
        let made = tokio::task::spawn_blocking(move || {
            // Whoever asked may go away; the next file is made when this one is done all the same.
            let _until_done = turn;
            make(export, &snapshot)
        });
        let file = made.await.map_err(|_| ReportError::Interrupted)??;
        Ok(Ready { name, file })
    }
}

/// Blocks.
fn make(export: Export, snapshot: &Arc<Snapshot>) -> Result<File, ReportError> {
    let mut file = tempfile::tempfile()?;
    match export {
        Export::Answers => commas::write(&Answers(Arc::clone(snapshot)), snapshot, &file)?,
        Export::Summary => commas::write(&Questions(Arc::clone(snapshot)), snapshot, &file)?,
        Export::Workbook => workbook::write(snapshot, &file)?,
    }
    file.rewind()?;
    Ok(file)
}
