"""The validator itself: it takes AWS's own answers, and finds each way to miss the model."""

import json
from typing import Any

import botocore.session
import pytest

import shapes

SESSION = botocore.session.get_session()
HEADERS = {
    "content-type": "application/x-amz-json-1.1",
    "x-amzn-requestid": "d576e1fc-22dc-c659-839d-1fbe02a45df7",
}

PUT_RECORDS = {
    "FailedRecordCount": 1,
    "Records": [
        {
            "SequenceNumber": "49543463076548007577105092703039560359975228518395012686",
            "ShardId": "shardId-000000000000",
        },
        {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."},
    ],
    "EncryptionType": "NONE",
}
SUMMARY = {
    "StreamDescriptionSummary": {
        "StreamName": "s",
        "StreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
        "StreamStatus": "ACTIVE",
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": 1769856067.123,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "OpenShardCount": 1,
    }
}
CREATED = "StreamDescriptionSummary.StreamCreationTimestamp"
GET_RECORDS = {
    "Records": [
        {"SequenceNumber": "1", "Data": "6Q==", "PartitionKey": "é", "ApproximateArrivalTimestamp": 1769856067}
    ],
    "NextShardIterator": "AAAA",
    "MillisBehindLatest": 0,
}


def model(service: str, operation: str) -> Any:
    return SESSION.get_service_model(service).operation_model(operation)


def found(operation: str, value: Any, service: str = "kinesis") -> list[str]:
    return shapes.output_problems(model(service, operation), json.dumps(value).encode())


def changed(value: Any, path: str, new: Any) -> Any:
    """A copy in which the member at a path is another, or, for `...`, is not there."""
    copy = json.loads(json.dumps(value))
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = copy
    for step in way:
        place = place[step]
    if new is ...:
        del place[last]
    else:
        place[last] = new
    return copy


@pytest.mark.parametrize(
    ("operation", "value"),
    [("PutRecords", PUT_RECORDS), ("DescribeStreamSummary", SUMMARY), ("GetRecords", GET_RECORDS)],
)
def test_aws_s_own_answers_fit(operation: str, value: Any) -> None:
    shapes.check(model("kinesis", operation), 200, HEADERS, json.dumps(value).encode())


def test_a_count_of_no_failures_fits_although_the_model_says_at_least_one() -> None:
    assert found("PutRecords", {"FailedRecordCount": 0, "Records": PUT_RECORDS["Records"][:1]}) == []


@pytest.mark.parametrize(
    ("operation", "value", "path", "new", "problem"),
    [
        ("PutRecords", PUT_RECORDS, "Records", ..., "Records is missing"),
        ("PutRecords", PUT_RECORDS, "Records.0.Extra", 1, "Extra is not known"),
        ("PutRecords", PUT_RECORDS, "Records", {}, "is no list"),
        ("PutRecords", PUT_RECORDS, "Records", [], "0 is less than 1"),
        ("PutRecords", PUT_RECORDS, "Records.0", "x", "is no structure"),
        ("PutRecords", PUT_RECORDS, "Records.0.SequenceNumber", "007", "does not match"),
        ("PutRecords", PUT_RECORDS, "Records.0.SequenceNumber", 7, "is no string"),
        ("PutRecords", PUT_RECORDS, "Records.0.ShardId", "s" * 129, "129 is more than 128"),
        ("PutRecords", PUT_RECORDS, "Records.1.ErrorMessage", None, "is no string"),
        ("PutRecords", PUT_RECORDS, "Records.1.ErrorMessage", ..., "Records: ['ErrorCode']"),
        ("PutRecords", PUT_RECORDS, "FailedRecordCount", 0, "FailedRecordCount is 0, 1 failed"),
        ("PutRecords", PUT_RECORDS, "FailedRecordCount", True, "is no integer"),
        ("PutRecords", PUT_RECORDS, "EncryptionType", "none", "is none of"),
        ("DescribeStreamSummary", SUMMARY, "StreamDescriptionSummary.StreamARN", "arn:s", "does not match"),
        (
            "DescribeStreamSummary",
            SUMMARY,
            "StreamDescriptionSummary.StreamCreationTimestamp",
            1769856067123,
            "no time",
        ),
        ("DescribeStreamSummary", SUMMARY, CREATED, "2026", "no time"),
        ("DescribeStreamSummary", SUMMARY, "StreamDescriptionSummary.OpenShardCount", -1, "-1 is less than 0"),
        ("DescribeStreamSummary", SUMMARY, "StreamDescriptionSummary.EnhancedMonitoring", ..., "is missing"),
        ("GetRecords", GET_RECORDS, "Records.0.Data", "6Q=", "is no base64"),
        ("GetRecords", GET_RECORDS, "Records.0.Data", "6Q\n==", "is no base64"),
        ("GetRecords", GET_RECORDS, "NextShardIterator", "", "0 is less than 1"),
        ("GetRecords", GET_RECORDS, "MillisBehindLatest", 0.5, "is no integer"),
    ],
)
def test_a_body_that_misses_the_model_is_found_out(
    operation: str, value: Any, path: str, new: Any, problem: str
) -> None:
    problems = found(operation, changed(value, path, new))
    assert any(problem in text for text in problems), problems


def test_an_operation_without_output_answers_nothing() -> None:
    create = model("kinesis", "CreateStream")
    assert shapes.output_problems(create, b"") == []
    assert shapes.output_problems(create, b'{"StreamName":"s"}') == ["the operation has no output"]


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (400, {"__type": "ResourceNotFoundException", "message": "Stream s under account 1 not found."}, None),
        (400, {"__type": "com.amazon.coral.service#SerializationException", "Message": "Expected list or null"}, None),
        (400, {"__type": "UnknownOperationException"}, None),
        (500, {"__type": "InternalFailureException", "message": "m"}, None),
        (404, {"__type": "ResourceNotFoundException", "message": "m"}, "with status 404"),
        (400, {"__type": "ConcurrentModificationException", "message": "m"}, "is no error of the operation"),
        (400, {"message": "m"}, "is no error of the operation"),
        (400, {"__type": "ResourceNotFoundException", "message": "m", "field": "f"}, "field is not known"),
        (400, {"__type": "ValidationException", "message": "m", "field": "f"}, "ValidationException: {"),
    ],
)
def test_errors_are_those_of_the_operation(status: int, body: dict[str, str], problem: str | None) -> None:
    problems = shapes.error_problems(model("kinesis", "GetRecords"), status, json.dumps(body).encode())
    assert any(problem in text for text in problems) if problem else problems == []


def test_being_unavailable_is_a_503_of_firehose() -> None:
    body = json.dumps({"__type": "ServiceUnavailableException", "message": "Slow down."}).encode()
    put = model("firehose", "PutRecord")
    assert shapes.error_problems(put, 503, body) == []
    assert shapes.error_problems(put, 400, body) == ["ServiceUnavailableException with status 400"]


@pytest.mark.parametrize(
    "headers", [{"content-type": "application/json"}, {"x-amzn-requestid": "1"}, {"x-amzn-requestid": ""}]
)
def test_headers_are_part_of_a_response(headers: dict[str, str]) -> None:
    assert len(shapes.header_problems(HEADERS | headers)) == 1
