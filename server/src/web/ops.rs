//! What operators and their tools ask: is it alive, is it ready, and how much went through.
//!
//! `GET /healthz` and `GET /readyz` are for everybody; `GET /metrics` is for programs of this machine, and for whoever
//! sends the key that the configuration names.
//!
//! Owns these paths, and who may ask. Does not own the figures: the room `ops` does.

use app::api::ApiError;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use url::{Host, Url};
use utoipa::ToSchema;

use super::client::Client;
use super::{Shared, WebError};
use crate::ops::{METRICS_TYPE, OpenPages, Readiness};
use crate::reports::PageCounts;
use crate::secret;

/// What proxies put in front of a request that they hand on. One that has been handed on comes from elsewhere, whatever
/// its address says.
const HANDED_ON: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// The answer of a process that answers.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always true.
    alive: bool,
    /// Version of the binary.
    version: &'static str,
}

pub(super) async fn healthz() -> Json<Alive> {
    Json(Alive { alive: true, version: env!("CARGO_PKG_VERSION") })
}

pub(super) async fn readyz(State(rooms): State<Shared>) -> (StatusCode, Json<Readiness>) {
    let readiness = rooms.ops.readiness().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}

pub(super) async fn metrics(
    State(rooms): State<Shared>,
    client: Client,
    headers: HeaderMap,
) -> Result<impl IntoResponse, WebError> {
    if !may_read(client, &headers, rooms.metrics_key.as_deref()) {
        let message =
            "metrics are read on the server's own machine, or with its metrics_key: authorization: bearer <key>";
        return Err(ApiError::Forbidden { message: message.to_owned() }.into());
    }
    let PageCounts { connections, assignments, asked, worked_out } = rooms.reports.page_counts();
    let pages = OpenPages { connections, assignments, asked, worked_out };
    let text = rooms.ops.metrics(pages).await.map_err(|_| ApiError::unavailable("the metrics could not be written"))?;
    Ok(([(header::CONTENT_TYPE, METRICS_TYPE)], text))
}

fn may_read(client: Client, headers: &HeaderMap, key: Option<&str>) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    if key.zip(sent).is_some_and(|(key, sent)| secret::hash(key) == secret::hash(sent)) {
        return true;
    }
    client.is_this_machine() && is_local_host(headers) && !HANDED_ON.iter().any(|name| headers.contains_key(*name))
}

/// Whether the request was meant for this machine. A page that a browser here has open reaches the same address by a name
/// of its own.
fn is_local_host(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn may(address: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let address: IpAddr = address.parse().expect("an address");
        let mut sent = HeaderMap::from_iter([(header::HOST, "localhost:8080".parse().expect("a value"))]);
        for (name, value) in headers {
            sent.insert(*name, value.parse().expect("a value"));
        }
        may_read(Client::at(address), &sent, Some("right"))
    }

    #[test]
    fn metrics_are_for_this_machine_and_for_the_key() {
        assert!(may("127.0.0.1", &[]) && may("::1", &[]) && may("::ffff:127.0.0.1", &[]));
        assert!(!may("10.0.0.7", &[]) && !may("2001:db8::1", &[]) && !may("0.0.0.0", &[]));
        assert!(may("10.0.0.7", &[("authorization", "Bearer right")]));
        for wrong in ["Bearer wrong", "Bearer ", "right"] {
            assert!(!may("10.0.0.7", &[("authorization", wrong)]), "{wrong}");
        }
    }

    #[test]
    fn what_a_proxy_on_this_machine_hands_on_is_not_from_this_machine() {
        for name in HANDED_ON {
            assert!(!may("127.0.0.1", &[(name, "10.0.0.7")]), "{name}");
            assert!(may("127.0.0.1", &[(name, "10.0.0.7"), ("authorization", "Bearer right")]), "{name}");
        }
    }

    #[test]
    fn a_page_that_calls_this_machine_by_a_name_of_its_own_reads_no_metrics() {
        for (host, is_local) in [
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("[::ffff:127.0.0.1]", true),
            ("school.example", false),
            ("localhost.evil.example:8080", false),
            ("10.0.0.7", false),
            ("", false),
        ] {
            let sent = HeaderMap::from_iter([(header::HOST, host.parse().expect("a value"))]);
            assert_eq!(is_local_host(&sent), is_local, "{host}");
        }
    }

    #[test]
    fn without_a_key_there_is_none_to_guess() {
        let mut sent = HeaderMap::new();
        sent.insert(header::AUTHORIZATION, "Bearer ".parse().expect("a value"));
        assert!(!may_read(Client::at([10, 0, 0, 7].into()), &sent, None));
    }
}
