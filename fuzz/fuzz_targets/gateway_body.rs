//! Any body at the gateway: it is taken or refused, and never a panic.
#![no_main]

use bytes::Bytes;
use freshmark_fuzz::{STREAM, rooms};
use libfuzzer_sys::fuzz_target;
use server::gateway::GatewayError;

fuzz_target!(|body: &[u8]| {
    let rooms = rooms();
    let body = Bytes::copy_from_slice(body);
    let put = async { rooms.gateway.enter(STREAM, Some(&rooms.key.api_key)).await?.put(&body).await };
    let outcome = rooms.runtime.block_on(put);
    match outcome {
        Ok(answer) => assert!(!answer.request_responses.is_empty()),
        Err(GatewayError::Malformed { field, problem }) => assert!(!field.is_empty() && !problem.is_empty()),
        Err(GatewayError::TooLarge(problem)) => assert!(!problem.is_empty()),
        Err(other) => panic!("a body is at fault, and it is said to be something else: {other}"),
    }
});
