"""Records put to Kinesis streams with boto3, and read back byte for byte."""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from reading import iterator, read, read_all, shards

# Different lengths and scripts; MD5 spreads them over the shards.
PARTITION_KEYS = [f"{word}-{number}" for number in range(6) for word in ("a", "Schlüssel", "鍵", "🔑", "k" * 200)]


def shard_of(found: list[dict[str, Any]], key: str) -> str:
    """What AWS documents: the MD5 of the partition key, as a number, within a shard's range."""
    number = int.from_bytes(hashlib.md5(key.encode()).digest(), "big")
    return next(
        shard["ShardId"]
        for shard in found
        if int(shard["HashKeyRange"]["StartingHashKey"]) <= number <= int(shard["HashKeyRange"]["EndingHashKey"])
    )


def test_batches_of_500_with_random_bytes_come_back_in_order_of_their_keys(
    kinesis: Any, stream: Callable[..., str]
) -> None:
    name, chance = stream(shards=8), random.Random(20260131)
    sent: dict[str, list[bytes]] = defaultdict(list)
    answered: dict[str, list[str]] = defaultdict(list)
    for _ in range(3):
        batch = [
            {"Data": chance.randbytes(chance.randrange(600)), "PartitionKey": chance.choice(PARTITION_KEYS)}
            for _ in range(500)
        ]
        answer = kinesis.put_records(StreamName=name, Records=batch)
        assert (answer["FailedRecordCount"], len(answer["Records"])) == (0, 500)
        for record, entry in zip(batch, answer["Records"], strict=True):
            sent[record["PartitionKey"]].append(record["Data"])
            answered[entry["ShardId"]].append(entry["SequenceNumber"])
    found = read_all(kinesis, name, {shard: len(numbers) for shard, numbers in answered.items()})
    came: dict[str, list[bytes]] = defaultdict(list)
    for shard, records in found.items():
        assert [record["SequenceNumber"] for record in records] == answered[shard]
        for record in records:
            came[record["PartitionKey"]].append(record["Data"])
    assert came == sent


def test_a_key_s_md5_says_which_shard(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream(shards=5)
    found = kinesis.list_shards(StreamName=name)["Shards"]
    batch = [{"Data": b"", "PartitionKey": key} for key in PARTITION_KEYS]
    entries = kinesis.put_records(StreamName=name, Records=batch)["Records"]
    assert [entry["ShardId"] for entry in entries] == [shard_of(found, key) for key in PARTITION_KEYS]
    assert len({entry["ShardId"] for entry in entries}) == 5
    for key in PARTITION_KEYS[:5]:
        assert kinesis.put_record(StreamName=name, Data=b"", PartitionKey=key)["ShardId"] == shard_of(found, key)


def test_an_explicit_hash_key_goes_before_the_md5(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream(shards=4)
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        for end in ("StartingHashKey", "EndingHashKey"):
            hash_key = shard["HashKeyRange"][end]
            answer = kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="same", ExplicitHashKey=hash_key)
            assert answer["ShardId"] == shard["ShardId"]


def test_sequence_numbers_only_rise(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream()
    start = kinesis.list_shards(StreamName=name)["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"]
    numbers = [int(start)]
    for place in range(20):
        put = kinesis.put_record(
            StreamName=name, Data=b"x", PartitionKey=str(place), SequenceNumberForOrdering=str(numbers[-1])
        )
        numbers.append(int(put["SequenceNumber"]))
    assert all(before < after for before, after in pairwise(numbers[1:]))
    assert numbers[0] <= numbers[1]


def test_a_record_may_be_empty_and_may_be_every_byte(kinesis: Any, stream: Callable[..., str]) -> None:
    name, data = stream(), [b"", bytes(range(256)), "é".encode("latin-1"), b"\x00" * 1_000]
    kinesis.put_records(StreamName=name, Records=[{"Data": d, "PartitionKey": "k"} for d in data])
    [shard] = shards(kinesis, name)
    records = read(kinesis, iterator(kinesis, name, shard), 4)
    assert [record["Data"] for record in records] == data
    arrivals = [record["ApproximateArrivalTimestamp"] for record in records]
    assert arrivals == sorted(arrivals)


def test_two_readers_have_positions_of_their_own(kinesis: Any, stream: Callable[..., str]) -> None:
    name = stream()
    kinesis.put_records(StreamName=name, Records=[{"Data": b"%d" % n, "PartitionKey": "k"} for n in range(10)])
    [shard] = shards(kinesis, name)
    first, second = iterator(kinesis, name, shard), iterator(kinesis, name, shard)
    halves = [kinesis.get_records(ShardIterator=place, Limit=5) for place in (first, second)]
    assert halves[0]["Records"] == halves[1]["Records"]
    for half in halves:
        rest = read(kinesis, half["NextShardIterator"], 5, Limit=2)
        assert [record["Data"] for record in half["Records"] + rest] == [b"%d" % n for n in range(10)]
    # An iterator is a place, not a ticket: it can be used again.
    assert kinesis.get_records(ShardIterator=first, Limit=5)["Records"] == halves[0]["Records"]


def test_a_full_shard_fails_entries_and_not_the_call(kinesis: Any, stream: Callable[..., str]) -> None:
    """Whether anything fails is up to the shard's limit; what was acknowledged is there, once, and nothing else."""
    name, taken, codes = stream(), [], Counter[str]()
    for number in range(6):
        batch = [{"Data": b"%d-%d" % (number, place), "PartitionKey": "k"} for place in range(500)]
        entries = kinesis.put_records(StreamName=name, Records=batch)["Records"]
        assert len(entries) == 500
        for record, entry in zip(batch, entries, strict=True):
            if "ErrorCode" in entry:
                codes[entry["ErrorCode"]] += 1
                assert "shardId-000000000000" in entry["ErrorMessage"]
            else:
                taken.append((record["Data"], entry["SequenceNumber"]))
    assert set(codes) <= {"ProvisionedThroughputExceededException"}
    records = read(kinesis, iterator(kinesis, name, "shardId-000000000000"), len(taken))
    assert [(record["Data"], record["SequenceNumber"]) for record in records] == taken
