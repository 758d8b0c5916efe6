//! The AWS wire: Firehose and Kinesis Data Streams as AWS's own clients speak to them.
//!
//! Owns a listener of its own, the proof of signatures, and the operations' shapes and words. Does not own a stream or a
//! rule about records: every record goes through the same door as one that came over the gateway.

mod error;
mod firehose;
mod iterator;
mod kinesis;
mod shape;

use std::sync::Arc;

use app::api::Millis;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;
use uuid::Uuid;

pub use error::AwsError;

use crate::access::{self, Act};
use crate::amazon::ACCOUNT;
use crate::keys::{Key, KeyError, Keys};
use crate::listen::{self, Bodies};
use crate::registry::Registry;
use crate::registry::made::{MadeError, MadeStreams};
use crate::sigv4::{self, Credential};
use crate::store::Store;

/// Ten MiB in base64, and what is around it.
const MOST_BODY: usize = 16 << 20;
const JSON_1_1: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What requests are answered by.
#[derive(Clone)]
pub struct AwsService {
    registry: Registry,
    keys: Keys,
    made: MadeStreams,
    /// Seals shard iterators.
    secret: String,
    /// The memory of large requests.
    bodies: Bodies,
}

impl AwsService {
    /// Starts the streams that were made over the wire before.
    ///
    /// # Errors
    /// If one of them cannot be started.
    pub async fn open(
        registry: Registry,
        keys: Keys,
        store: Store,
        secret: String,
        bodies: Bodies,
    ) -> Result<Self, MadeError> {
        let made = MadeStreams::restore(registry.clone(), store).await?;
        Ok(Self { registry, keys, made, secret, bodies })
    }

    /// The listener's one route.
    pub fn router(self) -> Router {
        Router::new().fallback(answer).with_state(Arc::new(self)).layer(CatchPanicLayer::custom(
            |_: Box<dyn std::any::Any + Send>| respond(Err(AwsError::internal(&"a handler panicked"))),
        ))
    }

    fn now(&self) -> Millis {
        self.registry.plant().clock.now()
    }

    async fn handle(&self, request: Request<Body>) -> Result<Vec<u8>, AwsError> {
        let (mut parts, body) = request.into_parts();
        // What is signed as `host` or `:authority` is this name.
        listen::name_host(&mut parts.headers, &parts.uri)?;
        let credential = Credential::of(&parts.headers)?;
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let (version, operation) = target.split_once('.').unwrap_or_default();
        let service = match version {
            "Firehose_20150804" => "firehose",
            "Kinesis_20131202" => "kinesis",
            // Whoever asks for something else should at least be somebody.
            _ => credential.service.as_str(),
        };
        let (key, secret) = self.keys.by_access_key_id(&credential.access_key).await?;
        // Only somebody who knows a key's name gets a body into memory.
        let body = self.bodies.read(&parts.headers, body, MOST_BODY).await?;
        let body = &body.bytes;
        let signed = sigv4::Request {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body,
        };
        credential.verify(&secret, &signed, service, self.registry.plant().clock.wall())?;
        // Whatever is asked, once, and by the signature's owner: a stranger cannot use up somebody's rate.
        self.keys.count(&key).map_err(|error| throttled(version, error))?;
        let asked = SignedRequest { operation, body, key, region: &credential.region };
        match version {
            "Firehose_20150804" => self.firehose(&asked).await,
            "Kinesis_20131202" => self.kinesis(&asked).await.map(|answer| body_of(&answer)),
            _ => Err(AwsError::unknown_operation()),
        }
    }
}

/// A request whose signature has been proven.
struct SignedRequest<'a> {
    operation: &'a str,
    body: &'a [u8],
    key: Key,
    region: &'a str,
}

impl SignedRequest<'_> {
    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region)
    }

    /// Whether the key may do this to a stream, whether that is there or not.
    fn may(&self, act: Act, service: &str, stream: &str) -> Result<(), AwsError> {
        if access::may(self.key.rights(), act, stream) {
            return Ok(());
        }
        let message =
            format!("This key is not authorized to perform: {service}:{} on resource: {stream}", self.operation);
        Err(AwsError::new("AccessDeniedException", message))
    }
}

/// Each service has a code of its own for a key that is used too often.
fn throttled(version: &str, error: KeyError) -> AwsError {
    match (version, &error) {
        ("Kinesis_20131202", KeyError::TooMany { problem, .. }) => {
            AwsError::new("ProvisionedThroughputExceededException", problem)
        }
        _ => error.into(),
    }
}

async fn answer(State(room): State<Arc<AwsService>>, request: Request<Body>) -> Response {
    respond(room.handle(request).await)
}

/// An answer as it goes on the wire. `Null` is an answer without a body.
fn body_of(answer: &Value) -> Vec<u8> {
    if answer.is_null() { Vec::new() } else { answer.to_string().into_bytes() }
}

fn respond(answer: Result<Vec<u8>, AwsError>) -> Response {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (error.status(), error.body()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON_1_1);
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A member that is text, or nothing.
fn word<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// A member that is a whole number, if it is there.
fn number(value: &Value, member: &str) -> Option<i64> {
    value[member].as_i64()
}

/// Times on this wire are seconds, with a fraction.
fn millis_to_seconds(at: Millis) -> f64 {
    at as f64 / 1e3
}
