"""The lake in a bucket: an S3 server that nobody here wrote, away for a while and back."""

import gzip
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from running import Key, Server
from school import DELIVERY_STREAM, Admin, answer, given, line
from settings import REGION

BUCKET, PREFIX = "school-lake", "here/"
# `make soak` keeps it away for a minute.
AWAY_SECONDS = float(os.environ.get("FRESHMARK_AWAY_SECONDS", "0"))


class Store:
    """An S3 server on a port of its own; what it holds outlives its absence."""

    def __init__(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        _, self.port = self.server.get_host_and_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = boto3.client(
            "s3", endpoint_url=self.url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s"
        )

    def go(self) -> None:
        self.server.stop()

    def come_back(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.server.start()

    def keys(self, prefix: str) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for found in listed.get("Contents", [])]


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    running = Store()
    running.client.create_bucket(Bucket=BUCKET)
    yield running
    running.go()


@pytest.fixture(scope="module")
def school(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {
        "AWS_ENDPOINT_URL": store.url,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_REGION": REGION,
    }
    data: Path = tmp_path_factory.mktemp("s3") / "data"
    running = Server(data, environment, "--lake", f"s3://{BUCKET}/{PREFIX}")
    yield running
    running.kill()


@pytest.fixture(scope="module")
def firehose(school: Server) -> Any:
    key: Key = school.key("s3", "--stream", DELIVERY_STREAM)
    return boto3.client(
        "firehose",
        endpoint_url=school.aws,
        region_name=REGION,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
    )


def put(firehose: Any, question: dict[str, Any], choice: int) -> None:
    record = {"Data": line(answer(question, choice))}
    firehose.put_record(DeliveryStreamName=DELIVERY_STREAM, Record=record)


def test_rows_land_by_way_of_the_bucket_under_firehose_s_keys(store: Store, school: Server, firehose: Any) -> None:
    admin = Admin(school.web)
    before = admin.results()
    put(firehose, before["questions"][0], 1)
    admin.results_when(lambda results: given(results, 0, 1) == given(before, 0, 1) + 1)
    objects = store.keys(f"{PREFIX}{DELIVERY_STREAM}/")
    manifests = store.keys(f"{PREFIX}manifests/{DELIVERY_STREAM}/")
    assert objects and len(objects) == len(manifests)
    manifest = json.loads(store.client.get_object(Bucket=BUCKET, Key=manifests[0])["Body"].read())
    [entry] = manifest["entries"]
    assert entry["url"].startswith(f"s3://{BUCKET}/{PREFIX}{DELIVERY_STREAM}/") and entry["mandatory"]
    body = store.client.get_object(Bucket=BUCKET, Key=entry["url"].removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    assert len(gzip.decompress(body).splitlines()) == entry["meta"]["record_count"]


def test_a_store_that_is_away_holds_rows_back_and_loses_none(store: Store, school: Server, firehose: Any) -> None:
    admin = Admin(school.web)
    before = admin.results()
    rows = 0
    store.go()
    try:
        for _ in range(3):
            put(firehose, before["questions"][1], 2)
            rows += 1
        problem = admin.pipeline_when(lambda stream: stream["freshness"]["problem"])["freshness"]
        assert problem["waiting"] >= 3 and "lake" in problem["problem"], problem
        until = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < until:
            put(firehose, before["questions"][1], 2)
            rows += 1
            admin.pipeline_when(lambda stream: stream["freshness"]["waiting"] >= rows)
    finally:
        store.come_back()
    admin.results_when(lambda results: given(results, 1, 2) == given(before, 1, 2) + rows)
    recovered = admin.pipeline_when(lambda stream: not stream["freshness"]["problem"])["freshness"]
    assert recovered["waiting"] == 0
