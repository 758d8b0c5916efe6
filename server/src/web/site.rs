//! The built front end: hashed files for ever, pages never from a cache and with a fresh nonce each time.
//!
//! Two pages: where a student begins, whoever is not signed in gets a smaller file (`student/index.html`). Everything else
//! is `index.html`, which is the whole front end.
//!
//! Owns how long each file is good for, and which of the two pages is sent.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, get_service};
use tower_http::services::ServeDir;

use super::session;
use crate::secret;

/// What Trunk writes where a nonce belongs.
const NONCE: &str = "{{__TRUNK NONCE__}}";

/// The addresses that a student comes to; the same ones as in `StudentShell` of the front end.
const OF_STUDENTS: [&str; 4] = ["/", "/join", "/join/{code}", "/quiz/{attempt}"];

/// Holds the one connection of all tabs of a browser.
const WORKER: &str = "/live-worker.js";
/// What it may do. A worker is not under the policy of the pages that it serves.
const WORKER_POLICY: &str = "default-src 'none'; connect-src 'self'";

/// Serves `folder`; every path that names no file is a page of the front end.
pub(super) fn service(folder: &Path) -> Router {
    let index = folder.join("index.html");
    let files = ServeDir::new(folder)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .fallback(get(page_of_the_front_end).with_state(index.clone()));
    let first = get(first_page).with_state((folder.join("student/index.html"), index));
    let of_students = OF_STUDENTS.into_iter().fold(Router::new(), |router, path| router.route(path, first.clone()));
    of_students.fallback_service(get_service(files).layer(middleware::from_fn(file_headers)))
}

/// A file whose name holds a hash of its content never changes. The worker keeps its name, and is asked for each time.
async fn file_headers(request: Request, next: Next) -> Response {
    let (is_hashed, is_worker) = (is_hashed(request.uri()), request.uri().path() == WORKER);
    let mut response = next.run(request).await;
    if is_bare_page(&response) {
        return is_gone();
    }
    let headers = response.headers_mut();
    if is_worker {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(WORKER_POLICY));
    } else if is_hashed && response.status() == StatusCode::OK {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
    }
    response
}

/// A page as it lies on the disk, under whatever spelling of its name, has no policy and no nonce.
fn is_bare_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") && !response.headers().contains_key(header::CONTENT_SECURITY_POLICY)
}

fn is_gone() -> Response {
    (StatusCode::NOT_FOUND, "there is no such file; reload the page").into_response()
}

/// `app-1f2e3d4c5b6a7988_bg.wasm` is; `favicon.svg` is not. Trunk leaves out the noughts at the hash's beginning.
fn is_hashed(uri: &Uri) -> bool {
    let is_hash = |part: &str| (12..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
    last_part(uri).split(['-', '.', '_']).any(is_hash)
}

/// A page has no dot in its name. What has one and is not there is gone: after an update, a browser that still asks for
/// an old script must not be given a page instead.
async fn page_of_the_front_end(index: State<PathBuf>, uri: Uri) -> Response {
    if last_part(&uri).contains('.') {
        return is_gone();
    }
    page(index).await
}

fn last_part(uri: &Uri) -> &str {
    uri.path().rsplit('/').next().unwrap_or_default()
}

/// The whole front end for staff, who see the banner on every page; not on the first that a link of another site leads
/// to, because browsers send no cookie with it. And for everybody where nothing else is built, as in the edit loop.
async fn first_page(State((student, whole)): State<(PathBuf, PathBuf)>, headers: HeaderMap) -> Response {
    let is_staff = session::secret_of(&headers).is_some();
    let gets_all = is_staff || !tokio::fs::try_exists(&student).await.unwrap_or(false);
    page(State(if gets_all { whole } else { student })).await
}

async fn page(State(index): State<PathBuf>) -> Response {
    let (Ok(html), Ok(nonce)) = (tokio::fs::read_to_string(&index).await, secret::generate()) else {
        let advice = format!("the front end is not built: there is no {}; run `make build`", index.display());
        return (StatusCode::NOT_FOUND, advice).into_response();
    };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    );
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html.replace(NONCE, &nonce))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for (name, hashed) in [
            ("/app-1f2e3d4c5b6a7988_bg.wasm", true),
            ("/app-1f2e3d4c5b6a7988.js", true),
            ("/app-35d0d4f8545dba8.js", true),
            ("/live-worker.js", false),
            ("/favicon.svg", false),
            ("/index.html", false),
        ] {
            assert_eq!(is_hashed(&Uri::from_static(name)), hashed, "{name}");
        }
    }
}
