"""One server and one key for the whole suite; clients as anybody makes them, but for the endpoint."""

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

import shapes
from running import Key, Server
from school import Admin
from settings import BUCKET, REGION, ROLE
from signed import Wire


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("aws") / "data")
    yield running
    running.kill()


@pytest.fixture(scope="session")
def key(server: Server) -> Key:
    # A star does not reach the server's own streams.
    names, rights = ("*", "quiz-answers", "quiz-catalog"), ("--stream", "--read", "--manage")
    return server.key("boto3", *(word for right in rights for name in names for word in (right, name)))


@pytest.fixture(scope="session")
def environment(key: Key) -> Iterator[None]:
    """What a user of AWS's clients sets, and nothing that this machine happens to have."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
        yield


@pytest.fixture(scope="session")
def connect(server: Server, environment: None) -> Callable[..., Any]:
    """A client of a service, every response of which is held against botocore's model."""

    def client(service: str, key: Key | None = None, **options: Any) -> Any:
        if key:
            options["aws_access_key_id"] = key.access_key_id
            options["aws_secret_access_key"] = key.secret_access_key
        return shapes.watch(boto3.session.Session().client(service, endpoint_url=server.aws, **options))

    return client


@pytest.fixture(scope="session")
def firehose(connect: Callable[..., Any]) -> Any:
    return connect("firehose")


@pytest.fixture(scope="session")
def kinesis(connect: Callable[..., Any]) -> Any:
    return connect("kinesis")


@pytest.fixture(scope="session")
def careless(connect: Callable[..., Any]) -> dict[str, Any]:
    """Clients that leave it to the server to check what they send."""
    return {service: connect(service, config=Config(parameter_validation=False)) for service in ("firehose", "kinesis")}


@pytest.fixture(scope="session")
def wires(server: Server, key: Key) -> dict[str, Wire]:
    return {service: Wire(server.aws, service, key) for service in ("firehose", "kinesis")}


@pytest.fixture(scope="session")
def admin(server: Server) -> Admin:
    return Admin(server.web)


@pytest.fixture
def fresh() -> Callable[[], str]:
    """Names that nothing has yet."""
    return lambda: f"test-{uuid.uuid4().hex[:16]}"


@pytest.fixture
def stream(kinesis: Any, fresh: Callable[[], str]) -> Callable[..., str]:
    """Makes a Kinesis stream and waits for it as AWS's clients do, by its status."""

    def make(shards: int = 1, **options: Any) -> str:
        name = fresh()
        kinesis.create_stream(StreamName=name, ShardCount=shards, **options)
        for _ in range(500):
            summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
            if summary["StreamStatus"] == "ACTIVE":
                return name
        raise AssertionError(f"{name} never was ACTIVE")

    return make


@pytest.fixture
def delivery_stream(firehose: Any, fresh: Callable[[], str]) -> Callable[..., str]:
    """Makes a delivery stream that takes any bytes."""

    def make(**destination: Any) -> str:
        name = fresh()
        wanted = {"RoleARN": ROLE, "BucketARN": BUCKET} | destination
        firehose.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=wanted)
        for _ in range(500):
            described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
            if described["DeliveryStreamStatus"] == "ACTIVE":
                return name
        raise AssertionError(f"{name} never was ACTIVE")

    return make


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(
        f"{shapes.seen.total()} responses of {len(shapes.seen)} operations fit botocore's model"
    )
