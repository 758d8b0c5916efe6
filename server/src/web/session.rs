//! The session cookie: `POST /api/session` signs in, `DELETE /api/session` signs out.
//!
//! Owns the cookie. Does not own sessions: the room `accounts` does.

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
use crate::accounts::{Accounts, Place, SESSION_MS, SignedIn, User};

/// Holds the secret of a session.
pub(super) const COOKIE: &str = "freshmark_session";
/// The same where the browser speaks TLS: it is never sent in the clear, and no other host can set it.
const SECURE_COOKIE: &str = "__Host-freshmark_session";
/// By which a device is known that has been signed in before.
const DEVICE: &str = "freshmark_device";
const SECURE_DEVICE: &str = "__Host-freshmark_device";
/// In which a proxy says how the browser speaks to it.
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// A school year and a summer.
const DEVICE_SECONDS: i64 = 400 * 86_400;

pub(super) async fn sign_in(
    State(rooms): State<Shared>,
    State(limits): State<Arc<Limits>>,
    client: Client,
    headers: HeaderMap,
    JsonBody(SignIn { email, password }): JsonBody<SignIn>,
) -> Result<impl IntoResponse, WebError> {
    let (address, device) = (client.to_string(), cookie(&headers, DEVICE, SECURE_DEVICE));
    let place = Place { client: &address, device };
    let sign_in = async { Ok(rooms.accounts.sign_in(&email, &password, place).await?) };
    let SignedIn { secret, device, user } = limits.sign_in(client, sign_in).await?;
    let is_https = is_https(&headers);
    let session = set_cookie(is_https, COOKIE, SECURE_COOKIE, &secret, SESSION_MS / 1000);
    let device = set_cookie(is_https, DEVICE, SECURE_DEVICE, &device, DEVICE_SECONDS);
    let me: Me = user.me;
    Ok((AppendHeaders([(header::SET_COOKIE, session), (header::SET_COOKIE, device)]), Json(me)))
}

pub(super) async fn sign_out(State(rooms): State<Shared>, headers: HeaderMap) -> Result<impl IntoResponse, WebError> {
    if let Some(secret) = secret_of(&headers) {
        rooms.accounts.sign_out(secret).await?;
    }
    let gone = set_cookie(is_https(&headers), COOKIE, SECURE_COOKIE, "", 0);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, gone)])))
}

/// Whether TLS is said to be spoken, by whomever: a liar spoils no cookie but its own.
fn is_https(headers: &HeaderMap) -> bool {
    headers.get(FORWARDED_PROTO).is_some_and(|said| said.as_bytes().trim_ascii().eq_ignore_ascii_case(b"https"))
}

fn set_cookie(is_https: bool, plain: &str, secure: &str, value: &str, seconds: i64) -> String {
    let (name, secure) = if is_https { (secure, " Secure;") } else { (plain, "") };
    format!("{name}={value}; Path=/; HttpOnly;{secure} SameSite=Strict; Max-Age={seconds}")
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
    cookie(headers, COOKIE, SECURE_COOKIE)
}

/// A cookie by either of its names. Over TLS the plain one is nobody's: any other host of the domain could have set it.
fn cookie<'a>(headers: &'a HeaderMap, plain: &str, secure: &str) -> Option<&'a str> {
    named(headers, secure).or_else(|| if is_https(headers) { None } else { named(headers, plain) })
}

fn named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_tls_a_cookie_is_secure_and_of_this_host_alone() {
        let plain = set_cookie(false, COOKIE, SECURE_COOKIE, "s", 9);
        assert_eq!(plain, "freshmark_session=s; Path=/; HttpOnly; SameSite=Strict; Max-Age=9");
        let secure = set_cookie(true, COOKIE, SECURE_COOKIE, "s", 9);
        assert_eq!(secure, "__Host-freshmark_session=s; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=9");
        let headers =
            HeaderMap::from_iter([(header::COOKIE, "a=b; __Host-freshmark_session=s".parse().expect("a value"))]);
        assert_eq!(secret_of(&headers), Some("s"));
    }

    #[test]
    fn a_cookie_is_read_by_the_name_that_it_was_set_by() {
        for said in [None, Some("http"), Some("https"), Some(" HTTPS ")] {
            let mut headers = HeaderMap::new();
            if let Some(said) = said {
                headers.insert(FORWARDED_PROTO, said.parse().expect("a value"));
            }
            for (plain, secure) in [(COOKIE, SECURE_COOKIE), (DEVICE, SECURE_DEVICE)] {
                let set = set_cookie(is_https(&headers), plain, secure, "s", 9);
                let pair = set.split(';').next().unwrap_or_default();
                headers.insert(header::COOKIE, pair.parse().expect("a value"));
                assert_eq!(cookie(&headers, plain, secure), Some("s"), "{said:?}");
            }
        }
    }

    #[test]
    fn over_tls_the_plain_cookie_is_nobodys() {
        let mut headers = HeaderMap::from_iter([(header::COOKIE, "freshmark_session=s".parse().expect("a value"))]);
        assert_eq!(secret_of(&headers), Some("s"));
        headers.insert(FORWARDED_PROTO, "https".parse().expect("a value"));
        assert_eq!(secret_of(&headers), None);
    }
}
