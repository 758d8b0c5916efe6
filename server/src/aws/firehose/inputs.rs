//! What each of Firehose's operations takes, as AWS's published model has it.
//!
//! Owns the inputs' names and types. Does not own what an operation does with them.

use crate::amazon::{MOST_RECORD_BYTES, MOST_RECORDS};
use crate::aws::shape::{Member, PLAIN_NAME, Pattern, Shape, one_of, optional, required, text, text_like};

const NAME: Shape = text_like(1, 64, PLAIN_NAME);
const ARN: Shape = text_like(1, 512, Pattern { regex: "arn:.*", matches: |arn| arn.starts_with("arn:") });
const RECORD: Shape = Shape::Structure(&[required("Data", Shape::Blob { most: MOST_RECORD_BYTES })]);
const HINTS: Shape = Shape::Structure(&[
    optional("SizeInMBs", Shape::Integer { least: 1, most: 128 }),
    optional("IntervalInSeconds", Shape::Integer { least: 0, most: 900 }),
]);
const COMPRESSION: Shape = one_of(&["UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"]);
const S3: Shape = Shape::Structure(&[
    required("RoleARN", ARN),
    required("BucketARN", ARN),
    optional("Prefix", text(0, 1024)),
    optional("BufferingHints", HINTS),
    optional("CompressionFormat", COMPRESSION),
]);
const S3_UPDATE: Shape = Shape::Structure(&[
    optional("RoleARN", ARN),
    optional("BucketARN", ARN),
    optional("BufferingHints", HINTS),
    optional("CompressionFormat", COMPRESSION),
]);
const REDSHIFT_UPDATE: Shape = Shape::Structure(&[
    optional("S3Update", S3_UPDATE),
    optional(
        "RetryOptions",
        Shape::Structure(&[optional("DurationInSeconds", Shape::Integer { least: 0, most: 7200 })]),
    ),
]);
const TYPE: Shape = one_of(&["DirectPut", "KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource"]);

/// The input of an operation; `None` if there is no such operation.
pub(super) fn input_of(operation: &str) -> Option<&'static [Member]> {
    Some(match operation {
        "PutRecord" => const { &[required("DeliveryStreamName", NAME), required("Record", RECORD)] },
        "PutRecordBatch" => {
            const {
                &[
                    required("DeliveryStreamName", NAME),
                    required("Records", Shape::List { least: 1, most: MOST_RECORDS, of: &RECORD }),
                ]
            }
        }
        "DescribeDeliveryStream" => {
            const {
                &[
                    required("DeliveryStreamName", NAME),
                    optional("Limit", Shape::Integer { least: 1, most: 10_000 }),
                    optional("ExclusiveStartDestinationId", text(1, 100)),
                ]
            }
        }
        "ListDeliveryStreams" => {
            const {
                &[
                    optional("Limit", Shape::Integer { least: 1, most: 10_000 }),
                    optional("DeliveryStreamType", TYPE),
                    optional("ExclusiveStartDeliveryStreamName", NAME),
                ]
            }
        }
        "CreateDeliveryStream" => {
            const {
                &[
                    required("DeliveryStreamName", NAME),
                    optional("DeliveryStreamType", TYPE),
                    optional("S3DestinationConfiguration", S3),
                    optional("ExtendedS3DestinationConfiguration", S3),
                ]
            }
        }
        "DeleteDeliveryStream" => {
            const { &[required("DeliveryStreamName", NAME), optional("AllowForceDelete", Shape::Boolean)] }
        }
        "UpdateDestination" => {
            const {
                &[
                    required("DeliveryStreamName", NAME),
                    required("CurrentDeliveryStreamVersionId", text(1, 50)),
                    required("DestinationId", text(1, 100)),
                    optional("S3DestinationUpdate", S3_UPDATE),
                    optional("ExtendedS3DestinationUpdate", S3_UPDATE),
                    optional("RedshiftDestinationUpdate", REDSHIFT_UPDATE),
                ]
            }
        }
        _ => return None,
    })
}
