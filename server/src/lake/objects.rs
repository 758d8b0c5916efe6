//! Objects as files, which is what an engine in this process reads.
//!
//! Owns the file of an object for as long as somebody reads it. Does not own where objects lie.

use std::io::Write;
use std::path::{Path, PathBuf};

use url::Url;

/// Where COPY finds what a manifest names: the lake, wherever it is.
pub trait Objects: Send + Sync {
    /// The file that lies at `url`, on this machine for as long as the answer is kept; `None` if nothing lies there.
    ///
    /// # Errors
    /// Says why it cannot be read.
    fn open(&self, url: &Url) -> Result<Option<LocalFile>, String>;

    /// Whether opening is a download.
    fn is_remote(&self) -> bool;
}

/// A file on this machine.
#[derive(Debug)]
pub struct LocalFile {
    path: PathBuf,
    /// Removes it when it is no longer needed, if it is a copy.
    _copy: Option<tempfile::TempPath>,
}

impl LocalFile {
    /// A file that stays.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path, _copy: None }
    }

    /// A copy of these bytes, removed with this handle.
    ///
    /// # Errors
    /// If the machine's folder for temporary files cannot be written.
    pub fn copy_of(body: &[u8]) -> std::io::Result<Self> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(body)?;
        let copy = file.into_temp_path();
        Ok(Self { path: copy.to_path_buf(), _copy: Some(copy) })
    }

    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
