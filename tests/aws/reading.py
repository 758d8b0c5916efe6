"""Kinesis streams, read as a consumer reads them."""

from typing import Any

MOST_READS = 200


def iterator(kinesis: Any, stream: str, shard: str, kind: str = "TRIM_HORIZON", **where: Any) -> str:
    """A place in a shard."""
    answer = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType=kind, **where)
    return answer["ShardIterator"]


def shards(kinesis: Any, stream: str) -> list[str]:
    """In the order of their key ranges."""
    return [shard["ShardId"] for shard in kinesis.list_shards(StreamName=stream)["Shards"]]


def read(kinesis: Any, place: str, count: int, **limits: int) -> list[dict[str, Any]]:
    """The next `count` records from a place, over as many calls as it takes, and a last call that finds nothing."""
    records: list[dict[str, Any]] = []
    for _ in range(MOST_READS):
        answer = kinesis.get_records(ShardIterator=place, **limits)
        place = answer["NextShardIterator"]
        records += answer["Records"]
        if not answer["Records"] and len(records) >= count:
            assert answer["MillisBehindLatest"] == 0
            break
    assert len(records) == count
    return records


def read_all(kinesis: Any, stream: str, counts: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
    """Every shard from its beginning, with so many records as `counts` says (0, if it says nothing)."""
    return {
        shard: read(kinesis, iterator(kinesis, stream, shard), counts.get(shard, 0))
        for shard in shards(kinesis, stream)
    }
