"""Firehose's limits: the last that is taken, and the first that is not."""

from collections.abc import Callable
from typing import Any

import pytest

from refusals import refused

MOST_RECORD = 1_024_000
MOST_REQUEST = 4 << 20


def batch(*sizes: int) -> list[dict[str, bytes]]:
    return [{"Data": b"\xff" * size} for size in sizes]


def test_the_largest_record_is_taken(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    name = delivery_stream()
    assert firehose.put_record(DeliveryStreamName=name, Record={"Data": b"\xff" * MOST_RECORD})["RecordId"]


def test_one_byte_more_is_not(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    name = delivery_stream()
    with refused("ValidationException", "1 validation error detected", "'record.data'", str(MOST_RECORD)):
        firehose.put_record(DeliveryStreamName=name, Record={"Data": b"\xff" * (MOST_RECORD + 1)})
    with refused("ValidationException", "'records.2.member.data'", str(MOST_RECORD)):
        firehose.put_record_batch(DeliveryStreamName=name, Records=batch(1, MOST_RECORD + 1))


def test_four_mebibytes_are_taken(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    rest = MOST_REQUEST - 4 * MOST_RECORD
    answer = firehose.put_record_batch(DeliveryStreamName=delivery_stream(), Records=batch(*[MOST_RECORD] * 4, rest))
    assert (answer["FailedPutCount"], len(answer["RequestResponses"])) == (0, 5)


def test_more_than_four_mebibytes_are_not(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    rest = MOST_REQUEST - 4 * MOST_RECORD + 1
    with refused("InvalidArgumentException", "Records size exceeds 4 MB limit"):
        firehose.put_record_batch(DeliveryStreamName=delivery_stream(), Records=batch(*[MOST_RECORD] * 4, rest))


@pytest.mark.parametrize("count", [0, 501])
def test_a_batch_has_1_to_500_records(
    careless: dict[str, Any], delivery_stream: Callable[..., str], count: int
) -> None:
    with refused("ValidationException", "1 validation error detected", "'records'", "Member must have length"):
        careless["firehose"].put_record_batch(DeliveryStreamName=delivery_stream(), Records=batch(*[1] * count))


@pytest.mark.parametrize("name", ["", "a" * 65, "with space", "é"])
def test_a_name_has_1_to_64_plain_characters(careless: dict[str, Any], name: str) -> None:
    with refused("ValidationException", "'deliveryStreamName'", "failed to satisfy constraint"):
        careless["firehose"].put_record(DeliveryStreamName=name, Record={"Data": b"x"})


@pytest.mark.parametrize(
    ("operation", "request_", "member"),
    [
        ("put_record", {"DeliveryStreamName": "s"}, "record"),
        ("put_record", {"Record": {"Data": b"x"}}, "deliveryStreamName"),
        ("put_record", {"DeliveryStreamName": "s", "Record": {}}, "record.data"),
        ("put_record_batch", {"DeliveryStreamName": "s"}, "records"),
        ("put_record_batch", {"DeliveryStreamName": "s", "Records": [{}]}, "records.1.member.data"),
        ("describe_delivery_stream", {}, "deliveryStreamName"),
        ("delete_delivery_stream", {}, "deliveryStreamName"),
        ("update_destination", {"DeliveryStreamName": "s", "DestinationId": "d"}, "currentDeliveryStreamVersionId"),
    ],
)
def test_what_is_required_and_missing_is_named(
    careless: dict[str, Any], operation: str, request_: dict[str, Any], member: str
) -> None:
    with refused("ValidationException", f"Value null at '{member}'", "Member must not be null"):
        getattr(careless["firehose"], operation)(**request_)


def test_all_that_is_wrong_is_listed(careless: dict[str, Any]) -> None:
    with refused(
        "ValidationException", "2 validation errors detected: ", "'records'", "; Value", "'deliveryStreamName'"
    ):
        careless["firehose"].put_record_batch(DeliveryStreamName="a" * 65, Records=[])
