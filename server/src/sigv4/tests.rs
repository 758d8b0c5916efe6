//! Signatures that others made are proven, and what is wrong with one is told in AWS's words.

mod signed;

use self::signed::{BOTOCORE, SUITE, Vector};
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
    format!("{ALGORITHM} Credential=AKIDEXAMPLE/{scope}/{TERMINATOR}, SignedHeaders={signed}, Signature={signature}")
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
    assert_eq!(sha256(&canonical), "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
    assert_eq!(sent.check(SECRET, "iam", PUBLISHED), Ok(()));
}

#[test]
fn the_signing_key_is_that_of_aws_s_examples() {
    assert_eq!(
        hex::encode(signing_key(SECRET, "20150830", "us-east-1", "iam")),
        "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    );
    assert_eq!(
        hex::encode(signing_key(SECRET, "20120215", "us-east-1", "iam")),
        "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"
    );
    // Longer than a block, so that HMAC hashes it first. Made with botocore.
    assert_eq!(
        hex::encode(signing_key(&"k".repeat(100), "20260131", "eu-central-1", "kinesis")),
        "f54874af72013a50d2432699c63c37244eebe4b0685b74aef58d50e2a1905cb7"
    );
}

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
        assert_eq!((error.code(), error.message()), ("InvalidSignatureException", MISMATCH), "{:?}", sent.request());
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
    assert_eq!((error.status(), error.to_string().as_str()), (StatusCode::BAD_REQUEST, "the access key is not known"));
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
    let late = "Signature expired: 20260131T104107Z is now earlier than 20260131T104108Z (20260131T104608Z - 5 min.)";
    assert_eq!(put().check(SECRET, "firehose", NOW + SKEW_MS + 1000), Err(invalid(late)));
    let early =
        "Signature not yet current: 20260131T104107Z is still later than 20260131T104106Z (20260131T103606Z + 5 min.)";
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
    for (path, canonical) in [("", "/"), ("/", "/"), ("//a//", "/a/"), ("/a/../..", "/"), ("/./a%20b", "/a%2520b")] {
        assert_eq!(canonical_path(path), canonical, "{path}");
    }
    for (query, canonical) in
        [("", ""), ("b&a=%2f&a=%41", "a=%2F&a=A&b="), ("%=%zz&\u{e9}=~*", "%25=%25zz&%C3%A9=~%2A")]
    {
        assert_eq!(canonical_query(query), canonical, "{query}");
    }
}
