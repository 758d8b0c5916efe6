//! Kinesis Data Streams' operations.
//!
//! Owns their outputs and words. Does not own a stream: the rooms `registry` and `stream` do.

mod inputs;

use std::sync::Arc;

use app::api::Millis;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use self::inputs::input_of;
use super::iterator::{ShardIterator, number_of, offset_of};
use super::shape;
use super::{AwsError, AwsService, SignedRequest, millis_to_seconds, number, word};
use crate::access::{self, Act};
use crate::amazon::ACCOUNT;
use crate::registry::made::Made;
use crate::registry::{Accepted, DeliveryStream, Incoming, Refused};
use crate::stream::ShardLog;

/// Kinesis's limit on the bytes of a record and of a request, today.
const MOST_BYTES: usize = 10 << 20;
/// Kinesis's limit on the records that one read brings.
const MOST_READ: i64 = 10_000;
/// Shards of a stream that is made without a number of them, as an on-demand one has at first.
const ON_DEMAND_SHARDS: i64 = 4;
/// The mode of such a stream.
const ON_DEMAND: &str = "ON_DEMAND";

impl AwsService {
    /// Answers one operation; `null` is an answer without a body.
    pub(super) async fn kinesis(&self, asked: &SignedRequest<'_>) -> Result<Value, AwsError> {
        let members = input_of(asked.operation).ok_or_else(AwsError::unknown_operation)?;
        let input = shape::read(members, asked.body)?;
        if asked.operation == "CreateStream" {
            shape::all_honoured(members, &input)?;
        }
        match asked.operation {
            "PutRecord" => self.put_data_record(asked, &input).await,
            "PutRecords" => self.put_records(asked, &input).await,
            "DescribeStreamSummary" => {
                self.named(asked, Act::Describe, &input).map(|stream| self.describe_stream_summary(asked, &stream))
            }
            "ListShards" => self.list_shards(asked, &input),
            "ListStreams" => Ok(self.list_streams(asked, &input)),
            "GetShardIterator" => self.get_shard_iterator(asked, &input).await,
            "GetRecords" => self.get_records(asked, &input).await,
            _ => self.create_stream(asked, &input).await,
        }
    }

    /// The stream, if the key may do this to it and it is there.
    fn data_stream(&self, asked: &SignedRequest<'_>, act: Act, name: &str) -> Result<Arc<DeliveryStream>, AwsError> {
        asked.may(act, "kinesis", name)?;
        let found = self.registry.get(name).filter(|stream| stream.is_data_stream());
        found.ok_or_else(|| {
            let message = format!("Stream {name} under account {ACCOUNT} not found.");
            AwsError::new("ResourceNotFoundException", message)
        })
    }

    /// The stream that an input names, by name or ARN.
    fn named(&self, asked: &SignedRequest<'_>, act: Act, input: &Value) -> Result<Arc<DeliveryStream>, AwsError> {
        let name = match (input["StreamName"].as_str(), input["StreamARN"].as_str()) {
            (Some(name), _) => name,
            (None, Some(arn)) => arn.rsplit('/').next().unwrap_or_default(),
            (None, None) => return Err(AwsError::invalid("Either StreamName or StreamARN should be provided.")),
        };
        self.data_stream(asked, act, name)
    }

    async fn put_data_record(&self, asked: &SignedRequest<'_>, input: &Value) -> Result<Value, AwsError> {
        let stream = self.named(asked, Act::Put, input)?;
        let outcomes = stream.take(stream.check([entry_of(input)?], asked.key.producer())).await;
        match outcomes.into_iter().next() {
            Some(Ok(place)) => {
                let mut taken = taken(&place);
                taken["EncryptionType"] = json!("NONE");
                Ok(taken)
            }
            Some(Err(Refused::Misfit(misfit))) => Err(AwsError::invalid(misfit.to_string())),
            Some(Err(Refused::Throttled | Refused::Busy(_))) => Err(throttled(&stream)),
            Some(Err(failed @ Refused::Failed(_))) => Err(AwsError::internal(&failed)),
            None => Err(AwsError::internal(&"a record was not answered")),
        }
    }

    async fn put_records(&self, asked: &SignedRequest<'_>, input: &Value) -> Result<Value, AwsError> {
        let records = input["Records"].as_array().map(Vec::as_slice).unwrap_or_default();
        let records: Vec<Incoming> = records.iter().map(entry_of).collect::<Result<_, _>>()?;
        let bytes = |record: &Incoming| record.data.len() + record.key.as_ref().map_or(0, String::len);
        let stream = self.named(asked, Act::Put, input)?;
        if records.iter().map(bytes).sum::<usize>() > MOST_BYTES {
            return Err(AwsError::invalid("Records size exceeds 10 MB limit"));
        }
        let outcomes = stream.take(stream.check(records, asked.key.producer())).await;
        let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        let entries: Vec<Value> = outcomes.into_iter().map(|outcome| entry(&stream, outcome)).collect();
        Ok(json!({ "FailedRecordCount": failed, "Records": entries, "EncryptionType": "NONE" }))
    }

    fn list_shards(&self, asked: &SignedRequest<'_>, input: &Value) -> Result<Value, AwsError> {
        let token = input["NextToken"].as_str();
        let (stream, after) = match (token, input["StreamName"].as_str().or(input["StreamARN"].as_str())) {
            (Some(_), Some(_)) => {
                return Err(AwsError::invalid("NextToken and StreamName cannot be provided together."));
            }
            (None, None) => return Err(AwsError::invalid("Either NextToken or StreamName should be provided.")),
            (Some(token), None) => {
                let (name, after) = read_token(token).ok_or_else(|| AwsError::invalid("Invalid NextToken."))?;
                (self.data_stream(asked, Act::Describe, &name)?, after)
            }
            (None, Some(_)) => {
                (self.named(asked, Act::Describe, input)?, word(input, "ExclusiveStartShardId").to_owned())
            }
        };
        let most = number(input, "MaxResults").unwrap_or(1_000) as usize;
        let filter = &input["ShardFilter"];
        let (after, only_open) = match word(filter, "Type") {
            "AT_LATEST" => (after, true),
            "AFTER_SHARD_ID" => (after.max(word(filter, "ShardId").to_owned()), false),
            "AT_TIMESTAMP" | "FROM_TIMESTAMP" => {
                return Err(AwsError::invalid("ShardFilter: filters by time are not offered here"));
            }
            _ => (after, false),
        };
        let all = stream.log().shards();
        let wanted = all.iter().filter(|s| s.range().id() > after && (!only_open || s.range().is_open));
        let mut shards: Vec<Value> = wanted.map(shard).collect();
        let more = shards.len() > most;
        shards.truncate(most);
        let last = shards.last().map(|shard| word(shard, "ShardId").to_owned());
        let mut answer = json!({ "Shards": shards });
        if let Some(last) = last.filter(|_| more) {
            answer["NextToken"] = json!(STANDARD.encode(format!("{}/{last}", stream.name())));
        }
        Ok(answer)
    }

    fn list_streams(&self, asked: &SignedRequest<'_>, input: &Value) -> Value {
        let after = input["NextToken"].as_str().unwrap_or_else(|| word(input, "ExclusiveStartStreamName"));
        let limit = number(input, "Limit").unwrap_or(100) as usize;
        let all = self.registry.all();
        let may_know = |stream: &&Arc<DeliveryStream>| access::may(asked.key.rights(), Act::Describe, stream.name());
        let streams: Vec<&Arc<DeliveryStream>> =
            all.iter().filter(|stream| stream.is_data_stream() && stream.name() > after).filter(may_know).collect();
        let page = &streams[..streams.len().min(limit)];
        let more = streams.len() > limit;
        let mut answer = json!({
            "StreamNames": page.iter().map(|stream| stream.name()).collect::<Vec<_>>(),
            "HasMoreStreams": more,
            "StreamSummaries": page.iter().map(|stream| self.summary(asked, stream)).collect::<Vec<_>>(),
        });
        if let Some(last) = page.last().filter(|_| more) {
            answer["NextToken"] = json!(last.name());
        }
        answer
    }

    async fn get_shard_iterator(&self, asked: &SignedRequest<'_>, input: &Value) -> Result<Value, AwsError> {
        let stream = self.named(asked, Act::Read, input)?;
        let shard = find_shard(&stream, word(input, "ShardId"))?;
        let offset = self.offset_for(&shard, input).await?;
        let iterator = ShardIterator {
            stream: stream.name().to_owned(),
            shard: shard.range().number,
            offset,
            made_at: self.now(),
        };
        Ok(json!({ "ShardIterator": iterator.seal(&self.secret) }))
    }

    async fn offset_for(&self, shard: &ShardLog, input: &Value) -> Result<u64, AwsError> {
        let (kind, start) = (word(input, "ShardIteratorType"), input["StartingSequenceNumber"].as_str());
        let rule = |what: &str| {
            AwsError::invalid(format!(
                "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) \
                 TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and {what}."
            ))
        };
        match (kind, start) {
            ("AT_SEQUENCE_NUMBER", Some(number)) => Ok(offset_of(number)),
            ("AFTER_SEQUENCE_NUMBER", Some(number)) => Ok(offset_of(number).saturating_add(1)),
            ("AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER", None) => Err(rule("no StartingSequenceNumber")),
            (_, Some(_)) => Err(rule("also a StartingSequenceNumber")),
            ("LATEST", None) => Ok(shard.end_offset()),
            ("AT_TIMESTAMP", None) => {
                let at = input["Timestamp"].as_f64().ok_or_else(|| {
                    AwsError::invalid(
                        "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request \
                         has no timestamp parameter.",
                    )
                })?;
                let (at, now) = ((at * 1e3).round() as i64, self.now());
                if at > now {
                    return Err(AwsError::invalid(format!(
                        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. \
                         timestampInMillis: {at}, currentTimestampInMillis: {now}"
                    )));
                }
                let shard = shard.clone();
                off_thread(move || Ok(shard.first_since(at)?)).await
            }
            (_, None) => Ok(shard.floor_offset()),
        }
    }

    async fn get_records(&self, asked: &SignedRequest<'_>, input: &Value) -> Result<Value, AwsError> {
        let (now, secret) = (self.now(), self.secret.clone());
        let from = ShardIterator::open(word(input, "ShardIterator"), &self.secret, now)?;
        let shard = self.data_stream(asked, Act::Read, &from.stream)?.log().shard(from.shard);
        let shard = shard.ok_or_else(|| AwsError::invalid("Invalid ShardIterator."))?;
        let most = number(input, "Limit").unwrap_or(MOST_READ) as usize;
        off_thread(move || records_of(&shard, from, most, &secret, now)).await
    }

    async fn create_stream(&self, asked: &SignedRequest<'_>, input: &Value) -> Result<Value, AwsError> {
        let name = word(input, "StreamName");
        asked.may(Act::Manage, "kinesis", name)?;
        if self.registry.get(name).is_some() {
            let message = format!("Stream {name} under account {ACCOUNT} already exists.");
            return Err(AwsError::new("ResourceInUseException", message));
        }
        if number(input, "MaxRecordSizeInKiB").is_some_and(|kib| kib != (MOST_BYTES >> 10) as i64) {
            return Err(AwsError::invalid("MaxRecordSizeInKiB: 10240 alone is offered here; every stream has it"));
        }
        let is_on_demand = word(&input["StreamModeDetails"], "StreamMode") == ON_DEMAND;
        let count = number(input, "ShardCount");
        let shards = match (count, is_on_demand) {
            (Some(_), true) => {
                return Err(AwsError::invalid("ShardCount: a stream of mode ON_DEMAND has no number of shards"));
            }
            (count, _) => count.unwrap_or(ON_DEMAND_SHARDS),
        };
        let shards = u32::try_from(shards).ok().filter(|shards| *shards <= 500).ok_or_else(|| {
            AwsError::new(
                "LimitExceededException",
                format!("This request would exceed the shard limit of 500; it asks for {shards}."),
            )
        })?;
        // Without a number and a mode, AWS's own clients mean the first.
        let is_on_demand = is_on_demand || count.is_none() && !input["StreamModeDetails"].is_object();
        self.made.make(name, Made::Data { shards, is_on_demand }).await?;
        Ok(Value::Null)
    }

    fn summary(&self, asked: &SignedRequest<'_>, stream: &DeliveryStream) -> Value {
        let mode = if self.made.is_on_demand(stream.name()) { ON_DEMAND } else { "PROVISIONED" };
        json!({
            "StreamName": stream.name(),
            "StreamARN": asked.arn("kinesis", &format!("stream/{}", stream.name())),
            "StreamStatus": "ACTIVE",
            "StreamModeDetails": { "StreamMode": mode },
            "StreamCreationTimestamp": millis_to_seconds(stream.started_at()),
        })
    }

    fn describe_stream_summary(&self, asked: &SignedRequest<'_>, stream: &DeliveryStream) -> Value {
        let mut summary = self.summary(asked, stream);
        let open = stream.log().shards().iter().filter(|shard| shard.range().is_open).count();
        summary["RetentionPeriodHours"] = json!(stream.log().spec().retention.as_secs() / 3600);
        summary["EnhancedMonitoring"] = json!([{ "ShardLevelMetrics": [] }]);
        summary["EncryptionType"] = json!("NONE");
        summary["OpenShardCount"] = json!(open);
        summary["ConsumerCount"] = json!(0);
        json!({ "StreamDescriptionSummary": summary })
    }
}

/// Records from an iterator on, as `GetRecords` answers. Blocking.
fn records_of(
    shard: &ShardLog,
    from: ShardIterator,
    most: usize,
    secret: &str,
    now: Millis,
) -> Result<Value, AwsError> {
    let kept = shard.records(from.offset, most, MOST_BYTES)?;
    let next = kept.last().map_or(from.offset.max(shard.floor_offset()), |last| last.offset + 1);
    let behind = shard.arrival_of(next)?.map_or(0, |arrived| (now - arrived).max(0));
    let records: Vec<Value> = kept
        .iter()
        .map(|kept| {
            json!({
                "SequenceNumber": number_of(kept.offset),
                "ApproximateArrivalTimestamp": millis_to_seconds(kept.arrived),
                "Data": STANDARD.encode(&kept.data),
                "PartitionKey": kept.key,
                "EncryptionType": "NONE",
            })
        })
        .collect();
    let mut answer = json!({ "Records": records, "MillisBehindLatest": behind });
    // A closed shard has an end, and no iterator behind it.
    if shard.range().is_open || next < shard.end_offset() {
        let next = ShardIterator { offset: next, made_at: now, ..from };
        answer["NextShardIterator"] = json!(next.seal(secret));
    }
    Ok(answer)
}

/// A log's disk may be slow: it must not hold up the other requests.
async fn off_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, AwsError> + Send + 'static,
) -> Result<T, AwsError> {
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(AwsError::internal(&error)))
}

/// A record whose shape has been checked.
fn entry_of(entry: &Value) -> Result<Incoming, AwsError> {
    let data = STANDARD.decode(word(entry, "Data")).unwrap_or_default();
    let hash = entry["ExplicitHashKey"].as_str().map(|written| {
        written.parse::<u128>().map_err(|_| {
            AwsError::invalid(format!(
                "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {written}"
            ))
        })
    });
    Ok(Incoming { key: Some(word(entry, "PartitionKey").to_owned()), hash: hash.transpose()?, data: data.into() })
}

fn throttled(stream: &DeliveryStream) -> AwsError {
    AwsError::new("ProvisionedThroughputExceededException", throttled_message(stream))
}

fn throttled_message(stream: &DeliveryStream) -> String {
    let shard = stream.log().shards().last().map(|shard| shard.range().id()).unwrap_or_default();
    format!("Rate exceeded for shard {shard} in stream {} under account {ACCOUNT}.", stream.name())
}

/// A data stream is kept here; one that is handed on is none.
fn taken(taken: &Accepted) -> Value {
    match taken {
        Accepted::Here(place) => {
            json!({ "SequenceNumber": number_of(place.offset), "ShardId": format!("shardId-{:012}", place.shard) })
        }
        Accepted::There(name) => json!({ "SequenceNumber": name }),
    }
}

fn entry(stream: &DeliveryStream, outcome: Result<Accepted, Refused>) -> Value {
    match outcome {
        Ok(place) => taken(&place),
        Err(Refused::Throttled | Refused::Busy(_)) => json!({
            "ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": throttled_message(stream),
        }),
        Err(Refused::Misfit(misfit)) => {
            // Of the codes that Kinesis has for one record, the one that is not tried again for ever.
            json!({ "ErrorCode": "InternalFailure", "ErrorMessage": misfit.to_string() })
        }
        Err(Refused::Failed(message)) => json!({ "ErrorCode": "InternalFailure", "ErrorMessage": message }),
    }
}

fn shard(shard: &ShardLog) -> Value {
    let range = shard.range();
    let mut numbers = json!({ "StartingSequenceNumber": number_of(0) });
    if !range.is_open {
        numbers["EndingSequenceNumber"] = json!(number_of(shard.end_offset().saturating_sub(1)));
    }
    json!({
        "ShardId": range.id(),
        "HashKeyRange": { "StartingHashKey": range.low.to_string(), "EndingHashKey": range.high.to_string() },
        "SequenceNumberRange": numbers,
    })
}

fn read_token(token: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (name, after) = text.split_once('/')?;
    Some((name.to_owned(), after.to_owned()))
}

/// `shardId-000000000003`, or `3`, or anything that ends in `-3`.
fn find_shard(stream: &DeliveryStream, id: &str) -> Result<ShardLog, AwsError> {
    let number = id.rsplit('-').next().and_then(|number| number.parse::<u32>().ok());
    let Some(number) = number else {
        let message = format!("Could not find shard {id} in stream {} under account {ACCOUNT}.", stream.name());
        return Err(AwsError::new("ResourceNotFoundException", message));
    };
    stream.log().shard(number).ok_or_else(|| {
        let message =
            format!("Shard shardId-{number:012} in stream {} under account {ACCOUNT} does not exist", stream.name());
        AwsError::new("ResourceNotFoundException", message)
    })
}
