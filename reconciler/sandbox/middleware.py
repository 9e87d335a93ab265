"""What stands before every API request: the limit, the planned faults, the token check, the log."""

import time
from collections.abc import Iterable
from email.utils import formatdate
from typing import TYPE_CHECKING, cast

from flask import Response

from reconciler.sandbox.api.response import html, message
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.limiter import Verdict
from reconciler.sandbox.resources.token import PATH as TOKEN_PATH
from reconciler.sandbox.shop import Shop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/api/v3"


class Gate:
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
            response = self._serve(environ, method, path)
        except (ConnectionResetError, TimeoutError):
            self._shop.record(method, path, 0)
            raise
        self._shop.record(method, path, response.status_code)
        return response(environ, start_response)

    def _serve(self, environ: "WSGIEnvironment", method: str, path: str) -> Response:
        short = path[len(PREFIX) :]
        token = short.lower() == TOKEN_PATH
        allowed = token or self._shop.tokens.valid(str(environ.get("HTTP_AUTHORIZATION", "")))
        verdict = self._counted(f"{method} {short}", token=token, allowed=allowed)
        if verdict and not verdict.allowed:
            response = self._limited(verdict)
        else:
            response = self._act(environ, self._shop.faults.strike(method, short), allowed=allowed)
        if verdict and self._shop.choices.limiter_headers:
            response.headers.update(self._shop.limiter.headers(verdict))
        ahead = self._shop.choices.clock_ahead
        if ahead is not None:
            response.headers["Date"] = formatdate(time.time() + ahead, usegmt=True)
        return response

    def _counted(self, endpoint: str, *, token: bool, allowed: bool) -> Verdict | None:
        """Count the request where it counts."""
        choices = self._shop.choices
        counts = choices.token_counts if token else allowed or choices.unauthorized_counts
        return self._shop.limiter.take(endpoint, choices) if counts else None

    def _limited(self, verdict: Verdict) -> Response:
        choices = self._shop.choices
        response = {
            "message": lambda: message("Too many requests.", 429),
            "empty": lambda: Response(b"", 429),
            "html": lambda: html("429 Too Many Requests", 429),
        }[choices.limited_body]()
        if choices.retry_after:
            # Rounded up: a client that waits this long must find a new window.
            response.headers["Retry-After"] = str(int(-(-verdict.reset // 1)))
        return response

    def _act(self, environ: "WSGIEnvironment", fault: Fault | None, *, allowed: bool) -> Response:
        if fault is None:
            return self._answer(environ, allowed=allowed)
        if fault.kind == "delay":
            self._shop.sleep(fault.seconds)
            return self._answer(environ, allowed=allowed)
        if fault.when == "before":
            return spoiled(fault, b'{"ID": "0", "Data": [{"Code": "')
        return spoiled(fault, self._answer(environ, allowed=allowed).get_data())

    def _answer(self, environ: "WSGIEnvironment", *, allowed: bool) -> Response:
        if not allowed:
            return message("The access token is missing, wrong or expired.", 401)
        return cast(Response, Response.from_app(self._application, environ, buffered=True))


def spoiled(fault: Fault, body: bytes) -> Response:
    """What reaches the client instead of the answer."""
    if fault.kind == "drop":
        raise ConnectionResetError("The connection was reset (planned fault).")
    if fault.kind == "timeout":
        raise TimeoutError("No answer in time (planned fault).")
    if fault.kind == "html":
        return html("Service temporarily unavailable", 200)
    if fault.kind == "truncated":
        half = body[: len(body) // 2]
        return Response(half, 200, content_type="application/json; charset=utf-8")
    if fault.kind in ("502", "503"):
        return html(f"{fault.kind} planned fault", int(fault.kind))
    return message("Planned fault.", int(fault.kind))
