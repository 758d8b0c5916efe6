//! The object store.
//!
//! Owns where objects lie and that they are on disk when a put returns. Does not own their names or contents, and
//! never deletes one: the warehouse can be rebuilt from what is here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use url::Url;

use crate::pace::Pace;

/// Why an object could not be put.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The folder cannot be used.
    #[error("the lake's folder {folder} cannot be used: {source}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store said no.
    #[error("the lake answered: {0}")]
    Store(#[from] object_store::Error),
}

/// A handle on the store. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    store: Arc<dyn ObjectStore>,
    root: Url,
    puts: Arc<Pace>,
}

impl Lake {
    /// A folder on this machine, made if it is not there. Files and their folders are synced before a put returns.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn local(folder: &Path) -> Result<Self, LakeError> {
        let unusable = |source| LakeError::Folder { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let folder = folder.canonicalize().map_err(unusable)?;
        let store = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
        let root = Url::from_directory_path(&folder)
            .map_err(|()| unusable(std::io::Error::other("is not an absolute path")))?;
        Ok(Self { store: Arc::new(store), root, puts: Arc::default() })
    }

    /// Puts an object. The same key and bytes again change nothing.
    ///
    /// # Errors
    /// If the store does not take it; trying again is safe.
    pub async fn put(&self, key: &str, body: Bytes) -> Result<(), LakeError> {
        let began = Instant::now();
        self.store.put(&object_store::path::Path::from(key), PutPayload::from_bytes(body)).await?;
        self.puts.note(1, began);
        Ok(())
    }

    /// Where an object lies, as a manifest names it.
    #[must_use]
    pub fn url(&self, key: &str) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(key.split('/'));
        }
        url
    }

    /// How fast puts go.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.puts
    }
}
