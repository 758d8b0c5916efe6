"""People of the demo school, and what they hold in their hands: sessions, a token, a key."""

from dataclasses import dataclass

import requests

from running import Server

COOKIE = "freshmark_session"
CLOSED = 1  # the assignment that has been closed
OPEN = 2  # the assignment that can be joined
CODE = "KLM-482"


@dataclass(frozen=True)
class Student:
    """One attempt that has been handed in."""

    attempt: str
    token: str


def sign_in(server: Server) -> str:
    """The secret of an admin's new session."""
    account = {"email": "admin@demo.school", "password": "pipeline-2026"}
    answer = requests.post(f"{server.web}/api/session", json=account, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.cookies[COOKIE]


def join(server: Server, name: str) -> Student:
    """An attempt, handed in with every question left out."""
    joined = requests.post(f"{server.web}/api/join", json={"code": CODE, "name": name}, timeout=30).json()
    student = Student(joined["attempt"], joined["token"])
    path = f"{server.web}/api/attempts/{student.attempt}/answers"
    bearer = {"authorization": f"Bearer {student.token}"}
    answer = requests.post(path, json={"answers": []}, headers=bearer, timeout=30)
    assert answer.status_code == 200, answer.text
    return student


def gateway_key(server: Server) -> str:
    """The server's own key."""
    return (server.data / "gateway.key").read_text().strip()
