//! Results as files: `GET /api/assignments/{assignment}/export/{file}`.
//!
//! Owns how a file is named and sent. Does not own what it holds.

use std::io;

use app::api::results::{Attempts, View};
use app::api::{ApiError, Millis};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::stream::unfold;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use url::form_urlencoded;

use super::query::{OF_VIEW, Part, check_query};
use super::{Shared, WebError, session};
use crate::reports::{Export, FileName};

/// Bytes of a file that are read at once.
const PIECE: usize = 64 << 10;
/// What RFC 8187 lets stand in an extended value, of what a file's name has here.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');

/// Sends one of an assignment's files.
pub(super) async fn export(
    State(rooms): State<Shared>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, WebError> {
    let Path((assignment, file)) = path.map_err(|_| ApiError::invalid("path", "has to be UTF-8 text"))?;
    let assignment = assignment.parse().map_err(|_| ApiError::invalid("assignment", "has to be a whole number"))?;
    let export = Export::of_name(&file).ok_or_else(|| {
        let names = Export::ALL.map(Export::name).join(", ");
        ApiError::not_found(format!("there is no such file of an assignment; there are {names}"))
    })?;
    let query = uri.query().unwrap_or_default();
    check_query(query, &OF_VIEW)?;
    check_query(query, &[("names", Part::Show, true)])?;
    let user = session::required_user(&rooms.accounts, &headers).await?;
    let (view, with_names) = asked(query, assignment);
    let ready = rooms.reports.export(&user, view, export, with_names).await?;
    let kind = [(header::CONTENT_TYPE, export.content_type().to_owned()), disposition(&ready.name)];
    let file = File::from_std(ready.file);
    let bytes = file.metadata().await.map_err(|error| unreadable(&error))?.len();
    let length = [(header::CONTENT_LENGTH, bytes.to_string())];
    Ok((AppendHeaders(kind), AppendHeaders(length), body(file)).into_response())
}

/// What a query that has been checked asks for.
fn asked(query: &str, assignment: i64) -> (View, bool) {
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    };
    let attempts = value("attempts").and_then(|name| Attempts::of_name(&name)).unwrap_or_default();
    let as_of = value("as_of").and_then(|at| at.parse::<Millis>().ok());
    (View { assignment, attempts, as_of }, value("names").is_some())
}

/// RFC 6266: to be saved, not shown; the name in ASCII, and as it is for whoever reads that.
fn disposition(name: &FileName) -> (HeaderName, String) {
    let whole = utf8_percent_encode(&name.whole, PLAIN);
    let value = format!("attachment; filename=\"{}\"; filename*=UTF-8''{whole}", name.ascii);
    (header::CONTENT_DISPOSITION, value)
}

fn body(file: File) -> Body {
    Body::from_stream(unfold(Some(file), |file| async {
        let mut file = file?;
        match read(&mut file).await {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) => Some((Ok(bytes), Some(file))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

async fn read(file: &mut File) -> io::Result<Bytes> {
    let mut bytes = BytesMut::with_capacity(PIECE);
    file.read_buf(&mut bytes).await?;
    Ok(bytes.freeze())
}

fn unreadable(error: &io::Error) -> WebError {
    tracing::error!(%error, "a file that has just been made cannot be read");
    ApiError::unavailable("the file cannot be made just now; try again").into()
}
