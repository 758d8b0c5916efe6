//! The host that a request names.
//!
//! Owns that there is one, wherever the request names it. Does not own which hosts are this server's.

use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// Why a request names no host, or more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// There is none.
    #[error("A request names its host.")]
    Missing,
    /// The header is there more than once.
    #[error("A request has one Host header.")]
    Twice,
    /// The header says something else than the request's authority.
    #[error("The Host header is another than the request's authority.")]
    Differs,
}

/// Sees to it that the header `Host` is there once, and names what the request's authority names.
///
/// Over HTTP/2 a request names its host as `:authority`, and some clients send no `Host` beside that. What a proxy and this
/// server read of a request with two hosts may differ, so that such a request has none.
///
/// # Errors
/// If the host is missing, there twice, or differs between the two.
pub fn name_host(headers: &mut HeaderMap, uri: &Uri) -> Result<(), HostError> {
    let mut named = headers.get_all(header::HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return Err(HostError::Twice);
    }
    let authority = uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    match (first, authority) {
        (Some(host), Some(authority)) if *host != authority => Err(HostError::Differs),
        (Some(_), _) => Ok(()),
        (None, Some(authority)) => {
            headers.insert(header::HOST, authority);
            Ok(())
        }
        (None, None) => Err(HostError::Missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_one_host_by_header_or_authority() {
        for (hosts, uri, named) in [
            (&["school"][..], "/", Ok("school")),
            (&["school"], "http://school/", Ok("school")),
            (&[], "http://school:8080/", Ok("school:8080")),
            (&[], "/", Err(HostError::Missing)),
            (&["school", "school"], "/", Err(HostError::Twice)),
            (&["evil"], "http://school/", Err(HostError::Differs)),
        ] {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            let outcome = name_host(&mut headers, &Uri::from_static(uri));
            let outcome = outcome.map(|()| headers.get_all(header::HOST).iter().cloned().collect::<Vec<_>>());
            assert_eq!(outcome, named.map(|name| vec![HeaderValue::from_static(name)]), "{hosts:?} {uri}");
        }
    }
}
