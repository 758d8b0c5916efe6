"""The AWS CLI, unmodified but for the endpoint."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from running import Server
from school import DELIVERY_STREAM, answer, line
from settings import BUCKET, ROLE

AWS = str(Path(sys.executable).with_name("aws"))
QUESTION = {"id": 1, "choices": [{"id": 1}]}
REFUSED = 255  # whatever the reason, in version 1 of the CLI; version 2 says 254 if the service refused

pytestmark = pytest.mark.usefixtures("environment")

Aws = Callable[..., Any]


def run(endpoint: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [AWS, "--endpoint-url", endpoint, *words]
    settings = os.environ | {"AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"} | environment
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120)


@pytest.fixture
def aws(server: Server) -> Aws:
    """What a command prints, read as JSON; nothing, if it prints nothing."""

    def call(*words: str) -> Any:
        done = run(server.aws, *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return call


def test_firehose_put_record(aws: Aws, delivery_stream: Callable[..., str]) -> None:
    put = aws("firehose", "put-record", "--delivery-stream-name", delivery_stream(), "--record", "Data=hello")
    assert put["RecordId"]


def test_firehose_put_record_batch(aws: Aws, tmp_path: Path) -> None:
    good, bad = line(answer(QUESTION, 0, assignment_id=900)), b"{}\n"
    records = tmp_path / "records.json"
    records.write_text(json.dumps([{"Data": data.decode()} for data in [good, bad, good]]))
    batch = aws(
        "firehose", "put-record-batch", "--delivery-stream-name", DELIVERY_STREAM, "--records", f"file://{records}"
    )
    assert batch["FailedPutCount"] == 1
    assert [sorted(entry) for entry in batch["RequestResponses"]] == [
        ["RecordId"],
        ["ErrorCode", "ErrorMessage"],
        ["RecordId"],
    ]


def test_the_life_of_a_delivery_stream(aws: Aws, fresh: Callable[[], str]) -> None:
    name = ["--delivery-stream-name", fresh()]
    destination = f"RoleARN={ROLE},BucketARN={BUCKET},BufferingHints={{SizeInMBs=1,IntervalInSeconds=60}}"
    made = aws("firehose", "create-delivery-stream", *name, "--extended-s3-destination-configuration", destination)
    described = aws("firehose", "describe-delivery-stream", *name)["DeliveryStreamDescription"]
    assert described["DeliveryStreamARN"] == made["DeliveryStreamARN"]
    [found] = described["Destinations"]
    seen = ["--current-delivery-stream-version-id", described["VersionId"]]
    update = [*seen, "--destination-id", found["DestinationId"]]
    hints = "BufferingHints={SizeInMBs=2,IntervalInSeconds=0}"
    aws("firehose", "update-destination", *name, *update, "--extended-s3-destination-update", hints)
    listed = aws("firehose", "list-delivery-streams", "--limit", "10000")
    assert name[1] in listed["DeliveryStreamNames"]
    aws("firehose", "delete-delivery-stream", *name)


def test_the_life_of_a_stream(aws: Aws, fresh: Callable[[], str]) -> None:
    name = ["--stream-name", fresh()]
    assert aws("kinesis", "create-stream", *name, "--shard-count", "2") is None
    summary = aws("kinesis", "describe-stream-summary", *name)["StreamDescriptionSummary"]
    assert (summary["StreamName"], summary["OpenShardCount"]) == (name[1], 2)
    assert [shard["ShardId"][-1] for shard in aws("kinesis", "list-shards", *name)["Shards"]] == ["0", "1"]
    assert name[1] in aws("kinesis", "list-streams")["StreamNames"]


def test_kinesis_records_there_and_back(aws: Aws, stream: Callable[..., str]) -> None:
    name = ["--stream-name", stream()]
    one = aws("kinesis", "put-record", *name, "--partition-key", "k", "--data", "one")
    more = aws("kinesis", "put-records", *name, "--records", "Data=two,PartitionKey=k", "Data=three,PartitionKey=k")
    assert (more["FailedRecordCount"], len(more["Records"])) == (0, 2)
    way = ["--shard-id", one["ShardId"], "--shard-iterator-type", "TRIM_HORIZON"]
    place = aws("kinesis", "get-shard-iterator", *name, *way)["ShardIterator"]
    found = aws("kinesis", "get-records", "--shard-iterator", place)
    assert [base64.b64decode(record["Data"]) for record in found["Records"]] == [b"one", b"two", b"three"]
    assert found["Records"][0]["SequenceNumber"] == one["SequenceNumber"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["firehose", "describe-delivery-stream", "--delivery-stream-name", "not-there"], "ResourceNotFoundException"),
        (
            ["firehose", "put-record", "--delivery-stream-name", DELIVERY_STREAM, "--record", "Data=unfit"],
            "InvalidArgumentException",
        ),
        (["kinesis", "list-shards", "--stream-name", "not-there"], "ResourceNotFoundException"),
        (["kinesis", "list-shards", "--stream-name", "with space"], "ValidationException"),
        (["kinesis", "get-records", "--shard-iterator", "garbage"], "InvalidArgumentException"),
    ],
)
def test_a_refusal_is_an_exit_code_and_says_aws_s(server: Server, words: list[str], code: str) -> None:
    done = run(server.aws, *words)
    assert done.returncode == REFUSED
    assert f"An error occurred ({code}) when calling the " in done.stderr


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, "UnrecognizedClientException"),
        ({"AWS_SECRET_ACCESS_KEY": "not-the-secret"}, "InvalidSignatureException"),
    ],
)
def test_a_wrong_key_is_refused(server: Server, environment: dict[str, str], code: str) -> None:
    done = run(server.aws, "kinesis", "list-streams", **environment)
    assert done.returncode == REFUSED
    assert f"({code})" in done.stderr


def test_a_stranger_without_a_signature_is_told_so(server: Server) -> None:
    done = run(server.aws, "--no-sign-request", "kinesis", "list-streams")
    assert done.returncode == REFUSED
    assert "(MissingAuthenticationTokenException)" in done.stderr
