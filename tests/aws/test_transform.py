"""A stream's transform by Lambda's Invoke: against a Lambda that nobody here wrote, and described to boto3."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from moto.server import ThreadedMotoServer

import shapes
from running import Server
from school import Admin
from settings import REGION

ANSWERED, ECHOED, AWAY = "answered", "echoed", "away"
NOBODY = "http://127.0.0.1:9"
ARN = f"arn:aws:lambda:{REGION}:000000000000:function"
STREAM = """
[streams.{name}]
transform = {{ function = "{name}", endpoint = "{endpoint}", retries = 1 }}
columns = [{{ name = "id", type = "bigint" }}]
"""


class Lambda:
    """A Lambda on a port of its own. It answers what it was told to, or else with the payload itself."""

    def __init__(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        _, port = self.server.get_host_and_port()
        self.url = f"http://127.0.0.1:{port}"
        self.tell("config", {"lambda": {"use_docker": False}})
        trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
        role = self.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(trust))
        for name in (ANSWERED, ECHOED):
            self.client("lambda").create_function(
                FunctionName=name,
                Runtime="provided.al2023",
                Role=role["Role"]["Arn"],
                Handler="bootstrap",
                Code={"ZipFile": empty_zip()},
            )

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s"
        )

    def tell(self, path: str, body: Any) -> None:
        answer = urllib3.request("POST", f"{self.url}/moto-api/{path}", json=body)
        assert answer.status == 201, answer.data


def empty_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bootstrap", "")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def functions() -> Iterator[Lambda]:
    running = Lambda()
    yield running
    running.server.stop()


@pytest.fixture(scope="module")
def school(functions: Lambda, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("transform")
    config = folder / "freshmark.toml"
    endpoints = {ANSWERED: functions.url, ECHOED: functions.url, AWAY: NOBODY}
    config.write_text("".join(STREAM.format(name=name, endpoint=url) for name, url in endpoints.items()))
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": REGION}
    running = Server(folder / "data", environment, "--config", str(config))
    yield running
    running.kill()


@pytest.fixture(scope="module")
def firehose(school: Server) -> Any:
    key = school.key("transform")
    client = boto3.client(
        "firehose",
        endpoint_url=school.aws,
        region_name=REGION,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
    )
    return shapes.watch(client)


def deliver(school: Server, firehose: Any, stream: str, data: bytes) -> None:
    """Puts a record and waits until it has met its end."""
    firehose.put_record(DeliveryStreamName=stream, Record={"Data": data})
    Admin(school.web).pipeline_when(lambda found: found["freshness"]["waiting"] == 0, stream)


def failed(school: Server, stream: str) -> list[dict[str, Any]]:
    files = sorted((school.data / "lake/processing-failed" / stream).rglob(f"{stream}-*"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_what_the_function_answers_is_what_lands(functions: Lambda, school: Server, firehose: Any) -> None:
    offset = 0
    answered = {"recordId": f"shardId-{0:012}-{offset:020}", "result": "Ok", "data": base64.b64encode(b'{"id":7}').decode()}
    functions.tell("static/lambda-simple/response", {"results": [json.dumps({"records": [answered]})], "region": REGION})
    deliver(school, firehose, ANSWERED, b"no JSON at all")
    [file] = (school.data / "lake" / ANSWERED).rglob("*.gz")
    assert gzip.decompress(file.read_bytes()) == b'{"id":7}\n'
    assert failed(school, ANSWERED) == []


def test_an_answer_that_is_none_fails_its_record_alone(school: Server, firehose: Any) -> None:
    deliver(school, firehose, ECHOED, b"sent")
    [line] = failed(school, ECHOED)
    assert (line["errorCode"], line["attemptsMade"]) == ("Lambda.FunctionError", 1)
    assert line["errorMessage"].startswith("result: is missing")
    assert (line["lambdaArn"], base64.b64decode(line["rawData"])) == (f"{ARN}:{ECHOED}:$LATEST", b"sent")


def test_a_lambda_that_is_away_costs_no_record(school: Server, firehose: Any) -> None:
    deliver(school, firehose, AWAY, b"sent")
    [line] = failed(school, AWAY)
    assert (line["errorCode"], line["attemptsMade"]) == ("Lambda.TargetServerFailedToRespond", 2)
    assert base64.b64decode(line["rawData"]) == b"sent"


def test_a_stream_is_described_with_its_function(firehose: Any) -> None:
    described = firehose.describe_delivery_stream(DeliveryStreamName=ECHOED)["DeliveryStreamDescription"]
    processing = described["Destinations"][0]["RedshiftDestinationDescription"]["ProcessingConfiguration"]
    [processor] = processing["Processors"]
    assert (processing["Enabled"], processor["Type"]) == (True, "Lambda")
    parameters = {found["ParameterName"]: found["ParameterValue"] for found in processor["Parameters"]}
    assert parameters == {"LambdaArn": f"{ARN}:{ECHOED}:$LATEST", "NumberOfRetries": "1", "BufferSizeInMBs": "1"}
