"""The running server against its own description: requests that schemathesis makes up, and those of people.

Every check of schemathesis is on. The seed is fixed, so that a failure comes again.
"""

from typing import Any

import pytest
import requests
import schemathesis

from people import CLOSED, CODE, COOKIE, OPEN, gateway_key, join, sign_in
from served import server

student = join(server, "Ada Lovelace")
session = sign_in(server)

# A name without a letter, a question of another quiz, a record that does not fit its table: a schema cannot say it.
ACCEPTED = ["2xx", "400", "401", "403", "404", "409", "429"]
MEANING = {"checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}}

CONFIG = {
    "seed": 1,
    "max-stream-events": 2,
    "request-timeout": 10,
    "generation": {"max-examples": 60, "deterministic": True, "database": "none"},
    "auth": {
        "openapi": {
            "session": {"api_key": session},
            "attempt": {"bearer": student.token},
            "gateway_key": {"api_key": gateway_key(server)},
        }
    },
    "operations": [
        {"include-operation-id": "join"} | MEANING,
        {"include-operation-id": "submit", "parameters": {"path.attempt": student.attempt}} | MEANING,
        {"include-operation-id": "rule"} | MEANING,
        {"include-operation-id": "ruling_effect"} | MEANING,
        {"include-operation-id": "view_attempt", "parameters": {"path.attempt": student.attempt}},
        {"include-operation-id": "put_records", "parameters": {"path.stream": "quiz-answers"}} | MEANING,
    ],
}

api = schemathesis.openapi.from_url(
    f"{server.web}/api/openapi.json", config=schemathesis.Config.from_dict(CONFIG), timeout=30
)


@api.parametrize()
def test_the_server_is_as_described(case: schemathesis.Case) -> None:
    if case.operation.label == "DELETE /api/session":
        # The others still need the session.
        case.cookies = {}
    case.call_and_validate()


COOKIES = {COOKIE: session}
BEARER = {"authorization": f"Bearer {student.token}"}
RECORD = {
    "record_id": "r", "accepted_seq": 1, "accepted_at": "2026-01-31 10:41:07.123", "assignment_id": 900,
    "class_id": 9, "quiz_id": 9, "attempt_id": "a", "attempt_no": 1, "student_key": "s", "question_id": 1,
    "choice_id": None, "elapsed_ms": 6500,
}  # fmt: skip


def asked(name: str, **params: int | str) -> Any:
    return requests.get(f"{server.web}/api/{name}", params=params, cookies=COOKIES, timeout=30).json()


QUESTION = asked("class_results", assignment=CLOSED)["questions"][0]["id"]


def somebody() -> str:
    return asked("student_names", assignment=CLOSED)[0]["student"]


@pytest.mark.parametrize(
    ("method", "path", "part", "request_"),
    [
        ("POST", "/api/session", "", {"json": {"email": "teacher@demo.school", "password": "freshmark-2026"}}),
        ("POST", "/api/join", "", {"json": {"code": CODE, "name": "Ben Whitlock"}}),
        ("GET", "/api/attempts/{attempt}", student.attempt, {"headers": BEARER}),
        ("POST", "/api/attempts/{attempt}/answers", student.attempt, {"headers": BEARER, "json": {"answers": []}}),
        ("GET", "/api/me", "", {"cookies": COOKIES}),
        ("GET", "/api/my_classes", "", {"cookies": COOKIES}),
        ("GET", "/api/class_results", "", {"cookies": COOKIES, "params": {"assignment": OPEN}}),
        ("GET", "/api/class_grid", "", {"cookies": COOKIES, "params": {"assignment": CLOSED, "attempts": "best"}}),
        ("GET", "/api/student_names", "", {"cookies": COOKIES, "params": {"assignment": CLOSED}}),
        ("GET", "/api/student_results", "", {"cookies": COOKIES, "params": {"assignment": CLOSED, "student": somebody()}}),
        ("GET", "/api/arrivals", "", {"cookies": COOKIES, "params": {"assignment": CLOSED}}),
        ("GET", "/api/comparable", "", {"cookies": COOKIES, "params": {"assignment": OPEN}}),
        ("GET", "/api/ruling_effect", "", {"cookies": COOKIES, "params": {"assignment": CLOSED, "question": QUESTION}}),
        ("POST", "/api/assignments/{assignment}/rulings", str(CLOSED), {"cookies": COOKIES, "json": {"question": QUESTION}}),
        ("GET", "/api/delivery_health", "", {"cookies": COOKIES}),
        ("GET", "/api/pipeline", "", {"cookies": COOKIES}),
        ("POST", "/api/streams/{stream}/replay", "quiz-answers", {"cookies": COOKIES}),
        ("POST", "/gateway/{stream}", "quiz-answers", {"json": RECORD, "headers": {"x-api-key": gateway_key(server)}}),
        ("DELETE", "/api/session", "", {"cookies": {COOKIE: sign_in(server)}}),
        ("GET", "/healthz", "", {}),
        ("GET", "/readyz", "", {}),
        ("GET", "/metrics", "", {}),
    ],
)
def test_what_people_do_is_answered_as_described(method: str, path: str, part: str, request_: dict[str, Any]) -> None:
    name = path.partition("{")[2].partition("}")[0]
    url = server.web + path.replace(f"{{{name}}}", part)
    answer = requests.request(method, url, timeout=30, **request_)
    assert answer.status_code in (200, 204), answer.text
    api[path][method].validate_response(answer)


def test_the_events_of_an_open_page_are_as_described() -> None:
    path = "/api/live"
    query = {"assignments": f"{OPEN},1"}
    with requests.get(server.web + path, params=query, cookies=COOKIES, stream=True, timeout=30) as answer:
        assert answer.status_code == 200
        described = api[path]["GET"].definition.raw["responses"]["200"]["content"]
        assert answer.headers["content-type"] in described
        assert next(line for line in answer.iter_lines() if line).startswith(b"event: ")
