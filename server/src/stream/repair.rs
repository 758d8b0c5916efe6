//! A journal whose tail is damaged, cut where it is whole.
//!
//! The storage engine forgives a last write that is incomplete, and refuses to open a journal with one that is complete
//! and wrong, such as a disk leaves behind that lied about what it had written. Refusing for ever helps nobody: what lies
//! before the damage is sound, what lies behind it cannot be trusted. So the journal is cut there, a copy of the whole is
//! kept for whoever wants to look at it, and it is said aloud.
//!
//! Owns the search for the cut, and that a crash in the middle of it leaves nothing cut too short. Does not own what was
//! lost: `ops::reconcile` has answers sent again.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use fjall::Database;

use super::StreamError;

/// A journal's copy has this extension until the search is over.
const UNDER_WAY: &str = "repairing";
/// And this one afterwards, with the second since 1970 before it.
const DONE: &str = "damaged";

/// Opens the engine's folder, if need be with the newest journal cut.
pub(super) fn open(
    folder: &Path,
    try_open: impl Fn() -> Result<Database, fjall::Error>,
) -> Result<Database, StreamError> {
    let copy = match interrupted(folder)? {
        Some(copy) => copy,
        None => match try_open() {
            Err(error @ fjall::Error::JournalRecovery(_)) => match newest_journal(folder)? {
                Some(journal) => keep(folder, &journal)?,
                None => return Err(error.into()),
            },
            opened => return Ok(opened?),
        },
    };
    cut(folder, &copy, try_open)
}

/// Finds the longest beginning of the journal that opens. One that is longer does not, so halving finds it.
fn cut(
    folder: &Path,
    copy: &Path,
    try_open: impl Fn() -> Result<Database, fjall::Error>,
) -> Result<Database, StreamError> {
    let whole = fs::read(copy)?;
    let journal = folder.join(copy.file_stem().unwrap_or_default());
    let (mut sound, mut too_long) = (0, whole.len());
    while too_long - sound > 1 {
        let middle = sound + (too_long - sound) / 2;
        write(&journal, &whole[..middle])?;
        match try_open() {
            Ok(_) => sound = middle,
            Err(fjall::Error::JournalRecovery(_)) => too_long = middle,
            Err(error) => return Err(error.into()),
        }
    }
    write(&journal, &whole[..sound])?;
    let opened = match try_open() {
        Ok(opened) => opened,
        Err(error) => {
            // The damage is not in the tail: nothing has been changed.
            write(&journal, &whole)?;
            fs::remove_file(copy)?;
            return Err(error.into());
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let kept = copy.with_extension(format!("{now}.{DONE}"));
    fs::rename(copy, &kept)?;
    let (journal, kept, bytes) = (journal.display(), kept.display(), whole.len() - sound);
    tracing::error!(%journal, %kept, bytes, "the end of a journal was damaged and has been cut off; the whole is kept");
    Ok(opened)
}

/// The copy of a journal whose search a crash has interrupted.
fn interrupted(folder: &Path) -> io::Result<Option<PathBuf>> {
    find(parent(folder), |path| path.extension().is_some_and(|extension| extension == UNDER_WAY))
        .map(|mut all| all.pop())
}

/// Journals have rising numbers.
fn newest_journal(folder: &Path) -> io::Result<Option<PathBuf>> {
    let number =
        |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
    let all = find(folder, |path| path.extension().is_some_and(|extension| extension == "jnl"))?;
    Ok(all.into_iter().max_by_key(|path| number(path)))
}

/// Copies a journal to a place beside the folder, so that nothing but the search's own end ever removes the original.
fn keep(folder: &Path, journal: &Path) -> io::Result<PathBuf> {
    let name = journal.file_name().unwrap_or_default().to_string_lossy();
    let copy = parent(folder).join(format!("{name}.{UNDER_WAY}"));
    let under_another_name = copy.with_extension("new");
    write(&under_another_name, &fs::read(journal)?)?;
    fs::rename(under_another_name, &copy)?;
    Ok(copy)
}

fn parent(folder: &Path) -> &Path {
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn find(folder: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if wanted(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
