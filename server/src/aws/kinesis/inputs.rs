//! What each of Kinesis's operations takes, as AWS's published model has it.
//!
//! Owns the inputs' names and types. Does not own what an operation does with them.

use super::{MOST_BYTES, MOST_READ};
use crate::amazon::MOST_RECORDS;
use crate::aws::shape::{
    Member, PLAIN_NAME, Pattern, Shape, is_whole_number, one_of, optional, required, text, text_like,
};

const NAME: Shape = text_like(1, 128, PLAIN_NAME);
const ARN: Shape = text_like(
    1,
    2048,
    Pattern {
        regex: "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+",
        matches: |arn| arn.starts_with("arn:aws") && arn.contains(":stream/"),
    },
);
const SHARD: Shape = text_like(1, 128, PLAIN_NAME);
/// A whole number without leading zeros.
const NUMBER: Shape =
    text_like(0, usize::MAX, Pattern { regex: "0|([1-9]\\d{0,128})", matches: |number| is_whole_number(number, 129) });
const HASH_KEY: Shape =
    text_like(0, usize::MAX, Pattern { regex: "0|([1-9]\\d{0,38})", matches: |number| is_whole_number(number, 39) });
const ENTRY: Shape = Shape::Structure(&[
    required("Data", Shape::Blob { most: MOST_BYTES }),
    optional("ExplicitHashKey", HASH_KEY),
    required("PartitionKey", text(1, 256)),
]);
const MODE: Shape = Shape::Structure(&[required("StreamMode", one_of(&["PROVISIONED", "ON_DEMAND"]))]);
const FILTER: Shape = Shape::Structure(&[
    required(
        "Type",
        one_of(&[
            "AFTER_SHARD_ID",
            "AT_TRIM_HORIZON",
            "FROM_TRIM_HORIZON",
            "AT_LATEST",
            "AT_TIMESTAMP",
            "FROM_TIMESTAMP",
        ]),
    ),
    optional("ShardId", SHARD),
    optional("Timestamp", Shape::Time),
]);
const ITERATOR_TYPE: Shape =
    one_of(&["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]);

/// The input of an operation; `None` if there is no such operation.
pub(super) fn input_of(operation: &str) -> Option<&'static [Member]> {
    Some(match operation {
        "PutRecord" => {
            const {
                &[
                    optional("StreamName", NAME),
                    optional("StreamARN", ARN),
                    required("Data", Shape::Blob { most: MOST_BYTES }),
                    required("PartitionKey", text(1, 256)),
                    optional("ExplicitHashKey", HASH_KEY),
                    optional("SequenceNumberForOrdering", NUMBER),
                ]
            }
        }
        "PutRecords" => {
            const {
                &[
                    optional("StreamName", NAME),
                    optional("StreamARN", ARN),
                    required("Records", Shape::List { least: 1, most: MOST_RECORDS, of: &ENTRY }),
                ]
            }
        }
        "DescribeStreamSummary" => const { &[optional("StreamName", NAME), optional("StreamARN", ARN)] },
        "ListShards" => {
            const {
                &[
                    optional("StreamName", NAME),
                    optional("StreamARN", ARN),
                    optional("NextToken", text(1, 1_048_576)),
                    optional("ExclusiveStartShardId", SHARD),
                    optional("MaxResults", Shape::Integer { least: 1, most: 10_000 }),
                    optional("StreamCreationTimestamp", Shape::Time),
                    optional("ShardFilter", FILTER),
                ]
            }
        }
        "ListStreams" => {
            const {
                &[
                    optional("Limit", Shape::Integer { least: 1, most: 10_000 }),
                    optional("ExclusiveStartStreamName", NAME),
                    optional("NextToken", text(1, 1_048_576)),
                ]
            }
        }
        "GetShardIterator" => {
            const {
                &[
                    optional("StreamName", NAME),
                    optional("StreamARN", ARN),
                    required("ShardId", SHARD),
                    required("ShardIteratorType", ITERATOR_TYPE),
                    optional("StartingSequenceNumber", NUMBER),
                    optional("Timestamp", Shape::Time),
                ]
            }
        }
        "GetRecords" => {
            const {
                &[
                    required("ShardIterator", text(1, 512)),
                    optional("Limit", Shape::Integer { least: 1, most: MOST_READ }),
                    optional("StreamARN", ARN),
                ]
            }
        }
        "CreateStream" => {
            const {
                &[
                    required("StreamName", NAME),
                    optional("ShardCount", Shape::Integer { least: 1, most: i32::MAX as i64 }),
                    optional("StreamModeDetails", MODE),
                    optional("MaxRecordSizeInKiB", Shape::Integer { least: 1024, most: 10_240 }),
                ]
            }
        }
        _ => return None,
    })
}
