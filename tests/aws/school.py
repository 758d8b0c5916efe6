"""What the school's admin sees, over HTTP and server-sent events, and records that fit `quiz-answers`."""

import json
import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import urllib3

DELIVERY_STREAM = "quiz-answers"
OPEN = 2  # the demo school's open assignment
ADMIN = {"email": "admin@demo.school", "password": "pipeline-2026"}
MOST_EVENTS = 120  # a tick comes every second, whatever happens


class Admin:
    """Somebody with a session."""

    def __init__(self, url: str):
        self.url = url
        self.http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(20))
        answer = self.http.request("POST", f"{url}/api/session", json=ADMIN)
        assert answer.status == 200, answer.data
        self.headers = {"cookie": answer.headers["set-cookie"].partition(";")[0]}

    def results(self) -> dict[str, Any]:
        """The open assignment's results."""
        answer = self.http.request("GET", f"{self.url}/api/class_results?assignment={OPEN}", headers=self.headers)
        assert answer.status == 200, answer.data
        return answer.json()

    def results_when(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Asks again whenever the server says that something changed, until the results are as wanted."""
        url = f"{self.url}/api/live?assignments={OPEN}"
        events = self.http.request("GET", url, headers=self.headers, preload_content=False)
        try:
            changes = _changes(events)
            while not wanted(results := self.results()):
                assert next(changes, None), f"the results never were as wanted: {results}"
        finally:
            events.close()
        return results


    def pipeline_when(
        self, wanted: Callable[[dict[str, Any]], Any], name: str = DELIVERY_STREAM
    ) -> dict[str, Any]:
        """Asks for a stream at every event, until it is as wanted."""
        url = f"{self.url}/api/live?assignments={OPEN}"
        events = self.http.request("GET", url, headers=self.headers, preload_content=False)
        stream: dict[str, Any] = {}
        try:
            for _ in islice(events.stream(), MOST_EVENTS):
                answer = self.http.request("GET", f"{self.url}/api/pipeline", headers=self.headers)
                assert answer.status == 200, answer.data
                stream = next(found for found in answer.json()["streams"] if found["name"] == name)
                if wanted(stream):
                    return stream
        finally:
            events.close()
        raise AssertionError(f"the stream never was as wanted: {stream}")


def _changes(events: urllib3.BaseHTTPResponse) -> Iterator[str]:
    """The `changed` events among the first so many."""
    rest, count = b"", 0
    for piece in events.stream():
        rest += piece
        while b"\n\n" in rest and count < MOST_EVENTS:
            event, _, rest = rest.partition(b"\n\n")
            count += 1
            if b"event: changed" in event or b"event:changed" in event:
                yield event.decode()
        if count >= MOST_EVENTS:
            return


def answer(question: dict[str, Any], choice: int, **changes: Any) -> dict[str, Any]:
    """One answer of a student whom nobody knows, as a record of `quiz-answers`."""
    record = {
        "record_id": str(uuid.uuid4()),
        "accepted_seq": 1,
        "accepted_at": "2026-01-31 10:41:07.123",
        "assignment_id": OPEN,
        "class_id": 1,
        "quiz_id": 1,
        "attempt_id": str(uuid.uuid4()),
        "attempt_no": 1,
        "student_key": str(uuid.uuid4()),
        "question_id": question["id"],
        "choice_id": question["choices"][choice]["id"],
        "elapsed_ms": 6_500,
    } | changes
    return {name: value for name, value in record.items() if value is not ...}


def line(record: dict[str, Any]) -> bytes:
    """As producers send it: JSON and a newline."""
    return json.dumps(record).encode() + b"\n"


def given(results: dict[str, Any], place: int, choice: int) -> int:
    """How many students gave this choice of the question at this place."""
    return results["questions"][place]["choices"][choice]["answers"]
