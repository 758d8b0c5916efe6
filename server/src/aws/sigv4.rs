//! AWS Signature Version 4, seen from the service: who signed a request, and is it still what they signed?
//!
//! Owns the parsing and the proof of signatures in the `Authorization` header, as AWS's clients send them with every
//! JSON 1.1 request, and AWS's own words for what is wrong with one. Does not own keys: the caller finds the secret of
//! an access key, and may keep the [`signing_key`] made of it, which is good for a day. Does not own what a request
//! asks for, nor how an error goes on the wire. Checks come in the order in which AWS makes them.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use chrono::{DateTime, NaiveDateTime};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const DATE: &str = "x-amz-date";
const CONTENT_SHA256: &str = "x-amz-content-sha256";
const ISO_BASIC: &str = "%Y%m%dT%H%M%SZ";
/// How far the clocks of client and service may be apart.
const SKEW_MS: i64 = 5 * 60_000;
/// What SHA-256 works on at a time, and so the longest key that HMAC takes as it is.
const BLOCK: usize = 64;

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
        if !signed_headers.iter().any(|name| name == "host") {
            return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
        }
        if algorithm != ALGORITHM {
            return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now). ")));
        }
        let [access_key, date, region, service] = scope_of(credential, at)?.map(str::to_owned);
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
        key: &[u8; 32],
        request: &Request<'_>,
        service: &str,
        now_ms: i64,
    ) -> Result<(), SignatureError> {
        self.check_clock(now_ms)?;
        if self.service != service {
            return Err(invalid(format!("Credential should be scoped to correct service: '{service}'. ")));
        }
        let text = self.string_to_sign(request)?;
        let expected = format!("{:x}", mac(key, text.as_bytes()).finalize().into_bytes());
        // Two MACs compare in the same time wherever they differ, and whatever was sent.
        let same = mac(key, expected.as_bytes()).finalize() == mac(key, self.signature.as_bytes()).finalize();
        if same { Ok(()) } else { Err(invalid(MISMATCH)) }
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
        let (at, canonical) = (iso_basic(self.at), Sha256::digest(self.canonical_request(request)?));
        Ok(format!("{ALGORITHM}\n{at}\n{date}/{region}/{service}/{TERMINATOR}\n{canonical:x}"))
    }

    fn canonical_request(&self, request: &Request<'_>) -> Result<Vec<u8>, SignatureError> {
        let payload = format!("{:x}", Sha256::digest(request.body));
        let (path, query) = (canonical_path(request.path), canonical_query(request.query));
        let mut out = format!("{}\n{path}\n{query}\n", request.method).into_bytes();
        for name in &self.signed_headers {
            let value = canonical_header(request.headers, name)?;
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
pub fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> [u8; 32] {
    let start = format!("AWS4{secret}");
    let day: [u8; 32] = mac(start.as_bytes(), date.as_bytes()).finalize().into_bytes().into();
    [region, service, TERMINATOR]
        .iter()
        .fold(day, |key, part| mac(&key, part.as_bytes()).finalize().into_bytes().into())
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

/// HMAC's own rule for a key of any length, spelt out, because the crate's constructor for that could fail by its type.
fn mac(key: &[u8], data: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    Hmac::<Sha256>::new(&block.into()).chain_update(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of AWS's published examples.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    /// 2026-01-31 10:41:07, when the requests of [`BOTOCORE`] were signed.
    const NOW: i64 = 1_769_856_067_000;
    /// 2015-08-30 12:36:00, when AWS's published requests were signed.
    const PUBLISHED: i64 = 1_440_938_160_000;

    struct Sent {
        method: Method,
        path: &'static str,
        query: &'static str,
        headers: HeaderMap,
        body: &'static [u8],
    }

    impl Sent {
        fn new(line: &'static str, headers: &[(&'static str, &str)], authorization: &str, body: &'static str) -> Self {
            let (method, target) = line.split_once(' ').expect("method and target");
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let mut map = HeaderMap::new();
            for (name, value) in headers.iter().chain(&[("authorization", authorization)]) {
                map.append(*name, value.parse().expect("a value"));
            }
            Self { method: method.parse().expect("a method"), path, query, headers: map, body: body.as_bytes() }
        }

        fn request(&self) -> Request<'_> {
            let Self { method, path, query, headers, body } = self;
            Request { method, path, query, headers, body }
        }

        fn check(&self, secret: &str, service: &str, now: i64) -> Result<(), SignatureError> {
            Credential::of(&self.headers)?.verify(secret, &self.request(), service, now)
        }

        fn header(mut self, name: &'static str, value: &str) -> Self {
            self.headers.insert(name, value.parse().expect("a value"));
            self
        }
    }

    fn authorization(scope: &str, signed: &str, signature: &str) -> String {
        format!(
            "{ALGORITHM} Credential=AKIDEXAMPLE/{scope}/{TERMINATOR}, SignedHeaders={signed}, Signature={signature}"
        )
    }

    /// `GET ListUsers`, the example of AWS's own documentation of the signing process.
    fn list_users() -> Sent {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ];
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        let authorization = authorization("20150830/us-east-1/iam", "content-type;host;x-amz-date", signature);
        Sent::new("GET /?Action=ListUsers&Version=2010-05-08", &headers, &authorization, "")
    }

    #[test]
    fn aws_s_own_example_is_taken_apart_and_proven() {
        let sent = list_users();
        let credential = Credential::of(&sent.headers).expect("complete");
        let Credential { access_key, date, region, service, signed_headers, at, .. } = &credential;
        assert_eq!([access_key, date, region, service], ["AKIDEXAMPLE", "20150830", "us-east-1", "iam"]);
        assert_eq!((signed_headers.join(" ").as_str(), *at), ("content-type host x-amz-date", PUBLISHED));
        let canonical = credential.canonical_request(&sent.request()).expect("canonical");
        let hash = format!("{:x}", Sha256::digest(canonical));
        assert_eq!(hash, "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
        assert_eq!(sent.check(SECRET, "iam", PUBLISHED), Ok(()));
    }

    #[test]
    fn the_signing_key_is_that_of_aws_s_examples() {
        let hex = |key: [u8; 32]| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(signing_key(SECRET, "20150830", "us-east-1", "iam")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
        assert_eq!(
            hex(signing_key(SECRET, "20120215", "us-east-1", "iam")),
            "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"
        );
        // Longer than a block, so that HMAC hashes it first. Made with botocore.
        assert_eq!(
            hex(signing_key(&"k".repeat(100), "20260131", "eu-central-1", "kinesis")),
            "f54874af72013a50d2432699c63c37244eebe4b0685b74aef58d50e2a1905cb7"
        );
    }

    /// A request line, the scope, the signed headers, the signature and the body.
    type Vector = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

    const HOST: (&str, &str) = ("host", "example.amazonaws.com");
    const AT: (&str, &str) = ("x-amz-date", "20150830T123600Z");

    /// From the test suite that AWS published.
    const SUITE: [Vector; 6] = [
        (
            "GET /",
            "20150830/us-east-1/service",
            &[HOST, AT],
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            "",
        ),
        (
            "POST /",
            "20150830/us-east-1/service",
            &[HOST, AT],
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            "",
        ),
        (
            "GET /?Param2=value2&Param1=value1",
            "20150830/us-east-1/service",
            &[HOST, AT],
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            "",
        ),
        (
            "GET /",
            "20150830/us-east-1/service",
            &[HOST, ("my-header1", "value1"), ("my-header2", "\"a   b   c\""), AT],
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            "",
        ),
        (
            "GET //example//",
            "20150830/us-east-1/service",
            &[HOST, AT],
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
            "",
        ),
        (
            "POST /",
            "20150830/us-east-1/service",
            &[("content-type", "application/x-www-form-urlencoded"), HOST, AT],
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            "Param1=value1",
        ),
    ];

    /// Made with botocore 1.44.8 at one fixed instant: three requests of boto3 clients, four odd ones of its signer.
    const BOTOCORE: [Vector; 7] = [
        (
            "POST /",
            "20260131/us-east-1/firehose",
            &[
                ("host", "127.0.0.1:4566"),
                ("x-amz-target", "Firehose_20150804.PutRecordBatch"),
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-date", "20260131T104107Z"),
            ],
            "474769ed0cb6ed634ea6a2fd5eb2bb61504268524f870e2bb4839074b9346e81",
            r#"{"DeliveryStreamName": "quiz-answers", "Records": [{"Data": "eyJyZWNvcmRfaWQiOiJyMSJ9Cg=="}, {"Data": "+vv8/f7/"}]}"#,
        ),
        (
            "POST /",
            "20260131/ap-southeast-2/kinesis",
            &[
                ("host", "127.0.0.1:4566"),
                ("x-amz-target", "Kinesis_20131202.PutRecord"),
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-date", "20260131T104107Z"),
            ],
            "ecf878c30fd67a1d40232f0c4060af43e7c6aee16fe5ecf06c5e5cc8c51e2724",
            r#"{"StreamName": "s", "Data": "6Q==", "PartitionKey": "schl\u00fcssel"}"#,
        ),
        (
            "POST /",
            "20260131/eu-central-1/kinesis",
            &[
                ("host", "127.0.0.1:4566"),
                ("x-amz-target", "Kinesis_20131202.ListStreams"),
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-date", "20260131T104107Z"),
            ],
            "9e56bdd05ece4aee2987093dc927b94d657d01c78da7391066963006f1266159",
            "{}",
        ),
        (
            "POST /a%20b//./x/../caf%C3%A9/?b=2&a=z&a=%20%2F&c",
            "20260131/us-east-1/kinesis",
            &[
                ("host", "example.com:4566"),
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-date", "20260131T104107Z"),
            ],
            "0437bdf7ebd77f100d3aa53cbfef8577dd7dc93e1af4f83f48e7e8819b805642",
            "{}",
        ),
        (
            "POST /",
            "20260131/us-east-1/kinesis",
            &[
                ("host", "example.com"),
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-meta", "  a   b \t c  "),
                ("x-amz-meta", " d "),
                ("x-amz-empty", ""),
                ("x-amz-content-sha256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
                ("x-amz-date", "20260131T104107Z"),
            ],
            "0d25e68df87efdb78834393c8a851de541781c8efa9f5299e87380a2383792aa",
            "{}",
        ),
        (
            "POST /",
            "20260131/us-east-1/kinesis",
            &[
                ("host", "example.com"),
                ("content-type", "application/x-amz-json-1.1"),
                ("date", "Sat, 31 Jan 2026 10:41:07 -0000"),
            ],
            "2225663e851870ab19259cf3753c75c59bfcc4c8ec79ba0ebe612ca3e48c8320",
            "{}",
        ),
        (
            "GET /",
            "20260131/us-east-1/iam",
            &[
                ("host", "example.com"),
                ("x-amz-date", "20260131T104107Z"),
                ("x-amz-security-token", "a+session/token=="),
            ],
            "0f29fdb7ab1b978d90da9dc8b47ffa4973f57f53c16ca4cdadd94a9a408e6f18",
            "",
        ),
    ];

    fn sent((line, scope, headers, signature, body): Vector) -> Sent {
        let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        Sent::new(line, headers, &authorization(scope, &names.join(";"), signature), body)
    }

    fn put() -> Sent {
        sent(BOTOCORE[0])
    }

    #[test]
    fn what_aws_published_and_what_botocore_signs_is_proven() {
        for vector in SUITE.into_iter().chain(BOTOCORE) {
            let now = if vector.1.starts_with("2015") { PUBLISHED } else { NOW };
            let (sent, service) = (sent(vector), vector.1.rsplit('/').next().expect("a service"));
            assert_eq!(sent.check(SECRET, service, now), Ok(()), "{vector:?}");
            let credential = Credential::of(&sent.headers).expect("complete");
            let key = signing_key(SECRET, &credential.date, &credential.region, service);
            assert_eq!(credential.verify_with(&key, &sent.request(), service, now), Ok(()), "with a kept key");
        }
    }

    #[test]
    fn headers_that_are_not_signed_and_the_order_of_the_signed_do_not_matter() {
        let sent = put().header("user-agent", "any").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        assert_eq!(sent.check(SECRET, "firehose", NOW), Ok(()));
        let text = sent.headers["authorization"].to_str().expect("text");
        let shuffled =
            text.replace("content-type;host;x-amz-date;x-amz-target", "HOST;x-amz-target;x-amz-date;content-type");
        assert_ne!(text, shuffled);
        let tight = shuffled.replace(", ", ",");
        assert_eq!(put().header("authorization", &tight).check(SECRET, "firehose", NOW), Ok(()));
    }

    #[test]
    fn any_change_of_what_is_signed_is_a_mismatch() {
        let signed = put().headers["authorization"].to_str().expect("text").to_owned();
        let with = |from: &str, to: &str| put().header("authorization", &signed.replace(from, to));
        let changed = [
            Sent { method: Method::PUT, ..put() },
            Sent { path: "/x", ..put() },
            Sent { query: "a", ..put() },
            Sent { body: b"{}", ..put() },
            put().header("x-amz-target", "Firehose_20150804.DeleteDeliveryStream"),
            put().header("host", "127.0.0.1:4567"),
            put().header("x-amz-date", "20260131T104108Z"),
            with("us-east-1", "eu-central-1"),
            with("content-type;host", "host"),
            with("6e81", "6e82"),
            with("6e81", "6E81"),
            with("6e81", "6e8"),
            with("6e81", "6e8100"),
        ];
        for sent in changed {
            let error = sent.check(SECRET, "firehose", NOW).expect_err("changed");
            assert_eq!(
                (error.code(), error.message()),
                ("InvalidSignatureException", MISMATCH),
                "{:?}",
                sent.request()
            );
        }
        assert_eq!(put().check("another secret", "firehose", NOW), Err(invalid(MISMATCH)));
    }

    #[test]
    fn a_signed_hash_has_to_be_that_of_the_body() {
        for hash in ["UNSIGNED-PAYLOAD", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"] {
            let error = sent(BOTOCORE[4]).header(CONTENT_SHA256, hash).check(SECRET, "kinesis", NOW);
            assert_eq!(error, Err(invalid(MISMATCH)), "{hash}");
        }
    }

    #[test]
    fn a_request_without_a_signature_is_told_so() {
        let mut sent = put();
        sent.headers.remove("authorization");
        let error = sent.check(SECRET, "firehose", NOW).expect_err("not signed");
        assert_eq!(error, SignatureError::MissingAuthenticationToken);
        assert_eq!((error.code(), error.message()), ("MissingAuthenticationTokenException", MISSING));
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn an_unknown_key_has_aws_s_words() {
        let error = SignatureError::UnrecognizedClient;
        assert_eq!((error.code(), error.message()), ("UnrecognizedClientException", UNRECOGNIZED));
        assert_eq!(
            (error.status(), error.to_string().as_str()),
            (StatusCode::BAD_REQUEST, "the access key is not known")
        );
    }

    #[test]
    fn what_is_missing_in_a_signature_is_listed() {
        let all = "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' \
            parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence \
            of either a 'X-Amz-Date' or a 'Date' header. Authorization=a";
        let mut sent = put().header("authorization", "a");
        sent.headers.remove("x-amz-date");
        assert_eq!(sent.check(SECRET, "firehose", NOW), Err(incomplete(all)));
        let no_signature = "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host";
        let error = put().header("authorization", no_signature).check(SECRET, "firehose", NOW).expect_err("incomplete");
        assert_eq!(error.code(), "IncompleteSignatureException");
        assert_eq!(
            error.message(),
            format!("Authorization header requires 'Signature' parameter. Authorization={no_signature}")
        );
    }

    #[test]
    fn what_cannot_be_read_is_quoted() {
        let good = put().headers["authorization"].to_str().expect("text").to_owned();
        let scope = "AKIDEXAMPLE/20260131/us-east-1/firehose/aws4_request";
        let cases = [
            (
                good.replace(scope, "a/b/c/d"),
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'",
            ),
            (
                good.replace("SHA256", "SHA512"),
                "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512' (only AWS4-HMAC-SHA256 for now). ",
            ),
            (
                good.replace("content-type;", "accept;content-type;"),
                "'accept' is named as a SignedHeader, but it does not exist in the HTTP request.",
            ),
            (
                "Bearer abc".to_owned(),
                "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'.",
            ),
        ];
        for (authorization, message) in cases {
            let error = put().header("authorization", &authorization).check(SECRET, "firehose", NOW);
            assert_eq!(error, Err(incomplete(message)));
        }
        let date = "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601";
        assert_eq!(put().header("x-amz-date", "201").check(SECRET, "firehose", NOW), Err(incomplete(date)));
    }

    #[test]
    fn a_signature_for_something_else_is_told_what_for() {
        let good = put().headers["authorization"].to_str().expect("text").to_owned();
        let day = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
            '20260130' != '20260131', from '20260131T104107Z'.";
        let cases = [
            (good.replace("firehose", "kinesis"), "Credential should be scoped to correct service: 'firehose'. "),
            (good.replace("us-east-1", ""), "Credential should be scoped to a valid region, not ''. "),
            (
                good.replace("aws4_request", "aws5"),
                "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. ",
            ),
            (good.replace("20260131", "20260130"), day),
            (good.replace(";host", ""), "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
        ];
        for (authorization, message) in cases {
            let error = put().header("authorization", &authorization).check(SECRET, "firehose", NOW);
            assert_eq!(error, Err(invalid(message)));
        }
    }

    #[test]
    fn a_clock_may_be_five_minutes_off_and_no_more() {
        for off in [-SKEW_MS, -1, 0, 1, SKEW_MS, SKEW_MS + 999] {
            assert_eq!(put().check(SECRET, "firehose", NOW + off), Ok(()), "{off}");
        }
        let late =
            "Signature expired: 20260131T104107Z is now earlier than 20260131T104108Z (20260131T104608Z - 5 min.)";
        assert_eq!(put().check(SECRET, "firehose", NOW + SKEW_MS + 1000), Err(invalid(late)));
        let early = "Signature not yet current: 20260131T104107Z is still later than 20260131T104106Z (20260131T103606Z + 5 min.)";
        assert_eq!(put().check(SECRET, "firehose", NOW - SKEW_MS - 1), Err(invalid(early)));
    }

    /// No panic and no proof, whatever is cut off or changed, and whatever the clock says.
    #[test]
    fn mutated_requests_are_errors_and_never_panics() {
        let original = put();
        for (name, value) in &original.headers {
            let value = value.as_bytes();
            for place in 0..value.len() {
                for byte in b"\t /=,;%+0aZ\x80\xff" {
                    let mut changed = value.to_vec();
                    changed[place] = *byte;
                    for bytes in [&changed[..], &value[..place], &[value, &[*byte]].concat()] {
                        let mut sent = put();
                        sent.headers.insert(name, HeaderValue::from_bytes(bytes).expect("a value"));
                        let proven = sent.check(SECRET, "firehose", NOW).is_ok();
                        let same = canonical_header(&sent.headers, name.as_str())
                            == canonical_header(&original.headers, name.as_str());
                        assert!(!proven || same || name == "authorization", "{name}: {bytes:?}");
                    }
                }
            }
        }
        for now in [i64::MIN, -1, 0, i64::MAX] {
            assert!(put().check(SECRET, "firehose", now).is_err(), "{now}");
        }
        for text in ["%", "%4", "%zz", "%C3%28", "/%", "//../..//", "&&==&", "=%00&\u{e9}=\u{1f980}%f"] {
            assert!(Sent { path: text, query: text, ..put() }.check(SECRET, "firehose", NOW).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_and_queries_become_canonical() {
        for (path, canonical) in [("", "/"), ("/", "/"), ("//a//", "/a/"), ("/a/../..", "/"), ("/./a%20b", "/a%2520b")]
        {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
        for (query, canonical) in
            [("", ""), ("b&a=%2f&a=%41", "a=%2F&a=A&b="), ("%=%zz&\u{e9}=~*", "%25=%25zz&%C3%A9=~%2A")]
        {
            assert_eq!(canonical_query(query), canonical, "{query}");
        }
    }
}
