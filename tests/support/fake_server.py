"""A client whose shop answers what a test gives it, over a transport without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.observer import ClientObserver
from dealpos_reconciler.dealpos.operations import OPERATIONS

STORE = Store("https://shop.example", "the-client-id", "the-client-secret")
TOKEN = "the-access-token"
HTML = httpx.Response(200, text="<!DOCTYPE html><html>Sorry</html>")


@dataclass
class RecordingObserver(ClientObserver):
    """A clock that sleeping moves, and what was heard."""

    now: float = 0.0
    operations: list[str] = field(default_factory=list)
    waits: list[tuple[float, str]] = field(default_factory=list)

    def on_request(self, operation: str) -> None:
        self.operations.append(operation)

    def on_wait(self, seconds: float, reason: str) -> None:
        self.waits.append((seconds, reason))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now


Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class FakeServer:
    """Answers with what it was given, one after the other; the last answer repeats."""

    def __init__(self, *answers: Answer, token: Answer | None = None) -> None:
        self.answers = list(answers)
        self.token = token or httpx.Response(200, json={"access_token": TOKEN, "expires_in": 3600})
        self.requests: list[httpx.Request] = []
        self.ear = RecordingObserver()
        self.client = Client(STORE, httpx.MockTransport(self._handle), self.ear)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.lower().endswith("/token/oauth2"):
            answer = self.token
        else:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        # A response object can be sent once only.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def calls(self) -> list[httpx.Request]:
        """The requests that were not for a token."""
        return [r for r in self.requests if not r.url.path.endswith("OAuth2")]


def ok(value: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return httpx.Response(200, json=[] if value is None else value, headers=named)


def status(code: int, said: str = "no") -> httpx.Response:
    return httpx.Response(code, json={"Message": said})


WRITES = [name for name, operation in OPERATIONS.items() if not operation.repeatable]
READ, WRITE, DELETE = "category.list", "category.create", "coupon.delete"
LOST = [
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("closed"),
    httpx.ReadError("reset"),
    httpx.WriteError("broken"),
    ConnectionResetError("reset"),
    status(500),
    status(502),
    status(503),
    httpx.Response(200, text='{"ID": "0", "Da', headers={"content-type": "application/json"}),
]


def ids(value: Any) -> str:
    if isinstance(value, httpx.Response):
        return f"{value.status_code}-{value.text[:8]}"
    return type(value).__name__
