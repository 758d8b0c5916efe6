//! Who is signed in. `POST /api/session` signs in, `DELETE /api/session` signs out; both are plain HTTP.

use serde::{Deserialize, Serialize};

/// What a member of staff may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees the pipeline and every class.
    Admin,
    /// Sees the classes that they teach.
    Teacher,
}

/// Body of `POST /api/session`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// The account's address; its case does not matter.
    pub email: String,
    /// In clear; the server keeps an Argon2 hash only.
    pub password: String,
}

/// The account behind the session cookie; also the answer to `POST /api/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Me {
    /// As shown on the page.
    pub name: String,
    /// Address they sign in with.
    pub email: String,
    /// What they may see.
    pub role: Role,
}
