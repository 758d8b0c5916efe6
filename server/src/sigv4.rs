//! AWS Signature Version 4, seen from the service: who signed a request, and is it still what they signed?
//!
//! Owns the parsing and the proof of signatures in the `Authorization` header, as AWS's clients send them with every
//! JSON 1.1 request, and AWS's own words for what is wrong with one. Does not own keys: the caller finds the secret of
//! an access key, and may keep the [`signing_key`] made of it, which is good for a day. Does not own what a request
//! asks for, nor how an error goes on the wire. Checks come in the order in which AWS makes them.

// Hashing is the dearest part of a request with many records, and this one is the fastest where the CPU has no
// instructions for it.
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{self, HMAC_SHA256, Tag};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use chrono::{DateTime, NaiveDateTime};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const AUTHORITY: &str = ":authority";
const DATE: &str = "x-amz-date";
const TARGET: &str = "x-amz-target";
const CONTENT_SHA256: &str = "x-amz-content-sha256";
const ISO_BASIC: &str = "%Y%m%dT%H%M%SZ";
/// How far the clocks of client and service may be apart.
const SKEW_MS: i64 = 5 * 60_000;

const MISSING: &str = "Missing Authentication Token";
const UNRECOGNIZED: &str = "The security token included in the request is invalid.";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your \
    AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// Why a request does not count as signed, named as AWS names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the request is not signed")]
    MissingAuthenticationToken,
    /// A part of the signature is missing or cannot be read.
    #[error("the signature is incomplete: {0}")]
    IncompleteSignature(String),
    /// Nobody has this access key. Found out by the caller, who knows the keys.
    #[error("the access key is not known")]
    UnrecognizedClient,
    /// The signature is not this request's, or not for this service, or not for now.
    #[error("the signature is not valid: {0}")]
    InvalidSignature(String),
}

impl SignatureError {
    /// AWS's code, as `__type` carries it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::InvalidSignature(_) => "InvalidSignatureException",
        }
    }

    /// AWS's wording. May quote the request's own headers, never a secret of ours.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::MissingAuthenticationToken => MISSING,
            Self::UnrecognizedClient => UNRECOGNIZED,
            Self::IncompleteSignature(message) | Self::InvalidSignature(message) => message,
        }
    }

    /// The HTTP status. JSON 1.1 services answer 400 to all of these, not 403 as services that speak XML do.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }
}

/// What a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// As sent.
    pub method: &'a Method,
    /// As sent, still percent-encoded.
    pub path: &'a str,
    /// As sent, without the question mark; empty if there is none.
    pub query: &'a str,
    /// All of them; only the signed ones are looked at.
    pub headers: &'a HeaderMap,
    /// As sent.
    pub body: &'a [u8],
}

/// What a request says about its signature. Nothing of it is proven before [`Credential::verify`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Names the key that the request was signed with.
    pub access_key: String,
    /// Day of the signing key, `YYYYMMDD`.
    pub date: String,
    /// Region of the signing key. Any will do, as long as there is one.
    pub region: String,
    /// Service of the signing key, such as `firehose`.
    pub service: String,
    /// Names of the headers that are covered, in lower case, sorted.
    pub signed_headers: Vec<String>,
    /// 64 hexadecimal digits, if it is one.
    pub signature: String,
    /// When the request was signed, in milliseconds since 1970; whole seconds.
    pub at: i64,
}

impl Credential {
    /// Reads the `Authorization` header and `X-Amz-Date`, or `Date` in its absence.
    ///
    /// # Errors
    /// Says what is missing or cannot be read.
    pub fn of(headers: &HeaderMap) -> Result<Self, SignatureError> {
        let Some(given) = headers.get(header::AUTHORIZATION) else {
            return Err(SignatureError::MissingAuthenticationToken);
        };
        let given = String::from_utf8_lossy(given.as_bytes());
        let date = headers.get(DATE).or_else(|| headers.get(header::DATE));
        let date = date.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let (algorithm, [credential, signature, signed_headers]) = split(&given, date.is_some())?;
        let at = parse_date(&date.unwrap_or_default())?;
        let mut signed_headers: Vec<String> = signed_headers.split(';').map(str::to_ascii_lowercase).collect();
        signed_headers.sort_unstable();
        signed_headers.dedup();
        if !signed_headers.iter().any(|name| name == "host" || name == AUTHORITY) {
            return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
        }
        if algorithm != ALGORITHM {
            return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now). ")));
        }
        let [access_key, date, region, service] = scope_of(credential, at)?.map(str::to_owned);
        // It says which operation is meant.
        if headers.contains_key(TARGET) && !signed_headers.iter().any(|name| name == TARGET) {
            return Err(invalid("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."));
        }
        Ok(Self { access_key, date, region, service, signed_headers, signature: signature.to_owned(), at })
    }

    /// Proves that the holder of `secret` signed exactly this request, for this service, within five minutes of now.
    ///
    /// # Errors
    /// If not.
    pub fn verify(
        &self,
        secret: &str,
        request: &Request<'_>,
        service: &str,
        now_ms: i64,
    ) -> Result<(), SignatureError> {
        self.verify_with(&signing_key(secret, &self.date, &self.region, &self.service), request, service, now_ms)
    }

    /// As [`Credential::verify`], with the key that [`signing_key`] made for this access key, date, region and service.
    ///
    /// # Errors
    /// If the signature is not valid.
    pub fn verify_with(
        &self,
        key: &Tag,
        request: &Request<'_>,
        service: &str,
        now_ms: i64,
    ) -> Result<(), SignatureError> {
        self.check_clock(now_ms)?;
        if self.service != service {
            return Err(invalid(format!("Credential should be scoped to correct service: '{service}'. ")));
        }
        let text = self.string_to_sign(request)?;
        let expected = hex::encode(mac(key, text.as_bytes()));
        verify_slices_are_equal(expected.as_bytes(), self.signature.as_bytes()).map_err(|_| invalid(MISMATCH))
    }

    fn check_clock(&self, now_ms: i64) -> Result<(), SignatureError> {
        // Whole seconds, as in the messages, so that none says that a time is earlier than itself.
        let now_ms = now_ms.div_euclid(1000).saturating_mul(1000);
        let (first, last) = (now_ms.saturating_sub(SKEW_MS), now_ms.saturating_add(SKEW_MS));
        let iso = iso_basic;
        let problem = if self.at < first {
            format!("expired: {} is now earlier than {} ({} - 5 min.)", iso(self.at), iso(first), iso(now_ms))
        } else if self.at > last {
            format!("not yet current: {} is still later than {} ({} + 5 min.)", iso(self.at), iso(last), iso(now_ms))
        } else {
            return Ok(());
        };
        Err(invalid(format!("Signature {problem}")))
    }

    fn string_to_sign(&self, request: &Request<'_>) -> Result<String, SignatureError> {
        let Self { date, region, service, .. } = self;
        let (at, canonical) = (iso_basic(self.at), sha256(&self.canonical_request(request)?));
        Ok(format!("{ALGORITHM}\n{at}\n{date}/{region}/{service}/{TERMINATOR}\n{canonical}"))
    }

    fn canonical_request(&self, request: &Request<'_>) -> Result<Vec<u8>, SignatureError> {
        let payload = sha256(request.body);
        let (path, query) = (canonical_path(request.path), canonical_query(request.query));
        let mut out = format!("{}\n{path}\n{query}\n", request.method).into_bytes();
        for name in &self.signed_headers {
            // The pseudo-header of HTTP/2 names the host.
            let header = if name == AUTHORITY { "host" } else { name };
            let value = canonical_header(request.headers, header)?;
            if name == CONTENT_SHA256 && value != payload.as_bytes() {
                return Err(invalid(MISMATCH));
            }
            out.extend([name.as_bytes(), b":", &value, b"\n"].concat());
        }
        out.extend_from_slice(format!("\n{}\n{payload}", self.signed_headers.join(";")).as_bytes());
        Ok(out)
    }
}

/// The key that signs for one service of one region during one day (`YYYYMMDD`). Worth keeping: it costs four HMACs.
#[must_use]
pub fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> Tag {
    let day = mac(format!("AWS4{secret}").as_bytes(), date.as_bytes());
    [region, service, TERMINATOR].iter().fold(day, |key, part| mac(key, part.as_bytes()))
}

fn incomplete(message: impl Into<String>) -> SignatureError {
    SignatureError::IncompleteSignature(message.into())
}

fn invalid(message: impl Into<String>) -> SignatureError {
    SignatureError::InvalidSignature(message.into())
}

/// The algorithm, and the values of `Credential`, `Signature` and `SignedHeaders`.
fn split(given: &str, dated: bool) -> Result<(&str, [&str; 3]), SignatureError> {
    const NAMES: [&str; 3] = ["Credential", "Signature", "SignedHeaders"];
    let (algorithm, rest) = given.trim().split_once([' ', '\t']).unwrap_or((given.trim(), ""));
    let mut values = [""; 3];
    for pair in rest.split([',', ' ', '\t']).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            let problem = "not a valid key=value pair (missing equal-sign) in Authorization header";
            incomplete(format!("'{pair}' {problem}: '{given}'."))
        })?;
        if let Some(place) = NAMES.iter().position(|known| *known == name) {
            values[place] = value;
        }
    }
    let absent = NAMES.iter().zip(values).filter(|(_, value)| value.is_empty());
    let mut problem: String =
        absent.map(|(name, _)| format!("Authorization header requires '{name}' parameter. ")).collect();
    if !dated {
        problem += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    }
    if problem.is_empty() { Ok((algorithm, values)) } else { Err(incomplete(problem + "Authorization=" + given)) }
}

/// Access key, date, region and service of a credential whose date has to be that of the request.
fn scope_of(credential: &str, at: i64) -> Result<[&str; 4], SignatureError> {
    let parts: Vec<&str> = credential.split('/').collect();
    let Ok([access_key, date, region, service, terminator]) = <[&str; 5]>::try_from(parts) else {
        let wanted = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term";
        return Err(incomplete(format!("{wanted}, got '{credential}'")));
    };
    if terminator != TERMINATOR {
        let wanted = format!("Credential should be scoped with a valid terminator: '{TERMINATOR}'");
        return Err(invalid(format!("{wanted}, not '{terminator}'. ")));
    }
    if region.is_empty() {
        return Err(invalid("Credential should be scoped to a valid region, not ''. "));
    }
    let iso = iso_basic(at);
    if !iso.strip_prefix(date).is_some_and(|time| time.starts_with('T')) {
        let wanted = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP";
        let day = iso.split('T').next().unwrap_or_default();
        return Err(invalid(format!("{wanted}: '{date}' != '{day}', from '{iso}'.")));
    }
    Ok([access_key, date, region, service])
}

fn parse_date(text: &str) -> Result<i64, SignatureError> {
    let basic = NaiveDateTime::parse_from_str(text, ISO_BASIC).map(|time| time.and_utc());
    let time = basic.or_else(|_| DateTime::parse_from_rfc2822(text).map(|time| time.to_utc()));
    time.map(|time| time.timestamp() * 1000).map_err(|_| {
        let wanted = "Date must be in ISO-8601 'basic format'";
        incomplete(format!("{wanted}. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"))
    })
}

fn iso_basic(at: i64) -> String {
    DateTime::from_timestamp_millis(at).unwrap_or_default().format(ISO_BASIC).to_string()
}

/// Without empty and dot segments, and encoded once more than it was sent, as every service but S3 wants it.
fn canonical_path(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            name => kept.push(uri_encode(name.as_bytes())),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// Sorted by name, then value, both encoded the one way that AWS allows.
fn canonical_query(query: &str) -> String {
    let encoded = |text: &str| uri_encode(&uri_decode(text));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> =
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (encoded(n), encoded(v))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// All values of a header, trimmed, runs of spaces folded into one, joined with commas.
fn canonical_header(headers: &HeaderMap, name: &str) -> Result<Vec<u8>, SignatureError> {
    let values: Vec<Vec<u8>> = headers.get_all(name).iter().map(folded).collect();
    if values.is_empty() {
        let problem = "is named as a SignedHeader, but it does not exist in the HTTP request.";
        return Err(incomplete(format!("'{name}' {problem}")));
    }
    Ok(values.join(&b','))
}

fn folded(value: &HeaderValue) -> Vec<u8> {
    let words = value.as_bytes().split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

fn uri_encode(bytes: &[u8]) -> String {
    let encoded = |byte: &u8| match char::from(*byte) {
        plain if plain.is_ascii_alphanumeric() || "-._~".contains(plain) => plain.to_string(),
        _ => format!("%{byte:02X}"),
    };
    bytes.iter().map(encoded).collect()
}

/// Leaves what is no escape as it is.
fn uri_decode(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(b'%'));
        out.extend_from_slice(&part.as_bytes()[if byte.is_some() { 2 } else { 0 }..]);
    }
    out
}

fn mac(key: impl AsRef<[u8]>, data: &[u8]) -> Tag {
    hmac::sign(&hmac::Key::new(HMAC_SHA256, key.as_ref()), data)
}

fn sha256(data: &[u8]) -> String {
    hex::encode(digest(&SHA256, data))
}

#[cfg(test)]
mod tests;
