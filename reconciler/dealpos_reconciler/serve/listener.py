"""The shop listener: the calls of DealPOS, from the path to the answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dealpos_reconciler.core.provider.terms import code_key
from dealpos_reconciler.provider.service import Answer
from dealpos_reconciler.serve.body import Unread, read_body
from dealpos_reconciler.serve.gate import Denied, Endpoint, Gate
from dealpos_reconciler.serve.limits import MinuteLimit
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics

MAX_IN_FLIGHT = 200
"""Calls that are answered at the same time; a further one gets HTTP 503 at once."""
ANSWER_SECONDS = 8.0
"""The last deadline of an answer. The service has shorter ones of its own for each store."""


@dataclass(slots=True)
class Listener:
    """The ASGI application that DealPOS calls."""

    gate: Gate
    refusals: MinuteLimit
    """Refusals by outlet; an outlet in it is closed."""
    metrics: Metrics
    log: Log
    in_flight: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call and write its line."""
        if scope["type"] != "http":  # a WebSocket: the server closes what is not accepted
            return
        begun = time.perf_counter()
        admitted = self.gate.admit(scope)
        if isinstance(admitted, Denied):
            self._note_denied(admitted, scope)
            headers = {"allow": "POST"} if admitted.status == 405 else None
            await Response(status_code=admitted.status, headers=headers)(scope, receive, send)
            return
        answer = await self._answer(admitted, Request(scope, receive))
        # A body that was not read to its end ends the connection.
        close = {"connection": "close"} if answer.status == 408 else None
        response = Response(answer.body, answer.status, close, "application/json")
        await response(scope, receive, send)
        self._note(admitted, answer, time.perf_counter() - begun)

    async def _answer(self, endpoint: Endpoint, request: Request) -> Answer:
        if self.in_flight >= MAX_IN_FLIGHT:
            self.metrics.overloaded.inc()
            return endpoint.turn_away(503, "overloaded")
        self.in_flight += 1
        self.metrics.in_flight.set(self.in_flight)
        try:
            return await self._judge(endpoint, request)
        finally:
            self.in_flight -= 1
            self.metrics.in_flight.set(self.in_flight)

    async def _judge(self, endpoint: Endpoint, request: Request) -> Answer:
        body = await read_body(request)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if not isinstance(body, Unread):
                    return await endpoint.answer(body)
                if body.reason == "too_long":
                    return await endpoint.reject(body.reason, body.head, body.digest, body.length)
                return endpoint.turn_away(408, body.reason)
        except TimeoutError:
            return endpoint.turn_away(503, "late")
        except Exception as error:  # nothing that a till sends may end the server
            self.metrics.errors.inc()
            self.log.add_failure("unforeseen error", error)
            return endpoint.turn_away(503, "error")

    def _note(self, endpoint: Endpoint, answer: Answer, seconds: float) -> None:
        self.metrics.count_answer(endpoint.call, answer, seconds)
        if answer.result == "no" and self.refusals.add(code_key(answer.outlet)):
            self.metrics.outlets_closed.inc()
            self.log.add_event("outlet closed for a minute", "warning", outlet=answer.outlet)
        if answer.status == 429:
            self.metrics.limited.labels("outlet").inc()
        why = {"why": answer.why} if answer.why else {}
        self.log.add(
            {
                "call": endpoint.call if answer.call == "unknown" else answer.call,
                "status": answer.status,
                "answer": answer.result,
                "reason": answer.reason,
                "code": answer.code,
                "outlet": answer.outlet,
                "invoice": answer.number,
                "ms": round(seconds * 1000, 1),
                **why,
            }
        )

    def _note_denied(self, denied: Denied, scope: Scope) -> None:
        """Count a call that was not let in; its path is not written: it may hold a secret."""
        self.metrics.denied.labels(denied.reason).inc()
        if denied.status == 429:  # the line of the call that closed the address stands for these
            self.metrics.limited.labels("address").inc()
            return
        client = scope.get("client")
        line = {"call": "denied", "status": denied.status, "reason": denied.reason}
        self.log.add({**line, "from": client[0] if client else None})
        if denied.first:
            self.log.add_event("address closed for a minute", "warning")
