"""Who may call: signatures, and what AWS says of those that are none."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from refusals import refused
from running import Key
from signed import Wire, clock

SERVICES = ["firehose", "kinesis"]
LIST = {"firehose": "ListDeliveryStreams", "kinesis": "ListStreams"}


def list_streams(client: Any) -> None:
    client.list_streams() if hasattr(client, "list_streams") else client.list_delivery_streams()


@pytest.mark.parametrize("service", SERVICES)
def test_a_key_that_nobody_has_is_not_recognized(connect: Callable[..., Any], key: Key, service: str) -> None:
    stranger = dataclasses.replace(key, access_key_id="AKIAIOSFODNN7EXAMPLE")
    with refused("UnrecognizedClientException", "The security token included in the request is invalid."):
        list_streams(connect(service, stranger))


@pytest.mark.parametrize("service", SERVICES)
def test_a_wrong_secret_makes_a_wrong_signature(connect: Callable[..., Any], key: Key, service: str) -> None:
    thief = dataclasses.replace(key, secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    words = "The request signature we calculated does not match the signature you provided."
    with refused("InvalidSignatureException", words):
        list_streams(connect(service, thief))


@pytest.mark.parametrize("service", SERVICES)
def test_a_clock_that_is_behind_makes_expired_signatures(connect: Callable[..., Any], service: str) -> None:
    client = connect(service)
    with clock(minutes=-6), refused("InvalidSignatureException", "Signature expired: ", " - 5 min.)"):
        list_streams(client)
    with clock(minutes=-4):
        list_streams(client)


@pytest.mark.parametrize("service", SERVICES)
def test_a_clock_that_is_ahead_makes_signatures_that_are_not_yet_current(
    connect: Callable[..., Any], service: str
) -> None:
    client = connect(service)
    with clock(minutes=6), refused("InvalidSignatureException", "Signature not yet current: ", " + 5 min.)"):
        list_streams(client)
    with clock(minutes=4):
        list_streams(client)


def test_the_times_are_those_of_the_request_and_of_the_server(wires: dict[str, Wire]) -> None:
    with clock(hours=-1):
        answer = wires["kinesis"].call("ListStreams", {})
    time = r"(\d{8}T\d{6}Z)"
    pattern = rf"Signature expired: {time} is now earlier than {time} \({time} - 5 min\.\)"
    signed, limit, now = re.fullmatch(pattern, answer.message).groups()
    assert signed < limit < now


@pytest.mark.parametrize("service", SERVICES)
def test_an_unsigned_request_has_no_token(connect: Callable[..., Any], service: str) -> None:
    with refused("MissingAuthenticationTokenException", "Missing Authentication Token"):
        list_streams(connect(service, config=Config(signature_version=UNSIGNED)))


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-southeast-2"])
def test_any_region_will_do(connect: Callable[..., Any], region: str) -> None:
    for service in SERVICES:
        list_streams(connect(service, region_name=region))


@pytest.mark.parametrize("service", SERVICES)
def test_a_signature_for_another_service_is_none(wires: dict[str, Wire], service: str) -> None:
    wire = wires[service]
    answer = wire.send(wire.sign(wire.request(LIST[service], {}), service="s3"))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert f"Credential should be scoped to correct service: '{service}'." in answer.message


def test_a_request_that_was_changed_after_signing_is_refused(wires: dict[str, Wire]) -> None:
    wire = wires["kinesis"]
    body = wire.sign(wire.request("ListStreams", {}))
    body.data = b'{"Limit":1}'
    target = wire.sign(wire.request("ListStreams", {}))
    target.headers.replace_header("X-Amz-Target", "Kinesis_20131202.CreateStream")
    for request in [body, target]:
        answer = wire.send(request)
        assert (answer.status, answer.code) == (400, "InvalidSignatureException")


@pytest.mark.parametrize(
    ("authorization", "words"),
    [
        ("AWS4-HMAC-SHA256", ["'Credential'", "'Signature'", "'SignedHeaders'"]),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host", ["'Signature'"]),
        ("AWS4-HMAC-SHA256 Signature=00, SignedHeaders=host", ["'Credential'"]),
        ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00", ["exactly 5 slash-delimited elements"]),
        ("AWS4-HMAC-SHA512 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00", ["AWS4-HMAC-SHA512"]),
        ("Bearer abc", ["missing equal-sign"]),
    ],
)
def test_half_a_signature_is_incomplete(wires: dict[str, Wire], authorization: str, words: list[str]) -> None:
    for service, wire in wires.items():
        request = wire.sign(wire.request(LIST[service], {}))
        request.headers.replace_header("Authorization", authorization)
        answer = wire.send(request)
        assert (answer.status, answer.code) == (400, "IncompleteSignatureException"), answer.body
        assert all(word in answer.message for word in words), answer.message


def test_a_date_that_is_missing_or_none_is_incomplete(wires: dict[str, Wire]) -> None:
    wire = wires["kinesis"]
    missing, none = wire.sign(wire.request("ListStreams", {})), wire.sign(wire.request("ListStreams", {}))
    del missing.headers["X-Amz-Date"]
    none.headers.replace_header("X-Amz-Date", "today")
    for request, words in [(missing, "'X-Amz-Date' or a 'Date' header"), (none, "ISO-8601 'basic format'")]:
        answer = wire.send(request)
        assert (answer.status, answer.code) == (400, "IncompleteSignatureException")
        assert words in answer.message
