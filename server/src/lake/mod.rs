//! The object store: a folder on this machine, or a bucket.
//!
//! Owns where objects lie and that they are on disk when a put returns. Does not own their names or contents, and
//! never deletes one: the warehouse can be rebuilt from what is here.

mod objects;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use tokio::runtime::Handle;
use url::Url;

pub use objects::{LocalFile, Objects};

/// So long a bucket may take for an answer. Delivery tries again for as long as it takes, and says so meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);
/// Parts of a key that say which object it is, whatever lies before: stream, year, month, day, hour, name.
const LAST_PARTS: usize = 6;

/// Why an object could not be put or read.
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
    /// Where keys begin; ends with a slash.
    root: Url,
    /// The folder, if it is one.
    folder: Option<Arc<Path>>,
    runtime: Handle,
}

/// An object, as a listing has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

impl Lake {
    /// A folder on this machine, made if it is not there. Files and their folders are synced before a put returns.
    /// Called within a runtime.
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
        let (store, folder) = (Arc::new(store), Some(folder.into()));
        Ok(Self { store, root, folder, runtime: Handle::current() })
    }

    /// A bucket, by its address: `s3://bucket/prefix`. Credentials, region and endpoint come from the environment that AWS's
    /// own clients read. Called within a runtime.
    ///
    /// # Errors
    /// If the address or the environment is not right. Whether the bucket answers is seen at the first put.
    pub fn bucket(address: &Url) -> Result<Self, LakeError> {
        let mut root = address.clone();
        if let Ok(mut segments) = root.path_segments_mut() {
            segments.pop_if_empty().push("");
        }
        let retry = RetryConfig { max_retries: 2, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let client =
            ClientOptions::new().with_timeout(PATIENCE).with_connect_timeout(PATIENCE / 5).with_allow_http(true);
        let s3 = AmazonS3Builder::from_env().with_url(address.as_str()).with_retry(retry).with_client_options(client);
        let prefix = Key::from_url_path(address.path()).map_err(object_store::Error::from)?;
        let store = Arc::new(PrefixStore::new(s3.build()?, prefix));
        Ok(Self { store, root, folder: None, runtime: Handle::current() })
    }

    /// Puts an object. The same key and bytes again change nothing.
    ///
    /// # Errors
    /// If the store does not take it; trying again is safe.
    pub async fn put(&self, key: &str, body: Bytes) -> Result<(), LakeError> {
        self.store.put(&Key::from(key), PutPayload::from_bytes(body)).await?;
        Ok(())
    }

    /// An object's bytes.
    ///
    /// # Errors
    /// If it is not there, or cannot be read.
    pub async fn get(&self, key: &str) -> Result<Bytes, LakeError> {
        Ok(self.store.get(&Key::from(key)).await?.bytes().await?)
    }

    /// Whether something lies there.
    ///
    /// # Errors
    /// If the store cannot say.
    pub async fn has(&self, key: &str) -> Result<bool, LakeError> {
        match self.store.head(&Key::from(key)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Everything whose key begins with the parts of `prefix`, by key.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Listed>, LakeError> {
        let prefix = Key::from(prefix);
        let prefix = (!prefix.as_ref().is_empty()).then_some(&prefix);
        let listing = self.store.list(prefix).map_ok(|meta| Listed { key: meta.location.to_string(), size: meta.size });
        let mut listed: Vec<Listed> = listing.try_collect().await?;
        listed.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(listed)
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

    /// The key of what a manifest names. A manifest that was written while the lake was elsewhere names what has moved with
    /// it: then the last parts of the address are the key.
    #[must_use]
    pub fn key_of(&self, url: &Url) -> String {
        let decoded = |url: &Url| percent_encoding::percent_decode_str(url.path()).decode_utf8_lossy().into_owned();
        let (path, root) = (decoded(url), decoded(&self.root));
        if let Some(key) = path.strip_prefix(&root).filter(|_| url.host_str() == self.root.host_str()) {
            return key.to_owned();
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        parts[parts.len().saturating_sub(LAST_PARTS)..].join("/")
    }

    /// A copy of an object on this machine.
    fn fetch(&self, key: &str) -> Result<Option<LocalFile>, String> {
        let body = match self.runtime.block_on(self.get(key)) {
            Ok(body) => body,
            Err(LakeError::Store(object_store::Error::NotFound { .. })) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        LocalFile::copy_of(&body).map(Some).map_err(|e| e.to_string())
    }
}

/// Blocking, on a thread that is not the runtime's.
impl Objects for Lake {
    fn open(&self, url: &Url) -> Result<Option<LocalFile>, String> {
        let key = self.key_of(url);
        let Some(folder) = &self.folder else { return self.fetch(&key) };
        let path = folder.join(&key);
        Ok(path.is_file().then(|| LocalFile::at(path)))
    }

    fn is_remote(&self) -> bool {
        self.folder.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_listed_read_and_found_after_the_folder_has_moved() {
        let folder = tempfile::tempdir().expect("a folder");
        let lake = Lake::local(&folder.path().join("a lake")).expect("lake");
        let key = "quiz-answers/2026/01/31/10/quiz-answers-1-a b.gz";
        lake.put(key, Bytes::from_static(b"rows")).await.expect("put");
        lake.put("manifests/m", Bytes::new()).await.expect("put");
        assert_eq!(lake.list("quiz-answers").await.expect("listed"), [Listed { key: key.into(), size: 4 }]);
        assert!(lake.has(key).await.expect("looked") && !lake.has("manifests/n").await.expect("looked"));
        assert_eq!(lake.list("").await.expect("listed").len(), 2);
        assert_eq!(lake.get(key).await.expect("read").as_ref(), b"rows");
        let url = lake.url(key);
        assert_eq!(lake.key_of(&url), key);
        std::fs::rename(folder.path().join("a lake"), folder.path().join("moved")).expect("moved");
        let moved = Lake::local(&folder.path().join("moved")).expect("lake");
        assert!(moved.open(&url).expect("looked").is_some(), "an old manifest's address");
        assert!(moved.open(&lake.url("quiz-answers/2026/01/31/10/other")).expect("looked").is_none());
    }
}
