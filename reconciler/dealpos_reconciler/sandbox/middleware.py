"""The rate limit, the planned faults, the token check and the log around every API request."""

import time
from collections.abc import Iterable
from email.utils import formatdate
from io import BytesIO
from typing import TYPE_CHECKING, cast

from flask import Response

from dealpos_reconciler.sandbox.api.response import error_response, html_response
from dealpos_reconciler.sandbox.faults import InjectedFault
from dealpos_reconciler.sandbox.limiter import Admission
from dealpos_reconciler.sandbox.resources.token import PATH as TOKEN_PATH
from dealpos_reconciler.sandbox.shop import Shop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/api/v3"


class ApiMiddleware:
    """WSGI middleware, because a dropped connection must leave the application as an exception."""

    def __init__(self, application: "WSGIApplication", shop: Shop) -> None:
        self._application = application
        self._shop = shop

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request, API or not."""
        path = str(environ.get("PATH_INFO", ""))
        if not path.lower().startswith(f"{PREFIX}/"):
            return self._application(environ, start_response)
        method = str(environ["REQUEST_METHOD"])
        try:
            if self._shop.choices.latency:
                self._shop.sleep(self._shop.choices.latency)
            response = self._serve(environ, method, path)
        except (ConnectionResetError, TimeoutError):
            self._shop.record(method, path, 0)
            raise
        self._shop.record(method, path, response.status_code)
        return response(environ, start_response)

    def _serve(self, environ: "WSGIEnvironment", method: str, path: str) -> Response:
        self._shop.act_late()
        short = path[len(PREFIX) :]
        token = short.lower() == TOKEN_PATH
        allowed = token or self._shop.tokens.valid(str(environ.get("HTTP_AUTHORIZATION", "")))
        verdict = self._count_request(f"{method} {short}", token=token, allowed=allowed)
        if verdict and not verdict.allowed:
            response = self._limit_response(verdict)
        else:
            response = self._act(environ, self._shop.faults.strike(method, short), allowed=allowed)
        if verdict and self._shop.choices.limiter_headers:
            headers = self._shop.limiter.headers(verdict, self._shop.choices)
            response.headers.update(headers)
        ahead = self._shop.choices.clock_ahead
        if ahead is not None:
            response.headers["Date"] = formatdate(time.time() + ahead, usegmt=True)
        return response

    def _count_request(self, endpoint: str, *, token: bool, allowed: bool) -> Admission | None:
        """Count a request, if the choices say that it counts."""
        choices = self._shop.choices
        counts = choices.token_counts if token else allowed or choices.unauthorized_counts
        return self._shop.limiter.take(endpoint, choices) if counts else None

    def _limit_response(self, verdict: Admission) -> Response:
        choices = self._shop.choices
        response = {
            "message": lambda: error_response("Too many requests.", 429),
            "empty": lambda: Response(b"", 429),
            "html": lambda: html_response("429 Too Many Requests", 429),
        }[choices.limited_body]()
        if choices.retry_after:
            # Rounded up: a client that waits this long must find a new window.
            response.headers["Retry-After"] = str(
                choices.retry_after_seconds or int(-(-verdict.reset // 1))
            )
        return response

    def _act(
        self, environ: "WSGIEnvironment", fault: InjectedFault | None, *, allowed: bool
    ) -> Response:
        if fault is None:
            return self._answer(environ, allowed=allowed)
        if fault.kind == "delay":
            self._shop.sleep(fault.seconds)
            return self._answer(environ, allowed=allowed)
        if fault.kind == "hang":
            self._shop.sleep(fault.seconds)
        elif fault.when == "late":
            self._postpone(environ, fault.seconds, allowed=allowed)
        if fault.when != "after":
            return spoil(fault, b'{"ID": "0", "Data": [{"Code": "')
        return spoil(fault, self._answer(environ, allowed=allowed).get_data())

    def _postpone(self, environ: "WSGIEnvironment", seconds: float, *, allowed: bool) -> None:
        """Let the shop act on a request later, when its client has given up."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        kept = {**environ, "wsgi.input": BytesIO(environ["wsgi.input"].read(length))}
        self._shop.postpone(seconds, lambda: self._answer(kept, allowed=allowed))

    def _answer(self, environ: "WSGIEnvironment", *, allowed: bool) -> Response:
        if not allowed:
            return error_response("The access token is missing, wrong or expired.", 401)
        return cast(Response, Response.from_app(self._application, environ, buffered=True))


def spoil(fault: InjectedFault, body: bytes) -> Response:
    """Return the response that reaches the client instead of the real one."""
    if fault.kind == "drop":
        raise ConnectionResetError("The connection was reset (planned fault).")
    if fault.kind in ("timeout", "hang"):
        raise TimeoutError("No answer in time (planned fault).")
    if fault.kind == "html":
        return html_response("Service temporarily unavailable", 200)
    if fault.kind == "flood":
        return _flood(fault.megabytes)
    if fault.kind == "truncated":
        half = body[: len(body) // 2]
        return Response(half, 200, content_type="application/json; charset=utf-8")
    status = int(fault.kind)
    if status in (502, 503):
        response = html_response(f"{status} planned fault", status)
    else:
        response = error_response("Planned fault.", status)
    if fault.retry_after:
        response.headers["Retry-After"] = fault.retry_after
    return response


def _flood(megabytes: int) -> Response:
    """Return a list of the smallest objects, which takes far more memory than its text."""
    block = b"{}," * (2**20 // 3)
    parts = (b"[", *(block for _ in range(megabytes)), b"{}]")
    return Response(iter(parts), 200, content_type="application/json; charset=utf-8")
