//! A warehouse whose files are damaged: set aside, replaced by an empty one, and owed a rebuild from the lake.
//!
//! Owns telling damage from other failures, the names that damaged files get, and the mark in the data folder that says that
//! a rebuild is owed. The mark lies there before anything is renamed and until the rebuild is done, so that neither a crash
//! nor a lake that is away leaves an empty warehouse that passes for a whole one. Does not own the rebuild.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Limits, open};
use crate::private;
use crate::warehouse::{Warehouse, WarehouseError};

/// What DuckDB says of a file that cannot be opened just now, and is none the worse for it. Whatever else it says is damage:
/// setting a sound file aside by mistake costs a rebuild, and trusting a damaged one costs answers.
const NOT_DAMAGE: [&str; 9] = [
    "Could not set lock",
    "Permission denied",
    "No space left",
    "Too many open files",
    "Cannot open file",
    "failed to allocate",
    "Out of Memory",
    "Input/output error",
    "version number",
];

/// The warehouse lacks what the lake holds until everything there has been brought in.
#[derive(Debug)]
pub struct RebuildOwed {
    mark: PathBuf,
}

impl RebuildOwed {
    /// The rebuild is done.
    ///
    /// # Errors
    /// If that cannot be written down. The next start rebuilds again, which is harmless.
    pub fn done(self) -> io::Result<()> {
        std::fs::remove_file(self.mark)
    }
}

/// As [`open`]. Damaged files are set aside under other names, and an empty database takes their place. Says whether a rebuild
/// is owed, since now or since an earlier start that did not finish it.
///
/// # Errors
/// If the file cannot be opened for another reason than damage: it is locked, or the disk is full.
pub fn open_or_set_aside(path: &Path, limits: Limits) -> Result<(Warehouse, Option<RebuildOwed>), WarehouseError> {
    let mark = with_end(path, ".rebuild");
    let warehouse = match open(path, limits) {
        Ok(warehouse) => warehouse,
        Err(WarehouseError::Engine(error)) if is_damage(&error.to_string()) => {
            tracing::error!(path = %path.display(), %error, "the warehouse is damaged; its files are set aside");
            set_aside(path, &mark)?;
            open(path, limits)?
        }
        Err(error) => return Err(error),
    };
    let owed = mark.try_exists()?.then_some(RebuildOwed { mark });
    Ok((warehouse, owed))
}

fn is_damage(said: &str) -> bool {
    !NOT_DAMAGE.iter().any(|words| said.contains(words))
}

/// Leaves the mark and renames the database's file and its log. The log goes first: a log without its file is nothing, one
/// beside a new file would be taken for its own.
fn set_aside(path: &Path, mark: &Path) -> Result<(), WarehouseError> {
    private::mark(mark)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    for file in [with_end(path, ".wal"), path.to_owned()] {
        match std::fs::rename(&file, with_end(&file, &format!(".{seconds}.damaged"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(WarehouseError::Files(error)),
            _ => {}
        }
    }
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { memory_mib: 128, threads: 1 };

    #[test]
    fn a_damaged_file_is_set_aside_and_a_rebuild_is_owed_until_it_is_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("w.duckdb");
        let (warehouse, owed) = open_or_set_aside(&path, LIMITS).expect("new");
        assert!(owed.is_none());
        drop(warehouse);
        std::fs::write(&path, b"no database").expect("damaged");
        std::fs::write(with_end(&path, ".wal"), b"no log").expect("damaged");
        assert!(matches!(open(&path, LIMITS), Err(WarehouseError::Engine(_))), "opening alone renames nothing");
        let (warehouse, owed) = open_or_set_aside(&path, LIMITS).expect("an empty one");
        assert!(owed.is_some());
        // As if the server had been killed in the middle of the rebuild.
        drop((warehouse, owed));
        let (warehouse, owed) = open_or_set_aside(&path, LIMITS).expect("sound");
        owed.expect("still owed").done().expect("written down");
        drop(warehouse);
        let (_, owed) = open_or_set_aside(&path, LIMITS).expect("sound");
        assert!(owed.is_none());
        let kept = std::fs::read_dir(folder.path()).expect("listed").flatten();
        assert_eq!(kept.filter(|file| file.path().extension().is_some_and(|end| end == "damaged")).count(), 2);
    }

    #[test]
    fn a_machine_that_lacks_something_has_not_damaged_the_file() {
        for said in [
            "IO Error: Could not set lock on file \"w.duckdb\": Conflicting lock is held",
            "Out of Memory Error: failed to allocate data of size 32.0 KiB (256.0 MiB/256.0 MiB used)",
            "IO Error: Could not read from file \"w.duckdb\": Input/output error",
            "IO Error: Trying to read a database file with version number 99, but we can only read 64",
        ] {
            assert!(!is_damage(said), "{said}");
        }
        assert!(is_damage("IO Error: The file \"w.duckdb\" exists, but it is not a valid DuckDB database file!"));
    }
}
