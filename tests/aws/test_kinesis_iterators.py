"""The five ways into a shard, and the ways that lead nowhere."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from reading import iterator, read, shards
from refusals import refused

SHARD = "shardId-000000000000"


@pytest.fixture
def five(kinesis: Any, stream: Callable[..., str]) -> tuple[str, list[str]]:
    """A stream with the records 0 to 4, and their sequence numbers."""
    name = stream()
    puts = [kinesis.put_record(StreamName=name, Data=b"%d" % n, PartitionKey="k") for n in range(5)]
    return name, [put["SequenceNumber"] for put in puts]


def data(records: list[dict[str, Any]]) -> bytes:
    return b"".join(record["Data"] for record in records)


def test_trim_horizon_is_the_oldest_record(kinesis: Any, five: tuple[str, list[str]]) -> None:
    assert data(read(kinesis, iterator(kinesis, five[0], SHARD, "TRIM_HORIZON"), 5)) == b"01234"


def test_latest_is_after_the_newest_record(kinesis: Any, five: tuple[str, list[str]]) -> None:
    place = iterator(kinesis, five[0], SHARD, "LATEST")
    assert kinesis.get_records(ShardIterator=place)["Records"] == []
    kinesis.put_record(StreamName=five[0], Data=b"5", PartitionKey="k")
    assert data(read(kinesis, place, 1)) == b"5"


def test_at_a_sequence_number_is_with_its_record(kinesis: Any, five: tuple[str, list[str]]) -> None:
    name, numbers = five
    place = iterator(kinesis, name, SHARD, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[2])
    records = read(kinesis, place, 3)
    assert (data(records), records[0]["SequenceNumber"]) == (b"234", numbers[2])


def test_after_a_sequence_number_is_without_its_record(kinesis: Any, five: tuple[str, list[str]]) -> None:
    name, numbers = five
    place = iterator(kinesis, name, SHARD, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[2])
    assert data(read(kinesis, place, 2)) == b"34"
    place = iterator(kinesis, name, SHARD, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[4])
    assert read(kinesis, place, 0) == []


def test_at_a_shard_s_starting_sequence_number_is_its_beginning(kinesis: Any, five: tuple[str, list[str]]) -> None:
    [shard] = kinesis.list_shards(StreamName=five[0])["Shards"]
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    place = iterator(kinesis, five[0], SHARD, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=start)
    assert data(read(kinesis, place, 5)) == b"01234"


def test_at_a_time_is_the_first_record_that_arrived_then(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream()
    records: list[dict[str, Any]] = []
    # Records until two arrived at different times: no more than a millisecond has to pass.
    for number in range(2_000):
        kinesis.put_record(StreamName=name, Data=b"%d." % number, PartitionKey="k")
        if number % 50 == 49:
            records = read(kinesis, iterator(kinesis, name, SHARD), number + 1)
            if len({record["ApproximateArrivalTimestamp"] for record in records}) > 1:
                break
    latest = records[-1]["ApproximateArrivalTimestamp"]
    expected = [record["Data"] for record in records if record["ApproximateArrivalTimestamp"] >= latest]
    assert len(expected) < len(records)
    place = iterator(kinesis, name, SHARD, "AT_TIMESTAMP", Timestamp=latest)
    assert [record["Data"] for record in read(kinesis, place, len(expected))] == expected
    long_ago = iterator(kinesis, name, SHARD, "AT_TIMESTAMP", Timestamp=latest - datetime.timedelta(hours=1))
    assert len(read(kinesis, long_ago, len(records))) == len(records)


def test_a_way_that_is_not_whole_is_refused(kinesis: Any, five: tuple[str, list[str]]) -> None:
    name, numbers = five
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        with refused("InvalidArgumentException", f"Request specified {kind} and no StartingSequenceNumber."):
            iterator(kinesis, name, SHARD, kind)
    for kind in ("TRIM_HORIZON", "LATEST"):
        with refused("InvalidArgumentException", f"Request specified {kind} and also a StartingSequenceNumber."):
            iterator(kinesis, name, SHARD, kind, StartingSequenceNumber=numbers[0])
    with refused("InvalidArgumentException", "timestampInMillis"):
        iterator(kinesis, name, SHARD, "AT_TIMESTAMP")
    with refused("InvalidArgumentException", "timestampInMillis"):
        iterator(kinesis, name, SHARD, "AT_TIMESTAMP", Timestamp=tomorrow)


def test_a_shard_that_is_not_there_is_not_found(kinesis: Any, five: tuple[str, list[str]]) -> None:
    with refused("ResourceNotFoundException", "shardId-000000000007", five[0]):
        iterator(kinesis, five[0], "shardId-000000000007")
    with refused("ResourceNotFoundException", "nonsense", five[0]):
        iterator(kinesis, five[0], "nonsense")


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"ShardIteratorType": "SOMEWHERE"}, "shardIteratorType"),
        ({"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "-1"}, "startingSequenceNumber"),
        ({"ShardId": "a b"}, "shardId"),
        ({"ShardId": ""}, "shardId"),
    ],
)
def test_a_request_outside_the_model_is_refused(
    careless: dict[str, Any], five: tuple[str, list[str]], wrong: dict[str, str], member: str
) -> None:
    with refused("ValidationException", f"'{member}'", "failed to satisfy constraint"):
        right = {"StreamName": five[0], "ShardId": SHARD, "ShardIteratorType": "LATEST"}
        careless["kinesis"].get_shard_iterator(**right | wrong)


def test_an_iterator_that_was_not_given_out_is_invalid(kinesis: Any, five: tuple[str, list[str]]) -> None:
    good = iterator(kinesis, five[0], SHARD)
    for bad in ["garbage", "AAAA", good[: len(good) // 2], good + "AAAA", "é" * 20]:
        with refused("InvalidArgumentException", "Invalid ShardIterator"):
            kinesis.get_records(ShardIterator=bad)


def test_iterators_are_strings_of_1_to_512_characters(careless: dict[str, Any]) -> None:
    for bad in ["", "A" * 513]:
        with refused("ValidationException", "'shardIterator'", "Member must have length"):
            careless["kinesis"].get_records(ShardIterator=bad)


def test_a_read_has_1_to_10000_records(careless: dict[str, Any], kinesis: Any, five: tuple[str, list[str]]) -> None:
    place = iterator(kinesis, five[0], SHARD)
    assert data(kinesis.get_records(ShardIterator=place, Limit=3)["Records"]) == b"012"
    for limit in [0, 10_001]:
        with refused("ValidationException", "'limit'", "Member must have value"):
            careless["kinesis"].get_records(ShardIterator=place, Limit=limit)


def test_the_next_iterator_goes_on_where_the_last_one_ended(kinesis: Any, five: tuple[str, list[str]]) -> None:
    [shard] = shards(kinesis, five[0])
    place, found = iterator(kinesis, five[0], shard), b""
    for _ in range(5):
        answer = kinesis.get_records(ShardIterator=place, Limit=1)
        place, found = answer["NextShardIterator"], found + data(answer["Records"])
    assert found == b"01234"
    kinesis.put_record(StreamName=five[0], Data=b"5", PartitionKey="k")
    assert data(read(kinesis, place, 1)) == b"5"
