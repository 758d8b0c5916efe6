//! Files that are nobody else's on this machine.
//!
//! Owns the modes of the data folder and of everything that the process makes, secrets that lie in files, and marks. Does not
//! own what is in the folder.

use std::io::{self, Write};
use std::path::Path;

use rustix::fs::Mode;

use crate::secret;

/// From now on the process makes files for its own user alone, whoever makes them: the store, the log, the lake or the
/// warehouse.
pub fn by_default() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Makes a folder that only its owner can enter, or makes one that is there so, and finds out whether files can be made
/// in it.
///
/// # Errors
/// If not.
pub fn folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let entered_by_others = Mode::RWXG | Mode::RWXO;
    let mode = Mode::from_raw_mode(rustix::fs::stat(folder)?.st_mode);
    if mode.intersects(entered_by_others) {
        rustix::fs::chmod(folder, mode.difference(entered_by_others))?;
    }
    tempfile::NamedTempFile::new_in(folder)?.close()
}

/// Makes an empty file that says something by being there, even after a power cut.
///
/// # Errors
/// If it cannot be made.
pub fn mark(path: &Path) -> io::Result<()> {
    std::fs::File::create(path)?.sync_all()?;
    std::fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// A secret in a file, made the first time. It is whole or not there.
///
/// # Errors
/// If it cannot be read or made.
pub fn secret_in(path: &Path) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(secret) if !secret.trim().is_empty() => return Ok(secret.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let secret = secret::generate().map_err(io::Error::other)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    // Only its owner can read a temporary file.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{secret}")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it is there").mode() & 0o777
    }

    #[test]
    fn the_folder_and_a_secret_in_it_are_their_owners_alone() {
        let outer = tempfile::tempdir().expect("a folder");
        let data = outer.path().join("data ?#%");
        std::fs::create_dir(&data).expect("made");
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).expect("as versions before made it");
        folder(&data).expect("usable");
        assert_eq!(mode(&data), 0o700);
        let file = data.join("wire.secret");
        std::fs::write(&file, "").expect("a write that broke off");
        let secret = secret_in(&file).expect("made");
        assert_eq!((mode(&file), secret.len()), (0o600, 43));
        assert_eq!(secret_in(&file).expect("read"), secret);
    }
}
