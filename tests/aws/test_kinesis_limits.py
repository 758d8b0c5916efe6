"""Kinesis's limits: the last that is taken, and the first that is not."""

from collections.abc import Callable
from typing import Any

import pytest

from reading import iterator
from refusals import refused

MEBIBYTE = 1 << 20
MOST = 10 * MEBIBYTE
LARGE = {"MaxRecordSizeInKiB": 10_240}


def test_a_record_of_ten_mebibytes_comes_back(kinesis: Any, stream: Callable[..., str]) -> None:
    # Together with its key it may be so large, and no larger.
    name, data = stream(**LARGE), b"\xfe" * (MOST - 1)
    kinesis.put_record(StreamName=name, Data=data, PartitionKey="k")
    place = iterator(kinesis, name, "shardId-000000000000")
    [record] = kinesis.get_records(ShardIterator=place)["Records"]
    assert record["Data"] == data


def test_a_record_of_more_is_refused(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream(**LARGE)
    with refused("ValidationException", "1 validation error detected", "'data'", str(MOST)):
        kinesis.put_record(StreamName=name, Data=b"\xfe" * (MOST + 1), PartitionKey="k")
    with refused("ValidationException", "'records.1.member.data'", str(MOST)):
        record = {"Data": b"\xfe" * (MOST + 1), "PartitionKey": "k"}
        kinesis.put_records(StreamName=name, Records=[record])


def test_a_request_of_more_than_ten_mebibytes_is_refused(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream()
    records = [{"Data": b"\xfe" * 1_000_000, "PartitionKey": str(n)} for n in range(11)]
    with refused("InvalidArgumentException", "Records size exceeds 10 MB limit"):
        kinesis.put_records(StreamName=name, Records=records)
    place = iterator(kinesis, name, "shardId-000000000000")
    assert kinesis.get_records(ShardIterator=place)["Records"] == [], "nothing of it was taken"


def test_a_read_brings_at_most_ten_mebibytes(kinesis: Any, stream: Callable[..., str]) -> None:
    name, sent = stream(shards=1), 0
    for _ in range(1_000):
        put = kinesis.put_records(StreamName=name, Records=[{"Data": b"\xfe" * 1_000_000, "PartitionKey": "k"}] * 4)
        sent += 4 - put["FailedRecordCount"]
        if sent > 10:
            break
    place, counts = iterator(kinesis, name, "shardId-000000000000"), []
    for _ in range(20):
        answer = kinesis.get_records(ShardIterator=place)
        place = answer["NextShardIterator"]
        counts.append(len(answer["Records"]))
        if sum(counts) == sent:
            break
    assert sum(counts) == sent > 10
    assert max(counts) <= 10


@pytest.mark.parametrize("count", [0, 501])
def test_a_batch_has_1_to_500_records(careless: dict[str, Any], stream: Callable[..., str], count: int) -> None:
    records = [{"Data": b"x", "PartitionKey": "k"}] * count
    with refused("ValidationException", "'records'", "Member must have length"):
        careless["kinesis"].put_records(StreamName=stream(), Records=records)


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"PartitionKey": ""}, "partitionKey"),
        ({"PartitionKey": "k" * 257}, "partitionKey"),
        ({"ExplicitHashKey": "007"}, "explicitHashKey"),
        ({"ExplicitHashKey": "-1"}, "explicitHashKey"),
    ],
)
def test_a_record_outside_the_model_is_refused(
    careless: dict[str, Any], stream: Callable[..., str], wrong: dict[str, str], member: str
) -> None:
    name, record = stream(), {"Data": b"x", "PartitionKey": "k"} | wrong
    with refused("ValidationException", f"'{member}'", "failed to satisfy constraint"):
        careless["kinesis"].put_record(StreamName=name, **record)
    with refused("ValidationException", f"'records.2.member.{member}'", "failed to satisfy constraint"):
        careless["kinesis"].put_records(StreamName=name, Records=[{"Data": b"x", "PartitionKey": "k"}, record])


def test_a_partition_key_has_256_characters_whatever_their_bytes(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream()
    assert kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="鍵" * 256)["SequenceNumber"]


def test_a_hash_key_is_below_two_to_the_128(kinesis: Any, stream: Callable[..., str]) -> None:
    name, record = stream(), {"Data": b"x", "PartitionKey": "k"}
    assert kinesis.put_record(StreamName=name, **record, ExplicitHashKey=str(2**128 - 1))["SequenceNumber"]
    with refused("InvalidArgumentException", "Invalid ExplicitHashKey", str(2**128)):
        kinesis.put_record(StreamName=name, **record, ExplicitHashKey=str(2**128))


@pytest.mark.parametrize(
    ("operation", "request_", "member"),
    [
        ("put_record", {"StreamName": "s", "PartitionKey": "k"}, "data"),
        ("put_records", {"StreamName": "s"}, "records"),
        ("put_records", {"StreamName": "s", "Records": [{"PartitionKey": "k"}]}, "records.1.member.data"),
        ("get_shard_iterator", {"StreamName": "s", "ShardIteratorType": "LATEST"}, "shardId"),
        ("get_shard_iterator", {"StreamName": "s", "ShardId": "shardId-0"}, "shardIteratorType"),
        ("get_records", {}, "shardIterator"),
        ("create_stream", {"ShardCount": 1}, "streamName"),
    ],
)
def test_what_is_required_and_missing_is_named(
    careless: dict[str, Any], operation: str, request_: dict[str, Any], member: str
) -> None:
    with refused("ValidationException", f"Value null at '{member}'", "Member must not be null"):
        getattr(careless["kinesis"], operation)(**request_)
