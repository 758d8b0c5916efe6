//! Does a record fit its destination? What does not is refused here, with its field named, instead of failing a COPY
//! later on.

use std::io::Write;

use bytes::Bytes;
use chrono::NaiveDateTime;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{GatewayError, MOST_RECORD_BYTES};
use crate::stream::Record;
use crate::warehouse::columns::{Column, Kind, Table};

/// Checks one record and writes it as one line with the table's columns in the table's order.
pub(super) fn check(table: &Table, path: &str, text: &RawValue) -> Result<Record, GatewayError> {
    if text.get().len() > MOST_RECORD_BYTES {
        let size = text.get().len();
        return Err(GatewayError::TooLarge(format!(
            "{path}: a record may have {MOST_RECORD_BYTES} bytes, this one has {size}"
        )));
    }
    let malformed = |field: String, problem: String| GatewayError::Malformed { field, problem };
    let fields: Map<String, Value> = serde_json::from_str(text.get())
        .map_err(|e| malformed(path.to_owned(), format!("has to be a JSON object: {e}")))?;
    if let Some(unknown) = fields.keys().find(|name| !table.columns.iter().any(|c| c.name == name.as_str())) {
        return Err(malformed(format!("{path}.{unknown}"), format!("is no column of {}", table.name)));
    }
    let mut line = Vec::with_capacity(text.get().len() + 1);
    let mut key = String::new();
    for column in table.columns {
        let value = fields.get(column.name).unwrap_or(&Value::Null);
        fits(column, value).map_err(|problem| malformed(format!("{path}.{}", column.name), problem))?;
        line.push(if line.is_empty() { b'{' } else { b',' });
        let written = write!(line, "\"{}\":{value}", column.name);
        debug_assert!(written.is_ok(), "a vector takes every byte");
        if column.name == table.partition_by {
            key = value.to_string();
        }
    }
    line.extend_from_slice(b"}\n");
    Ok(Record { key, data: Bytes::from(line) })
}

/// Says what is wrong with a value, if anything is.
fn fits(column: &Column, value: &Value) -> Result<(), String> {
    match (column.kind, value) {
        (_, Value::Null) if column.nullable => Ok(()),
        (_, Value::Null) => Err("is missing".to_owned()),
        (Kind::BigInt, Value::Number(n)) if n.as_i64().is_some() => Ok(()),
        (Kind::BigInt, _) => Err("has to be a whole number of 64 bits".to_owned()),
        (Kind::Integer, Value::Number(n)) if n.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => Ok(()),
        (Kind::Integer, _) => Err("has to be a whole number of 32 bits".to_owned()),
        (Kind::Varchar(most), Value::String(text)) if text.len() <= most && !text.contains('\0') => Ok(()),
        (Kind::Varchar(most), _) => Err(format!("has to be text of at most {most} bytes")),
        (Kind::Timestamp, Value::String(text)) if is_timestamp(text) => Ok(()),
        (Kind::Timestamp, _) => Err("has to be a time in UTC like \"2026-01-31 10:41:07.123\"".to_owned()),
    }
}

fn is_timestamp(text: &str) -> bool {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").is_ok()
}
