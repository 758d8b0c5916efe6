//! Firehose's operations.
//!
//! Owns their outputs and words. Does not own a stream: the room `registry` does.

mod inputs;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use self::inputs::input_of;
use super::shape;
use super::{AwsError, AwsService, SignedRequest, body_of, millis_to_seconds, number, word};
use crate::access::{self, Act};
use crate::amazon::{ACCOUNT, MOST_BYTES, MOST_RECORD_BYTES, MOST_RECORDS};
use crate::delivery::{BufferingHints, Settings};
use crate::gateway::{PutEntry, PutRecordBatchAnswer};
use crate::registry::made::{Description, Made};
use crate::registry::{DeliveryStream, Incoming, Refused};
use crate::transform::{INVOCATION_BYTES, Transform};

const DESTINATION: &str = "destinationId-000000000001";
/// Firehose's default hints, for streams that are made without any.
const DEFAULT_HINTS: (i64, i64) = (5, 300);
const DEFAULT_LIST: usize = 10;
/// The two types of delivery streams that there are here.
const DIRECT: &str = "DirectPut";
const FROM_KINESIS: &str = "KinesisStreamAsSource";

/// `PutRecordBatch` as it is nearly always: read without a copy of its data.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<'a> {
    delivery_stream_name: &'a str,
    #[serde(borrow)]
    records: Vec<BatchRecord<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchRecord<'a> {
    data: &'a str,
}

impl AwsService {
    /// Answers one operation with a body.
    pub(super) async fn firehose(&self, asked: &SignedRequest<'_>) -> Result<Vec<u8>, AwsError> {
        if asked.operation == "PutRecordBatch"
            && let Some((name, incoming)) = read_batch(asked.body)
        {
            return self.put_record_batch(asked, name, incoming).await;
        }
        let members = input_of(asked.operation).ok_or_else(AwsError::unknown_operation)?;
        let input = shape::read(members, asked.body)?;
        if matches!(asked.operation, "CreateDeliveryStream" | "UpdateDestination") {
            shape::all_honoured(members, &input)?;
        }
        let name = word(&input, "DeliveryStreamName");
        let answer = match asked.operation {
            "PutRecord" => self.put_record(asked, name, data_of(&input["Record"])).await,
            "PutRecordBatch" => {
                let records = input["Records"].as_array().map(Vec::as_slice).unwrap_or_default();
                return self.put_record_batch(asked, name, records.iter().map(data_of).collect()).await;
            }
            "DescribeDeliveryStream" => self.describe_delivery_stream(asked, name),
            "ListDeliveryStreams" => Ok(self.list_delivery_streams(asked, &input)),
            "CreateDeliveryStream" => self.create_delivery_stream(asked, name, &input).await,
            "DeleteDeliveryStream" => {
                self.delivery_stream(asked, Act::Manage, name)?;
                self.made.remove(name).await?;
                Ok(json!({}))
            }
            _ => self.update_destination(asked, name, &input).await,
        };
        answer.map(|answer| body_of(&answer))
    }

    /// The stream, if the key may do this to it and it is there.
    fn delivery_stream(
        &self,
        asked: &SignedRequest<'_>,
        act: Act,
        name: &str,
    ) -> Result<Arc<DeliveryStream>, AwsError> {
        asked.may(act, "firehose", name)?;
        let found = self.registry.get(name).filter(|stream| stream.settings().is_some());
        found.ok_or_else(|| {
            let message = format!("Firehose {name} under account {} not found.", ACCOUNT);
            AwsError::new("ResourceNotFoundException", message)
        })
    }

    /// The stream, if the key may put to it and it takes records here.
    fn entrance(&self, asked: &SignedRequest<'_>, name: &str) -> Result<Arc<DeliveryStream>, AwsError> {
        let stream = self.delivery_stream(asked, Act::Put, name)?;
        if kind_of(&stream) == FROM_KINESIS {
            let message = "This operation is not permitted on KinesisStreamAsSource delivery stream type.";
            return Err(AwsError::invalid(message));
        }
        Ok(stream)
    }

    async fn put_record(&self, asked: &SignedRequest<'_>, name: &str, record: Incoming) -> Result<Value, AwsError> {
        let stream = self.entrance(asked, name)?;
        let outcomes = stream.take(stream.check([record], asked.key.producer())).await;
        if let [Err(Refused::Misfit(misfit))] = &outcomes[..] {
            return Err(AwsError::invalid(misfit.to_string()));
        }
        match PutRecordBatchAnswer::of(outcomes).request_responses.pop() {
            Some(PutEntry::Accepted { record_id }) => Ok(json!({ "RecordId": record_id, "Encrypted": false })),
            Some(PutEntry::Failed { error_code, error_message }) => Err(AwsError::new(error_code, error_message)),
            None => Err(AwsError::internal(&"a record was not answered")),
        }
    }

    async fn put_record_batch(
        &self,
        asked: &SignedRequest<'_>,
        name: &str,
        records: Vec<Incoming>,
    ) -> Result<Vec<u8>, AwsError> {
        let stream = self.entrance(asked, name)?;
        if records.iter().map(|record| record.data.len()).sum::<usize>() > MOST_BYTES {
            return Err(AwsError::invalid("Records size exceeds 4 MB limit"));
        }
        let outcomes = stream.take(stream.check(records, asked.key.producer())).await;
        if outcomes.iter().all(|outcome| matches!(outcome, Err(Refused::Throttled | Refused::Busy(_)))) {
            return Err(AwsError::new("ServiceUnavailableException", "Slow down."));
        }
        serde_json::to_vec(&PutRecordBatchAnswer::of(outcomes)).map_err(|e| AwsError::internal(&e))
    }

    fn describe_delivery_stream(&self, asked: &SignedRequest<'_>, name: &str) -> Result<Value, AwsError> {
        let stream = self.delivery_stream(asked, Act::Describe, name)?;
        let description = self.made.describe(&stream);
        let s3 = s3_of(&description, stream.settings());
        let mut destination = json!({ "DestinationId": DESTINATION, "S3DestinationDescription": s3 });
        let mut described = redshift_of(&stream, &description, &s3).unwrap_or(s3);
        if let Some(transform) = stream.transform() {
            described["ProcessingConfiguration"] = processing_of(transform);
        }
        destination[if stream.table().is_some() {
            "RedshiftDestinationDescription"
        } else {
            "ExtendedS3DestinationDescription"
        }] = described;
        let kind = kind_of(&stream);
        Ok(json!({ "DeliveryStreamDescription": {
            "DeliveryStreamName": name,
            "DeliveryStreamARN": asked.arn("firehose", &format!("deliverystream/{name}")),
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": kind,
            "VersionId": description.version.to_string(),
            "CreateTimestamp": millis_to_seconds(description.created_at),
            "Destinations": [destination],
            "HasMoreDestinations": false,
        }}))
    }

    /// Those that the key may do anything to.
    fn list_delivery_streams(&self, asked: &SignedRequest<'_>, input: &Value) -> Value {
        let (after, limit) = (word(input, "ExclusiveStartDeliveryStreamName"), number(input, "Limit"));
        let limit = limit.map_or(DEFAULT_LIST, |limit| limit as usize);
        let of_type = |stream: &DeliveryStream| match word(input, "DeliveryStreamType") {
            "" => true,
            "DirectPut" => kind_of(stream) == DIRECT,
            "KinesisStreamAsSource" => kind_of(stream) == FROM_KINESIS,
            _ => false,
        };
        let all = self.registry.all();
        let streams = all.iter().filter(|stream| stream.settings().is_some() && of_type(stream));
        let mut names: Vec<&str> = streams.map(|stream| stream.name()).filter(|name| *name > after).collect();
        names.retain(|name| access::may(asked.key.rights(), Act::Describe, name));
        let more = names.len() > limit;
        names.truncate(limit);
        json!({ "DeliveryStreamNames": names, "HasMoreDeliveryStreams": more })
    }

    async fn create_delivery_stream(
        &self,
        asked: &SignedRequest<'_>,
        name: &str,
        input: &Value,
    ) -> Result<Value, AwsError> {
        let s3 = ["ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"].map(|which| &input[which]);
        let mut s3 = s3.into_iter().filter(|s3| s3.is_object());
        let (Some(s3), None) = (s3.next(), s3.next()) else {
            let message = "Exactly one destination configuration is supported for a Firehose: an S3 one, here";
            return Err(AwsError::invalid(message));
        };
        if !matches!(word(input, "DeliveryStreamType"), "" | DIRECT) {
            return Err(AwsError::invalid(format!("DeliveryStreamType: {DIRECT} alone is offered here")));
        }
        if word(s3, "Prefix").contains("!{") {
            return Err(AwsError::invalid("Prefix: expressions such as !{timestamp:yyyy} are not offered here"));
        }
        asked.may(Act::Manage, "firehose", name)?;
        if self.registry.get(name).is_some() {
            let message = format!("Firehose {name} under accountId {} already exists", ACCOUNT);
            return Err(AwsError::new("ResourceInUseException", message));
        }
        let (size, interval) = hints_of(&s3["BufferingHints"])?.unwrap_or(DEFAULT_HINTS);
        let description = Description {
            version: 1,
            created_at: self.now(),
            role_arn: word(s3, "RoleARN").to_owned(),
            bucket_arn: word(s3, "BucketARN").to_owned(),
            prefix: s3["Prefix"].as_str().map(str::to_owned),
            is_gzip: is_gzip(s3)?.unwrap_or(false),
        };
        let made = Made::Delivery { description, size_mib: size, interval_seconds: interval };
        self.made.make(name, made).await?;
        Ok(json!({ "DeliveryStreamARN": asked.arn("firehose", &format!("deliverystream/{name}")) }))
    }

    async fn update_destination(
        &self,
        asked: &SignedRequest<'_>,
        name: &str,
        input: &Value,
    ) -> Result<Value, AwsError> {
        let stream = self.delivery_stream(asked, Act::Manage, name)?;
        let mut description = self.made.describe(&stream);
        if word(input, "DestinationId") != DESTINATION {
            return Err(AwsError::invalid(format!("Destination not found: {}", word(input, "DestinationId"))));
        }
        if word(input, "CurrentDeliveryStreamVersionId") != description.version.to_string() {
            let message = format!("Cannot update Firehose {name}: its version is {} now", description.version);
            return Err(AwsError::new("ConcurrentModificationException", message));
        }
        let redshift = &input["RedshiftDestinationUpdate"];
        let updates = [&input["ExtendedS3DestinationUpdate"], &input["S3DestinationUpdate"], &redshift["S3Update"]];
        let update = updates.into_iter().find(|update| update.is_object()).unwrap_or(&Value::Null);
        for (member, kept) in [("RoleARN", &mut description.role_arn), ("BucketARN", &mut description.bucket_arn)] {
            if let Some(arn) = update[member].as_str() {
                arn.clone_into(kept);
            }
        }
        let mut settings = stream.settings().ok_or_else(AwsError::unknown_operation)?;
        if let Some((size, interval)) = hints_of(&update["BufferingHints"])? {
            settings.hints = hints(size, interval);
        }
        if let Some(seconds) = number(&redshift["RetryOptions"], "DurationInSeconds") {
            settings.copy_retry = Duration::from_secs(seconds.unsigned_abs());
        }
        if is_gzip(update)?.is_some_and(|gzip| gzip != description.is_gzip) {
            return Err(AwsError::invalid("The compression of a Firehose is chosen when it is made, here"));
        }
        description.version += 1;
        self.made.change(stream, description, settings).await?;
        Ok(json!({}))
    }
}

fn hints(size: i64, interval: i64) -> BufferingHints {
    let interval = Duration::from_secs(interval.unsigned_abs());
    BufferingHints { size_bytes: (size as usize) << 20, interval }
}

/// Records of a body that has nothing wrong with it; otherwise the slow way finds out what.
fn read_batch(body: &[u8]) -> Option<(&str, Vec<Incoming>)> {
    let batch: Batch<'_> = serde_json::from_slice(body).ok()?;
    if !(1..=MOST_RECORDS).contains(&batch.records.len())
        || !crate::registry::terms::is_stream_name(batch.delivery_stream_name)
    {
        return None;
    }
    // One buffer for all of them.
    let (mut data, mut ends) = (Vec::with_capacity(body.len() / 4 * 3), Vec::with_capacity(batch.records.len()));
    for record in &batch.records {
        let before = data.len();
        STANDARD.decode_vec(record.data, &mut data).ok()?;
        if data.len() - before > MOST_RECORD_BYTES {
            return None;
        }
        ends.push(data.len());
    }
    let (data, mut begin) = (Bytes::from(data), 0);
    let incoming = ends.into_iter().map(|end| {
        let data = data.slice(std::mem::replace(&mut begin, end)..end);
        Incoming { key: None, hash: None, data }
    });
    Some((batch.delivery_stream_name, incoming.collect()))
}

/// The data of a record whose shape has been checked.
fn data_of(record: &Value) -> Incoming {
    let data = STANDARD.decode(word(record, "Data")).unwrap_or_default();
    Incoming { key: None, hash: None, data: data.into() }
}

fn kind_of(stream: &DeliveryStream) -> &'static str {
    if stream.is_data_stream() || !stream.takes_records() { FROM_KINESIS } else { DIRECT }
}

/// Both hints or neither, by Firehose's rule.
fn hints_of(hints: &Value) -> Result<Option<(i64, i64)>, AwsError> {
    match (number(hints, "SizeInMBs"), number(hints, "IntervalInSeconds")) {
        (Some(size), Some(interval)) => Ok(Some((size, interval))),
        (None, None) => Ok(None),
        _ => Err(AwsError::invalid("BufferingHints: SizeInMBs and IntervalInSeconds go together")),
    }
}

fn is_gzip(s3: &Value) -> Result<Option<bool>, AwsError> {
    match s3["CompressionFormat"].as_str() {
        None => Ok(None),
        Some("UNCOMPRESSED") => Ok(Some(false)),
        Some("GZIP") => Ok(Some(true)),
        Some(other) => {
            Err(AwsError::invalid(format!("CompressionFormat {other} is not offered; GZIP and UNCOMPRESSED are")))
        }
    }
}

fn s3_of(description: &Description, settings: Option<Settings>) -> Value {
    let hints = settings.map(|settings| settings.hints);
    let (size, interval) = hints.map_or((0, 0), |h| (h.size_bytes >> 20, h.interval.as_secs()));
    let mut s3 = json!({
        "RoleARN": description.role_arn,
        "BucketARN": description.bucket_arn,
        "BufferingHints": { "SizeInMBs": size, "IntervalInSeconds": interval },
        "CompressionFormat": if description.is_gzip { "GZIP" } else { "UNCOMPRESSED" },
        "EncryptionConfiguration": { "NoEncryptionConfig": "NoEncryption" },
    });
    if let Some(prefix) = &description.prefix {
        s3["Prefix"] = json!(prefix);
    }
    s3
}

/// The function of a stream that has one.
fn processing_of(transform: &Transform) -> Value {
    let parameter = |name, value| json!({ "ParameterName": name, "ParameterValue": value });
    json!({ "Enabled": true, "Processors": [{ "Type": "Lambda", "Parameters": [
        parameter("LambdaArn", transform.arn()),
        parameter("NumberOfRetries", transform.retries.to_string()),
        parameter("BufferSizeInMBs", (INVOCATION_BYTES >> 20).to_string()),
    ]}]})
}

/// The destination of a stream with a table; the embedded warehouse stands where Redshift would.
fn redshift_of(stream: &DeliveryStream, description: &Description, s3: &Value) -> Option<Value> {
    let table = stream.table()?;
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    Some(json!({
        "RoleARN": description.role_arn,
        "ClusterJDBCURL": "jdbc:redshift://embedded.redshift.localhost:5439/freshmark",
        "CopyCommand": {
            "DataTableName": table.name,
            "DataTableColumns": columns.join(","),
            "CopyOptions": "JSON 'auto' GZIP TIMEFORMAT 'auto'",
        },
        "RetryOptions": { "DurationInSeconds": stream.settings()?.copy_retry.as_secs() },
        "S3DestinationDescription": s3,
    }))
}
