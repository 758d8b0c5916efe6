//! The session cookie: `POST /api/session` signs in, `DELETE /api/session` signs out.

use std::sync::Arc;

use app::api::ApiError;
use app::api::accounts::{Me, SignIn};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};

use super::client::{Client, Limits};
use super::json::JsonBody;
use super::{Shared, WebError};
use crate::accounts::{Accounts, SESSION_MS, User};

/// Holds the secret of a session.
pub(super) const COOKIE: &str = "freshmark_session";

pub(super) async fn sign_in(
    State(rooms): State<Shared>,
    State(limits): State<Arc<Limits>>,
    client: Client,
    JsonBody(SignIn { email, password }): JsonBody<SignIn>,
) -> Result<impl IntoResponse, WebError> {
    let sign_in = async { Ok(rooms.accounts.sign_in(&email, &password).await?) };
    let (secret, user) = limits.sign_in(client, sign_in).await?;
    let cookie = format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}", SESSION_MS / 1000);
    let me: Me = user.me;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(me)))
}

pub(super) async fn sign_out(State(rooms): State<Shared>, headers: HeaderMap) -> Result<impl IntoResponse, WebError> {
    if let Some(secret) = secret_of(&headers) {
        rooms.accounts.sign_out(secret).await?;
    }
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, gone)])))
}

/// Whoever is signed in, if anybody is.
pub(super) async fn user(accounts: &Accounts, headers: &HeaderMap) -> Result<Option<User>, WebError> {
    match secret_of(headers) {
        Some(secret) => Ok(accounts.user(secret).await?),
        None => Ok(None),
    }
}

/// Whoever is signed in, or 401.
pub(super) async fn required_user(accounts: &Accounts, headers: &HeaderMap) -> Result<User, WebError> {
    user(accounts, headers)
        .await?
        .ok_or_else(|| ApiError::SignedOut { message: "sign in to do this".to_owned() }.into())
}

/// What a request has for a session, whether it is good or not.
pub(super) fn secret_of(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}
