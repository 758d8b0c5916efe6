"""Kinesis streams themselves: made, summarised and listed with boto3, and their shards."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from refusals import refused

KEYS = 2**128


def test_a_new_stream_is_summarised(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream(shards=3)
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert (summary["StreamName"], summary["OpenShardCount"]) == (name, 3)
    assert summary["StreamARN"].endswith(f":stream/{name}")
    assert summary["RetentionPeriodHours"] >= 24
    assert summary["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}


def test_a_stream_can_be_named_by_its_arn(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream()
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    assert kinesis.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]["StreamName"] == name
    assert kinesis.put_record(StreamARN=arn, Data=b"x", PartitionKey="k")["ShardId"]


def test_a_name_is_taken_once(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream()
    with refused("ResourceInUseException", name):
        kinesis.create_stream(StreamName=name, ShardCount=1)


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"ShardCount": 0}, "shardCount"),
        ({"StreamName": ""}, "streamName"),
        ({"StreamName": "a" * 129}, "streamName"),
        ({"StreamName": "with space"}, "streamName"),
        ({"StreamModeDetails": {"StreamMode": "ENDLESS"}}, "streamModeDetails.streamMode"),
        ({"MaxRecordSizeInKiB": 10_241}, "maxRecordSizeInKiB"),
    ],
)
def test_a_stream_that_cannot_be_is_refused(
    careless: dict[str, Any], fresh: Callable[[], str], wrong: dict[str, Any], member: str
) -> None:
    with refused("ValidationException", f"'{member}'", "failed to satisfy constraint"):
        careless["kinesis"].create_stream(**{"StreamName": fresh(), "ShardCount": 1} | wrong)


def test_an_unknown_stream_is_not_found(kinesis: Any, fresh: Callable[[], str]) -> None:
    name = fresh()
    record = {"Data": b"x", "PartitionKey": "k"}
    with refused("ResourceNotFoundException", f"Stream {name} under account ", " not found."):
        kinesis.describe_stream_summary(StreamName=name)
    with refused("ResourceNotFoundException", name):
        kinesis.list_shards(StreamName=name)
    with refused("ResourceNotFoundException", name):
        kinesis.put_record(StreamName=name, **record)
    with refused("ResourceNotFoundException", name):
        kinesis.put_records(StreamName=name, Records=[record])
    with refused("ResourceNotFoundException", name):
        kinesis.get_shard_iterator(StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")


@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_shards_share_the_keys_without_gap_or_overlap(kinesis: Any, stream: Callable[..., str], count: int) -> None:
    found = kinesis.list_shards(StreamName=stream(shards=count))["Shards"]
    assert [shard["ShardId"] for shard in found] == [f"shardId-{number:012}" for number in range(count)]
    ranges = [(int(s["HashKeyRange"]["StartingHashKey"]), int(s["HashKeyRange"]["EndingHashKey"])) for s in found]
    assert (ranges[0][0], ranges[-1][1]) == (0, KEYS - 1)
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(ranges))
    sizes = [end - start for start, end in ranges]
    assert max(sizes) - min(sizes) <= count
    assert all("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in found)


def test_shards_are_listed_page_by_page(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream(shards=5)
    page = kinesis.list_shards(StreamName=name, MaxResults=2)
    found = page["Shards"]
    assert len(found) == 2
    for _ in range(10):
        if "NextToken" not in page:
            break
        page = kinesis.list_shards(NextToken=page["NextToken"], MaxResults=2)
        found += page["Shards"]
    assert [shard["ShardId"][-1] for shard in found] == ["0", "1", "2", "3", "4"]
    rest = kinesis.list_shards(StreamName=name, ExclusiveStartShardId=found[2]["ShardId"])["Shards"]
    assert rest == found[3:]


def test_a_list_of_shards_is_of_one_stream_or_goes_on_with_one(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream(shards=2)
    token = kinesis.list_shards(StreamName=name, MaxResults=1)["NextToken"]
    with refused("InvalidArgumentException", "NextToken"):
        kinesis.list_shards(StreamName=name, NextToken=token)
    with refused("InvalidArgumentException", "NextToken"):
        kinesis.list_shards()
    with refused("InvalidArgumentException"):
        kinesis.list_shards(NextToken="garbage")
    with refused("ValidationException", "'maxResults'"):
        kinesis.list_shards(StreamName=name, MaxResults=10_001)


def test_streams_are_listed_by_name_page_by_page(kinesis: Any, stream: Callable[..., str]) -> None:
    made = {stream() for _ in range(3)}
    names: list[str] = []
    for _ in range(500):
        after = {"ExclusiveStartStreamName": names[-1]} if names else {}
        page = kinesis.list_streams(Limit=2, **after)
        assert [summary["StreamName"] for summary in page["StreamSummaries"]] == page["StreamNames"]
        names += page["StreamNames"]
        if not page["HasMoreStreams"]:
            break
        assert len(page["StreamNames"]) == 2
    assert names == sorted(set(names))
    assert made <= set(names)


def test_streams_are_listed_by_token_too(kinesis: Any, stream: Callable[..., str]) -> None:
    made = {stream() for _ in range(3)}
    pages = list(kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 2, "MaxItems": 2_000}))
    assert made <= {name for page in pages for name in page["StreamNames"]}
