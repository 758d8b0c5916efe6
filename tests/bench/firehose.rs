//! `PutRecordBatch` as an AWS client speaks it, with little work of its own: it shares the machine with the server.
//!
//! Owns signing, sending and what has to be sent again. One thread a connection, no async runtime.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chrono::Utc;
use hmac::{Hmac, Mac};
use memchr::memmem;
use server::pauses::Pauses;
use sha2::{Digest, Sha256};

use crate::answers::{BATCH, FIRST, Template};
use crate::drive::{Batches, Tally};
use crate::running::Outcome;

const SCOPE: &str = "eu-central-1/firehose/aws4_request";
const SIGNED: &str = "content-type;host;x-amz-date;x-amz-target";
const TYPE: &str = "application/x-amz-json-1.1";
const TARGET: &str = "Firehose_20150804.PutRecordBatch";
/// First pause after the server has said that it takes no more just now.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Who signs.
#[derive(Clone, serde::Deserialize)]
pub struct Key {
    access_key_id: String,
    secret_access_key: String,
}

/// One connection.
struct Wire {
    host: String,
    key: Key,
    /// Day, and the key that signs on it.
    signing: (String, Vec<u8>),
    stream: BufReader<TcpStream>,
    answer: Vec<u8>,
}

/// Puts batches over one connection until there are no more, each until all of its records are acknowledged.
pub fn put(host: &str, key: &Key, stream: &str, mut templates: Vec<Template>, batches: &Batches) -> Outcome<Tally> {
    let connection = TcpStream::connect(host)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(Duration::from_secs(60)))?;
    let stream_of = BufReader::with_capacity(64 << 10, connection);
    let signing = (String::new(), Vec::new());
    let mut wire = Wire { host: host.to_owned(), key: key.clone(), signing, stream: stream_of, answer: Vec::new() };
    let (mut tally, mut turn) = (Tally::default(), 0);
    while let Some(batch) = batches.next() {
        let of = templates.len();
        let template = &mut templates[turn % of];
        turn += 1;
        template.number(FIRST + batch * BATCH as u64);
        wire.put_all(stream, template, &mut tally)?;
    }
    Ok(tally)
}

impl Wire {
    fn put_all(&mut self, stream: &str, template: &Template, tally: &mut Tally) -> Outcome<()> {
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut left: Vec<usize> = (0..BATCH).collect();
        let mut rest: Option<Vec<u8>> = None;
        loop {
            let body = rest.as_ref().unwrap_or(&template.body);
            let began = Instant::now();
            let status = self.ask(body)?;
            tally.sent(began.elapsed(), body.len());
            let before = left.len();
            match status {
                // Nearly always, and seen without reading the rest.
                200 if memmem::find(&self.answer, b"\"FailedPutCount\":0").is_some() => left.clear(),
                200 => left = self.failed(&left)?,
                503 => {}
                _ if memmem::find(&self.answer, b"ServiceUnavailableException").is_some() => {}
                _ => return Err(format!("{status}: {}", String::from_utf8_lossy(&self.answer)).into()),
            }
            tally.records += (before - left.len()) as u64;
            if left.is_empty() {
                return Ok(());
            }
            tally.again += left.len() as u64;
            std::thread::sleep(pauses.after_failure());
            rest = Some(template.only(stream, &left));
        }
    }

    /// Of the records that were sent, those that were not taken.
    fn failed(&self, sent: &[usize]) -> Outcome<Vec<usize>> {
        let answer: serde_json::Value = serde_json::from_slice(&self.answer)?;
        let entries = answer["RequestResponses"].as_array().ok_or("no entries")?;
        let mut failed = Vec::new();
        for (place, entry) in sent.iter().zip(entries) {
            match entry["ErrorCode"].as_str() {
                None => {}
                Some("ServiceUnavailableException" | "InternalFailure") => failed.push(*place),
                Some(_) => return Err(format!("a record was refused: {entry}").into()),
            }
        }
        Ok(failed)
    }

    /// Sends one request and reads its answer.
    fn ask(&mut self, body: &[u8]) -> Outcome<u16> {
        let head = self.head(body)?;
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err("the server closed the connection".into());
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            } else if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).ok_or("no status")?.parse()?;
            } else if let Some(value) = text.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        self.answer.resize(length, 0);
        self.stream.read_exact(&mut self.answer)?;
        Ok(status)
    }

    fn head(&mut self, body: &[u8]) -> Outcome<String> {
        let at = Utc::now().format("%Y%m%dT%H%M%SZ").to_string();
        let day = &at[..8];
        if self.signing.0 != day {
            let mut key = format!("AWS4{}", self.key.secret_access_key).into_bytes();
            for part in [day].into_iter().chain(SCOPE.split('/')) {
                key = mac(&key, part)?;
            }
            self.signing = (day.to_owned(), key);
        }
        let host = &self.host;
        let hash = hex(&Sha256::digest(body));
        let canonical = format!(
            "POST\n/\n\ncontent-type:{TYPE}\nhost:{host}\nx-amz-date:{at}\nx-amz-target:{TARGET}\n\n{SIGNED}\n{hash}"
        );
        let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{day}/{SCOPE}\n{}", hex(&Sha256::digest(canonical)));
        let signature = hex(&mac(&self.signing.1, &to_sign)?);
        Ok(format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: {TYPE}\r\nx-amz-date: {at}\r\nx-amz-target: {TARGET}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={}/{day}/{SCOPE}, SignedHeaders={SIGNED}, \
             Signature={signature}\r\ncontent-length: {}\r\n\r\n",
            self.key.access_key_id,
            body.len()
        ))
    }
}

fn mac(key: &[u8], text: &str) -> Outcome<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
