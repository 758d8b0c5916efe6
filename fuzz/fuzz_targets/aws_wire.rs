//! Any request at the AWS wire: every operation with any body, rightly signed, and any authorization header.
#![no_main]

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use freshmark_fuzz::{Rooms, rooms};
use hmac::{Hmac, Mac};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

const FIREHOSE: &[&str] = &[
    "PutRecord",
    "PutRecordBatch",
    "DescribeDeliveryStream",
    "ListDeliveryStreams",
    "CreateDeliveryStream",
    "DeleteDeliveryStream",
    "UpdateDestination",
];
const KINESIS: &[&str] = &[
    "PutRecord",
    "PutRecords",
    "DescribeStreamSummary",
    "ListShards",
    "ListStreams",
    "GetShardIterator",
    "GetRecords",
    "CreateStream",
];

// The first byte chooses the operation, or the header; the rest is it.
fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    let (rooms, choice) = (rooms(), usize::from(*choice));
    let request = match FIREHOSE.get(choice).copied().map(|name| ("firehose", "Firehose_20150804", name)) {
        Some(operation) => signed(rooms, operation, rest),
        None => match KINESIS.get(choice - FIREHOSE.len()).copied() {
            Some(name) => signed(rooms, ("kinesis", "Kinesis_20131202", name), rest),
            None => with_header(rest),
        },
    };
    let Some(request) = request else { return };
    let answer: Response<Body> = match rooms.runtime.block_on(rooms.wire.clone().oneshot(request)) {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    let status = answer.status().as_u16();
    let body = rooms.runtime.block_on(to_bytes(answer.into_body(), usize::MAX)).expect("a body");
    assert!(status == 200 || (400..500).contains(&status) || status == 503, "{status}: {body:?}");
    if status != 200 {
        let error: serde_json::Value = serde_json::from_slice(&body).expect("an error is json");
        assert!(error["__type"].is_string(), "{error}");
    }
});

fn with_header(value: &[u8]) -> Option<Request<Body>> {
    let request = Request::post("/").header("x-amz-target", "Kinesis_20131202.ListStreams");
    request.header("authorization", value).body(Body::from("{}")).ok()
}

/// Signature version 4, as AWS's general reference describes it.
fn signed(rooms: &Rooms, (service, version, operation): (&str, &str, &str), body: &[u8]) -> Option<Request<Body>> {
    let date = chrono::Utc::now().format("%Y%m%dT%H%M%SZ").to_string();
    let (day, target) = (&date[..8], format!("{version}.{operation}"));
    let scope = format!("{day}/us-east-1/{service}/aws4_request");
    let canonical = format!(
        "POST\n/\n\nhost:wire\nx-amz-date:{date}\nx-amz-target:{target}\n\nhost;x-amz-date;x-amz-target\n{}",
        hex(&Sha256::digest(body))
    );
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut secret = format!("AWS4{}", rooms.key.secret_access_key).into_bytes();
    for part in [day, "us-east-1", service, "aws4_request"] {
        secret = mac(&secret, part);
    }
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=host;x-amz-date;x-amz-target, Signature={}",
        rooms.key.access_key_id,
        hex(&mac(&secret, &text))
    );
    let request = Request::post("/").header("host", "wire").header("x-amz-date", date).header("x-amz-target", target);
    request.header("authorization", authorization).body(Body::from(body.to_vec())).ok()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is right");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
