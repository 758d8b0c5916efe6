"""Does a whole response fit botocore's own model of the service?

Stricter than botocore's parser, which takes what it knows and ignores the rest: here a required member that is
missing, a member that is not known, a wrong type, a value outside an enumeration, a pattern or a range is a problem.
"""

import base64
import binascii
import json
import re
from collections import Counter
from typing import Any

from botocore.model import OperationModel, Shape

CONTENT_TYPE = "application/x-amz-json-1.1"
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# What any operation may answer; the model lists only an operation's own errors.
COMMON_ERRORS = {
    "AccessDeniedException",
    "IncompleteSignatureException",
    "InternalFailure",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
}

# Where it is not 400: what is the server's fault.
STATUSES = {"InternalFailure": 500, "InternalFailureException": 500, "ServiceUnavailableException": 503}

# Where AWS's own answers break AWS's own model: these say "at least 1" and are 0, or empty, in every good answer.
LESS_THAN_THE_MODEL_SAYS = {"FailedRecordCount", "ShardLevelMetrics"}

FAILED = {"ErrorCode", "ErrorMessage"}

# How many responses of which operation have been found to fit.
seen: Counter[str] = Counter()


def watch(client: Any) -> Any:
    """Has every response of a boto3 client checked from now on; a problem is an AssertionError in the call."""
    client.meta.events.register("after-call", _after_call)
    return client


def _after_call(http_response: Any, model: OperationModel, **_: Any) -> None:
    check(model, http_response.status_code, http_response.headers, http_response.content)


def check(model: OperationModel, status: int, headers: Any, body: bytes) -> None:
    """Asserts that a response is what the operation's model says, byte for byte and header for header."""
    found = header_problems(headers)
    found += output_problems(model, body) if status == 200 else error_problems(model, status, body)
    assert not found, f"{model.service_model.service_name} {model.name} {status}: {found}\n{body[:2000]!r}"
    seen[f"{model.service_model.service_name} {model.name}"] += 1


def header_problems(headers: Any) -> list[str]:
    """What is wrong with the headers that every response carries."""
    found = []
    if headers.get("content-type") != CONTENT_TYPE:
        found.append(f"content-type: {headers.get('content-type')!r}")
    if not REQUEST_ID.fullmatch(headers.get("x-amzn-requestid", "")):
        found.append(f"x-amzn-RequestId: {headers.get('x-amzn-requestid')!r}")
    return found


def output_problems(model: OperationModel, body: bytes) -> list[str]:
    """What is wrong with the body of a 200."""
    if model.output_shape is None:
        return [] if body in (b"", b"{}") else ["the operation has no output"]
    value = _json(body)
    return problems(model.output_shape, value, "") + batch_problems(model.name, value)


def batch_problems(operation: str, value: dict[str, Any]) -> list[str]:
    """What the model cannot say: the count of a batch is that of its failed entries, and none is both."""
    count, entries, done = {
        "PutRecordBatch": ("FailedPutCount", "RequestResponses", {"RecordId"}),
        "PutRecords": ("FailedRecordCount", "Records", {"SequenceNumber", "ShardId"}),
    }.get(operation, (None, None, None))
    if count is None:
        return []
    kinds = [set(entry) for entry in value.get(entries, [])]
    failed = kinds.count(FAILED)
    found = [f"{entries}: {sorted(kind)}" for kind in kinds if kind not in (done, FAILED)]
    return found if value.get(count) == failed else [*found, f"{count} is {value.get(count)}, {failed} failed"]


def error_problems(model: OperationModel, status: int, body: bytes) -> list[str]:
    """What is wrong with the body of an error."""
    value = _json(body)
    code = str(value.pop("__type", "")).rpartition("#")[2]
    shape = next((shape for shape in model.error_shapes if shape.name == code), None)
    if shape is None and code not in COMMON_ERRORS:
        return [f"__type: {code!r} is no error of the operation"]
    found = [] if status == STATUSES.get(code, 400) else [f"{code} with status {status}"]
    if "Message" in value and "message" not in value:
        value["message"] = value.pop("Message")
    if shape is not None:
        return found + problems(shape, value, code)
    if not set(value) <= {"message"} or not isinstance(value.get("message", ""), str):
        found.append(f"{code}: {value}")
    return found


def _json(body: bytes) -> dict[str, Any]:
    """The object that a body is; an empty one, in which everything is missing, if it is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def problems(shape: Shape, value: Any, path: str) -> list[str]:
    """Everything about `value` that does not fit `shape`."""
    check_type = _TYPES[shape.type_name]
    return check_type(shape, value, path or shape.name)


def _structure(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no structure"]
    found = [f"{path}.{name} is missing" for name in shape.required_members if name not in value]
    for name, member in value.items():
        if name in shape.members:
            found += problems(shape.members[name], member, f"{path}.{name}")
        else:
            found.append(f"{path}.{name} is not known")
    return found


def _list(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{path}: {value!r} is no list"]
    found = _range(shape, len(value), path)
    for place, member in enumerate(value):
        found += problems(shape.member, member, f"{path}[{place}]")
    return found


def _map(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no map"]
    found = _range(shape, len(value), path)
    for name, member in value.items():
        found += problems(shape.key, name, f"{path} key") + problems(shape.value, member, f"{path}.{name}")
    return found


def _string(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, str):
        return [f"{path}: {value!r} is no string"]
    found = _range(shape, len(value), path)
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        found.append(f"{path}: {value!r} does not match {pattern}")
    if shape.enum and value not in shape.enum:
        found.append(f"{path}: {value!r} is none of {shape.enum}")
    return found


def _blob(shape: Any, value: Any, path: str) -> list[str]:
    try:
        return _range(shape, len(base64.b64decode(value, validate=True)), path)
    except (TypeError, ValueError, binascii.Error):
        return [f"{path}: {value!r} is no base64"]


def _integer(shape: Any, value: Any, path: str) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, int):
        return [f"{path}: {value!r} is no integer"]
    return _range(shape, value, path)


def _boolean(_: Any, value: Any, path: str) -> list[str]:
    return [] if isinstance(value, bool) else [f"{path}: {value!r} is no boolean"]


def _timestamp(_: Any, value: Any, path: str) -> list[str]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # Between 2001 and 2096, so that milliseconds are found out.
    return [] if number and 1e9 < value < 4e9 else [f"{path}: {value!r} is no time in seconds"]


def _range(shape: Shape, size: int, path: str) -> list[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if path.rpartition(".")[2] in LESS_THAN_THE_MODEL_SAYS:
        least = 0
    found = [f"{path}: {size} is less than {least}"] if least is not None and size < least else []
    return [*found, f"{path}: {size} is more than {most}"] if most is not None and size > most else found


_TYPES = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": _blob,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
    "timestamp": _timestamp,
}
