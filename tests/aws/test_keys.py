"""Keys with scopes and limits: what `freshmark key create --stream --rate --burst --daily` promises on this wire."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from refusals import refused
from running import Server
from settings import ONCE

CALLS = 20


def outcome(call: Callable[[], dict[str, Any]]) -> str:
    """The code by which a call, or some of its entries, were refused; empty if none was."""
    try:
        answer = call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    entries = answer.get("RequestResponses", answer.get("Records", []))
    return next((entry["ErrorCode"] for entry in entries if "ErrorCode" in entry), "")


def test_a_key_for_one_stream_is_for_no_other(
    server: Server, connect: Callable[..., Any], delivery_stream: Callable[..., str]
) -> None:
    mine, other = delivery_stream(), delivery_stream()
    firehose = connect("firehose", server.key("one-stream", "--stream", mine))
    assert firehose.put_record(DeliveryStreamName=mine, Record={"Data": b"x"})["RecordId"]
    with refused("AccessDeniedException", "firehose:PutRecord", other):
        firehose.put_record(DeliveryStreamName=other, Record={"Data": b"x"})


def test_a_key_over_its_rate_is_told_by_firehose_to_slow_down(
    server: Server, connect: Callable[..., Any], delivery_stream: Callable[..., str]
) -> None:
    name, key = delivery_stream(), server.key("slow", "--rate", "1", "--burst", "2")
    firehose = connect("firehose", key, config=ONCE)
    codes = [outcome(lambda: firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})) for _ in range(CALLS)]
    assert codes[0] == ""
    assert set(codes) == {"", "ServiceUnavailableException"}


def test_a_key_over_its_rate_is_told_by_kinesis_what_it_exceeded(
    server: Server, connect: Callable[..., Any], stream: Callable[..., str]
) -> None:
    name, key = stream(), server.key("slow", "--rate", "1", "--burst", "2")
    kinesis = connect("kinesis", key, config=ONCE)
    record = {"Data": b"x", "PartitionKey": "k"}
    codes = [outcome(lambda: kinesis.put_records(StreamName=name, Records=[record])) for _ in range(CALLS)]
    assert codes[0] == ""
    assert set(codes) == {"", "ProvisionedThroughputExceededException"}


def test_a_key_s_day_has_so_many_records_and_no_more(
    server: Server, connect: Callable[..., Any], delivery_stream: Callable[..., str]
) -> None:
    limits = ["--rate", "1000", "--burst", "1000", "--daily", "5"]
    name, firehose = delivery_stream(), connect("firehose", server.key("daily", *limits), config=ONCE)
    codes = [outcome(lambda: firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})) for _ in range(CALLS)]
    assert codes == [""] * 5 + ["ServiceUnavailableException"] * (CALLS - 5)
