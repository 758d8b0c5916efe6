"""The wire itself: what a response is made of, and what requests that no client sends are answered."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from school import DELIVERY_STREAM
from signed import Wire

BODIES = [b"", b"{", b"[]", b"7", b'"x"', b"null", b"\xff\xfe", b'{"Limit":1}}', b"[" * 100_000]
WAY = {"StreamName": "s", "ShardId": "s", "ShardIteratorType": "AT_TIMESTAMP"}
LIST = {"firehose": "ListDeliveryStreams", "kinesis": "ListStreams"}


@pytest.mark.parametrize("service", ["firehose", "kinesis"])
def test_a_response_has_aws_s_headers_and_an_id_of_its_own(wires: dict[str, Wire], service: str) -> None:
    answers = [wires[service].call(LIST[service], {}) for _ in range(3)]
    assert all(answer.status == 200 for answer in answers)
    assert all(answer.headers["content-type"] == "application/x-amz-json-1.1" for answer in answers)
    assert len({answer.headers["x-amzn-RequestId"] for answer in answers}) == 3
    assert all(int(answer.headers["content-length"]) == len(answer.body) for answer in answers)


def test_an_error_names_its_type_in_the_body(wires: dict[str, Wire]) -> None:
    for service, operation, body in [
        ("firehose", "DescribeDeliveryStream", {"DeliveryStreamName": "not-there"}),
        ("kinesis", "DescribeStreamSummary", {"StreamName": "not-there"}),
    ]:
        answer = wires[service].call(operation, body)
        assert (answer.status, answer.json["__type"]) == (400, "ResourceNotFoundException")
        assert "not-there" in answer.json["message"]


def test_an_operation_without_output_has_no_body(wires: dict[str, Wire], fresh: Callable[[], str]) -> None:
    answer = wires["kinesis"].call("CreateStream", {"StreamName": fresh(), "ShardCount": 1})
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("target", ["Whatever", "ListStream", "", "liststreams"])
def test_an_operation_that_is_not_there_is_unknown(wires: dict[str, Wire], target: str) -> None:
    for wire in wires.values():
        answer = wire.send(wire.sign(wire.request(target, {})))
        assert (answer.status, answer.code) == (400, "UnknownOperationException")


@pytest.mark.parametrize("target", ["DynamoDB_20120810.ListTables", "Kinesis_20131202", "ListStreams", "."])
def test_a_service_that_is_not_there_is_unknown(wires: dict[str, Wire], target: str) -> None:
    wire = wires["kinesis"]
    request = wire.request("ListStreams", {})
    request.headers.replace_header("X-Amz-Target", target)
    answer = wire.send(wire.sign(request))
    assert (answer.status, answer.code) == (400, "UnknownOperationException")


def test_a_request_without_a_target_is_unknown(wires: dict[str, Wire]) -> None:
    wire = wires["kinesis"]
    request = wire.request("ListStreams", {})
    del request.headers["X-Amz-Target"]
    answer = wire.send(wire.sign(request))
    assert (answer.status, answer.code) == (400, "UnknownOperationException")


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_json_object_cannot_be_read(wires: dict[str, Wire], body: bytes) -> None:
    for service, wire in wires.items():
        answer = wire.send(wire.sign(wire.request(LIST[service], body)))
        assert (answer.status, answer.code) == (400, "SerializationException"), answer.body


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("ListStreams", {"Limit": "ten"}),
        ("ListStreams", {"Limit": [1]}),
        ("ListStreams", {"ExclusiveStartStreamName": 7}),
        ("CreateStream", {"StreamName": {"a": 1}, "ShardCount": 1}),
        ("PutRecord", {"StreamName": "s", "PartitionKey": "k", "Data": 7}),
        ("PutRecord", {"StreamName": "s", "PartitionKey": "k", "Data": "%%%%"}),
        ("PutRecord", {"StreamName": "s", "PartitionKey": "k", "Data": "abc"}),
        ("PutRecords", {"StreamName": "s", "Records": {}}),
        ("PutRecords", {"StreamName": "s", "Records": ["x"]}),
        (
            "GetShardIterator",
            WAY | {"Timestamp": "x"},
        ),
    ],
)
def test_a_member_of_another_type_cannot_be_read(wires: dict[str, Wire], operation: str, body: dict[str, Any]) -> None:
    answer = wires["kinesis"].call(operation, body)
    assert (answer.status, answer.code) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("PutRecord", {"DeliveryStreamName": "s", "Record": "x"}),
        ("PutRecord", {"DeliveryStreamName": "s", "Record": {"Data": "not base64!"}}),
        ("PutRecordBatch", {"DeliveryStreamName": "s", "Records": {"Data": "eA=="}}),
        ("PutRecordBatch", {"DeliveryStreamName": "s", "Records": [{"Data": "eA=="}, {"Data": "eA="}]}),
        ("DescribeDeliveryStream", {"DeliveryStreamName": True}),
    ],
)
def test_firehose_reads_no_other_types_either(wires: dict[str, Wire], operation: str, body: dict[str, Any]) -> None:
    answer = wires["firehose"].call(operation, body)
    assert (answer.status, answer.code) == (400, "SerializationException")


def test_members_that_nobody_knows_are_ignored_and_null_is_absent(wires: dict[str, Wire]) -> None:
    assert wires["kinesis"].call("ListStreams", {"Limit": None, "FromTheFuture": {"a": [1]}}).status == 200
    assert wires["firehose"].call("ListDeliveryStreams", {"Limit": None, "FromTheFuture": 1}).status == 200


def test_times_in_the_body_are_numbers_with_a_fraction(wires: dict[str, Wire], stream: Callable[..., str]) -> None:
    wire, name = wires["kinesis"], stream()
    wire.call("PutRecord", {"StreamName": name, "PartitionKey": "k", "Data": "/v8="})
    way = {"StreamName": name, "ShardId": "shardId-000000000000"}
    place = wire.call("GetShardIterator", way | {"ShardIteratorType": "TRIM_HORIZON"}).json["ShardIterator"]
    [record] = wire.call("GetRecords", {"ShardIterator": place}).json["Records"]
    assert record["Data"] == "/v8="
    arrived = record["ApproximateArrivalTimestamp"]
    assert round(arrived * 1_000) == pytest.approx(arrived * 1_000, abs=0.01), "whole milliseconds"
    at = wire.call("GetShardIterator", way | {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": arrived})
    assert wire.call("GetRecords", {"ShardIterator": at.json["ShardIterator"]}).json["Records"] == [record]


def test_other_ways_of_writing_the_same_json_are_the_same(wires: dict[str, Wire]) -> None:
    wire, name = wires["firehose"], DELIVERY_STREAM
    for body in [
        json.dumps({"DeliveryStreamName": name}, indent=2),
        '{"DeliveryStreamName":"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"}',
    ]:
        answer = wire.call("DescribeDeliveryStream", body.encode())
        assert answer.json["DeliveryStreamDescription"]["DeliveryStreamName"] == name
