//! Secrets that browsers keep: made here, stored as hashes only.
//!
//! Owns how a secret is made and hashed. Does not own where it is kept.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;

/// 256 random bits as text that fits a cookie and a header.
///
/// # Errors
/// If the operating system has no randomness to give.
pub fn generate() -> Result<String, rand::rand_core::OsError> {
    let mut bytes = [0u8; 32];
    OsRng.try_fill_bytes(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a secret: its SHA-256. A secret of 256 random bits needs no slow hash.
#[must_use]
pub fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))
}
