"""Requests by hand: signed by botocore, sent by urllib3, so that a test can send what no client would."""

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import botocore.auth
import botocore.session
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import shapes
from running import Key
from settings import REGION

TARGETS = {"firehose": "Firehose_20150804", "kinesis": "Kinesis_20131202"}

_models = botocore.session.get_session()


@contextmanager
def clock(**ahead: float) -> Iterator[None]:
    """Signatures are made by a clock that is ahead (or, negative, behind) by so much."""

    def now(remove_tzinfo: bool = True) -> datetime.datetime:
        shifted = datetime.datetime.now(datetime.UTC) + datetime.timedelta(**ahead)
        return shifted.replace(tzinfo=None) if remove_tzinfo else shifted

    with mock.patch.object(botocore.auth, "get_current_datetime", now):
        yield


@dataclass(frozen=True)
class Answer:
    """A response, as it came."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of an error."""
        return self.json["__type"].rpartition("#")[2]

    @property
    def message(self) -> str:
        """Of an error."""
        return self.json.get("message", self.json.get("Message", ""))


class Wire:
    """One service of the AWS wire."""

    def __init__(self, url: str, service: str, key: Key):
        self.url, self.service, self.key = url, service, key
        self.http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(60))

    def request(self, operation: str, body: Any) -> AWSRequest:
        """Not signed yet. `body` is sent as it is if it is bytes, and as JSON otherwise."""
        headers = {"X-Amz-Target": f"{TARGETS[self.service]}.{operation}", "Content-Type": shapes.CONTENT_TYPE}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return AWSRequest(method="POST", url=f"{self.url}/", data=data, headers=headers)

    def sign(self, request: AWSRequest, service: str | None = None, region: str = REGION) -> AWSRequest:
        credentials = Credentials(self.key.access_key_id, self.key.secret_access_key)
        SigV4Auth(credentials, service or self.service, region).add_auth(request)
        return request

    def send(self, request: AWSRequest) -> Answer:
        """Sends what there is, and checks the headers that every response carries."""
        sent = request.prepare()
        answer = self.http.request(sent.method, sent.url, body=sent.body, headers=dict(sent.headers.items()))
        found = shapes.header_problems(answer.headers)
        assert not found, (found, answer.status, answer.data[:2000])
        return Answer(answer.status, answer.headers, answer.data)

    def call(self, operation: str, body: Any) -> Answer:
        """A signed request; what it answers has to fit the operation's model."""
        answer = self.send(self.sign(self.request(operation, body)))
        model = _models.get_service_model(self.service).operation_model(operation)
        shapes.check(model, answer.status, answer.headers, answer.body)
        return answer
