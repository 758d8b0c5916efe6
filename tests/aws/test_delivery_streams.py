"""Delivery streams themselves: made, described, listed, changed and deleted with boto3."""

from collections.abc import Callable
from typing import Any

import pytest

from refusals import refused
from school import DELIVERY_STREAM
from settings import BUCKET, ROLE

S3 = {"RoleARN": ROLE, "BucketARN": BUCKET}
HINTS = {"SizeInMBs": 1, "IntervalInSeconds": 60}


def describe(firehose: Any, name: str) -> dict[str, Any]:
    return firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]


def destination(description: dict[str, Any]) -> dict[str, Any]:
    return description["Destinations"][0]["ExtendedS3DestinationDescription"]


def test_the_stream_of_answers_is_described(firehose: Any) -> None:
    description = describe(firehose, DELIVERY_STREAM)
    assert description["DeliveryStreamName"] == DELIVERY_STREAM
    assert description["DeliveryStreamARN"].endswith(f":deliverystream/{DELIVERY_STREAM}")
    assert (description["DeliveryStreamStatus"], description["DeliveryStreamType"]) == ("ACTIVE", "DirectPut")
    assert (len(description["Destinations"]), description["HasMoreDestinations"]) == (1, False)


def test_a_new_stream_is_as_it_was_asked_for(firehose: Any, fresh: Callable[[], str]) -> None:
    name = fresh()
    wanted = S3 | {"Prefix": "raw/", "BufferingHints": HINTS, "CompressionFormat": "GZIP"}
    arn = firehose.create_delivery_stream(
        DeliveryStreamName=name, DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=wanted
    )["DeliveryStreamARN"]
    description = describe(firehose, name)
    assert (description["DeliveryStreamARN"], description["VersionId"]) == (arn, "1")
    assert {member: destination(description)[member] for member in wanted} == wanted


def test_hints_that_nobody_gave_are_aws_s_own(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    found = destination(describe(firehose, delivery_stream()))
    assert found["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 300}
    assert found["CompressionFormat"] == "UNCOMPRESSED"


def test_a_name_is_taken_once(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    name = delivery_stream()
    for taken in [name, DELIVERY_STREAM]:
        with refused("ResourceInUseException", taken):
            firehose.create_delivery_stream(
                DeliveryStreamName=taken,
                ExtendedS3DestinationConfiguration=S3,
            )


def test_a_stream_needs_a_destination(firehose: Any, fresh: Callable[[], str]) -> None:
    with refused("InvalidArgumentException"):
        firehose.create_delivery_stream(DeliveryStreamName=fresh())


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 60}}, "ValidationException"),
        ({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 901}}, "ValidationException"),
        ({"BufferingHints": {"SizeInMBs": 1}}, "InvalidArgumentException"),
        ({"BufferingHints": {"IntervalInSeconds": 60}}, "InvalidArgumentException"),
        ({"CompressionFormat": "gzip"}, "ValidationException"),
        ({"BucketARN": "lake"}, "ValidationException"),
    ],
)
def test_a_destination_that_cannot_be_is_refused(
    firehose: Any, fresh: Callable[[], str], wrong: dict[str, Any], code: str
) -> None:
    name = fresh()
    with refused(code):
        firehose.create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration=S3 | wrong,
        )
    with refused("ResourceNotFoundException", name):
        describe(firehose, name)


def test_changed_buffering_hints_are_a_new_version(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    name = delivery_stream(BufferingHints=HINTS, Prefix="raw/")
    before = describe(firehose, name)
    more = {"SizeInMBs": 64, "IntervalInSeconds": 0}
    firehose.update_destination(
        DeliveryStreamName=name,
        CurrentDeliveryStreamVersionId=before["VersionId"],
        DestinationId=before["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"BufferingHints": more},
    )
    after = describe(firehose, name)
    assert int(after["VersionId"]) == int(before["VersionId"]) + 1
    assert (destination(after)["BufferingHints"], destination(after)["Prefix"]) == (more, "raw/")


def test_a_change_of_what_is_not_there_is_refused(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    name = delivery_stream(BufferingHints=HINTS)
    before = describe(firehose, name)
    right = {
        "DeliveryStreamName": name,
        "CurrentDeliveryStreamVersionId": before["VersionId"],
        "DestinationId": before["Destinations"][0]["DestinationId"],
        "ExtendedS3DestinationUpdate": {"BufferingHints": HINTS},
    }
    with refused("ConcurrentModificationException"):
        firehose.update_destination(**right | {"CurrentDeliveryStreamVersionId": "77"})
    with refused("InvalidArgumentException"):
        firehose.update_destination(**right | {"DestinationId": "destinationId-000000000099"})
    with refused("ResourceNotFoundException"):
        firehose.update_destination(**right | {"DeliveryStreamName": f"{name}-not"})
    assert describe(firehose, name)["VersionId"] == before["VersionId"]


def test_streams_are_listed_by_name_page_by_page(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    made = {delivery_stream() for _ in range(3)}
    names: list[str] = []
    for _ in range(500):
        after = {"ExclusiveStartDeliveryStreamName": names[-1]} if names else {}
        page = firehose.list_delivery_streams(Limit=2, DeliveryStreamType="DirectPut", **after)
        names += page["DeliveryStreamNames"]
        if not page["HasMoreDeliveryStreams"]:
            break
        assert len(page["DeliveryStreamNames"]) == 2
    assert names == sorted(set(names))
    assert made | {DELIVERY_STREAM} <= set(names)


def test_a_list_has_ten_names_if_nobody_says_how_many(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    for _ in range(11):
        delivery_stream()
    page = firehose.list_delivery_streams()
    assert (len(page["DeliveryStreamNames"]), page["HasMoreDeliveryStreams"]) == (10, True)
    with refused("ValidationException", "'limit'"):
        firehose.list_delivery_streams(Limit=10_001)


def test_a_deleted_stream_is_gone(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    name = delivery_stream()
    firehose.delete_delivery_stream(DeliveryStreamName=name)
    gone = False
    for _ in range(500):
        try:
            assert describe(firehose, name)["DeliveryStreamStatus"] == "DELETING"
        except firehose.exceptions.ResourceNotFoundException:
            gone = True
            break
    assert gone
    with refused("ResourceNotFoundException", name):
        firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})
    with refused("ResourceNotFoundException", name):
        firehose.delete_delivery_stream(DeliveryStreamName=name)
