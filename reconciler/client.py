"""The only door to a shop: token, request window, retries, and answers as JSON or our errors.

One `httpx.Client` per run. What may be repeated is repeated here; a create or update whose answer
was lost raises Doubtful and is settled by whoever knows what it was meant to do.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from reconciler import answer, retry
from reconciler.answer import Response
from reconciler.deadline import Deadline
from reconciler.errors import (
    ApiError,
    Doubtful,
    NotOffered,
    Rejected,
    StoreError,
    Throttled,
    Unreachable,
    Unreadable,
    Untrusted,
)
from reconciler.operations import BASE, OPERATIONS, Operation, Route
from reconciler.settings import Store
from reconciler.token import Token
from reconciler.watcher import Exchange, Watcher
from reconciler.window import RequestWindow

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer that are read, decoded; a page of 500 rows has about one million."""

PATIENCE = 120.0
"""Seconds that one request may take from its first byte to the last of its answer."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_CODINGS = ("", "identity", "gzip", "deflate")
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LOST = (httpx.RequestError, OSError)
_NOWHERE = frozenset({404, 405, 501})


class Client:
    """Calls operations of one shop; counts what it sends in `requests`."""

    def __init__(
        self,
        store: Store,
        transport: httpx.BaseTransport | None = None,
        watcher: Watcher | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.watcher = watcher or Watcher()
        self.window = RequestWindow(clock)
        self.requests = 0
        base = "http://sandbox" if store.embedded else store.url
        try:
            self._http = httpx.Client(
                base_url=base + BASE,
                transport=transport,
                # Certificates are loaded where they are checked: settings allow plain http on
                # loopback only, and reading the bundle would cost a tenth of a second.
                verify=base.startswith("https:"),
                timeout=_TIMEOUT,
                follow_redirects=False,
                trust_env=transport is None,
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip, deflate",
                    "User-Agent": "reconciler",
                },
            )
        except (httpx.InvalidURL, UnicodeError, ValueError, ImportError) as error:
            # Besides the address, the environment's proxy settings are read here.
            raise StoreError(
                f"no connection can be set up for {store.url}: {error}",
                hint="check the address, and HTTP_PROXY, HTTPS_PROXY and ALL_PROXY",
            ) from None
        self._token = Token(store, self._ask_for_token)
        self._deadline = Deadline(PATIENCE)
        self._answered: dict[str, Route] = {}
        self._turn = threading.Lock()

    def __enter__(self) -> Client:
        """Use it as a context manager, so that connections are let go of."""
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of connections."""
        self._http.close()

    @property
    def lifetime(self) -> float | None:
        """Seconds that a token lives; None before one was given, or where the shop is silent."""
        return self._token.lifetime

    def answered(self, name: str) -> bool:
        """Whether an operation has answered, so that its route is known."""
        return name in self._answered

    def call(self, name: str, parameters: Any = None) -> Any:
        """The JSON that an operation answers.

        Raises ApiError's subclasses; for a write, Doubtful when its answer was lost.
        """
        operation = OPERATIONS[name]
        known = self._answered.get(name)
        if known is not None:
            return self._send(operation, known, parameters)
        refusal: Rejected | None = None
        for route in operation.routes:
            try:
                answer = self._send(operation, route, parameters)
            except Rejected as error:
                if error.status not in _NOWHERE:
                    raise
                refusal = error
                continue
            self._answered[name] = route
            return answer
        assert refusal is not None
        if operation.single and refusal.status == 404:
            raise refusal
        raise NotOffered(name, refusal.status, refusal.answer) from refusal

    def _send(self, operation: Operation, route: Route, parameters: Any) -> Any:
        """One route, repeated where that is safe."""
        fresh = operation.name != "token" and self._token.renew("")
        lost: ApiError | None = None
        for attempt in range(retry.TRIES):
            if attempt:
                self._back_off(attempt, lost)
            try:
                return self._attempt(operation, route, parameters, fresh)
            except (Doubtful, Unreachable, Unreadable) as error:
                if not retry.again(operation, error, attempt):
                    raise
                lost = error
        assert lost is not None
        raise lost

    def _attempt(self, operation: Operation, route: Route, parameters: Any, fresh: bool) -> Any:
        """One request; a token that has run out is renewed, once."""
        used = self._token.text
        response = self._once(operation, route, parameters)
        if response.status_code == 401 and operation.name != "token" and not fresh:
            self._token.renew(used)
            response = self._once(operation, route, parameters)
        secrets = () if self.store.embedded else (self._token.text, *self.store.credentials)
        return answer.understand(operation, response, self.store.url, secrets)

    def _once(self, operation: Operation, route: Route, parameters: Any) -> Response:
        """One request, after waiting for the window; 429 is waited out."""
        for _ in range(3):
            most = self._take_turn(operation)
            began = time.monotonic()
            try:
                response = self._exchange(operation, route, parameters)
            except BaseException:
                self.window.lost()
                self._tell(operation, route, began, None)
                raise
            self.window.heed(response.headers, most)
            self._tell(operation, route, began, response)
            if response.status_code != 429:
                return response
            wait = self.window.exhausted(response.headers.get("retry-after", ""))
            self.watcher.waiting(wait, "the shop answered 429: other programs used its window")
            self.watcher.sleep(wait)
        raise Throttled(
            operation.name,
            "the shop kept answering 429 for three windows",
            hint="see which integration uses the window, or ask DealPOS to raise the quota",
        )

    def _tell(
        self, operation: Operation, route: Route, began: float, response: Response | None
    ) -> None:
        took = time.monotonic() - began
        told = response or Response(0, b"", {})
        size, left = len(told.content), max(self.window.left, 0)
        method, path = route.method, route.path
        self.watcher.answered(
            Exchange(operation.name, method, path, told.status_code, took, size, left, told.headers)
        )

    def _take_turn(self, operation: Operation) -> int:
        """Wait until the window has room, and take a request of it; one thread at a time."""
        with self._turn:
            if wait := self.window.wait():
                reason = f"{self.window.limit} requests are spent in this window"
                self.watcher.waiting(wait, reason)
                self.watcher.sleep(wait)
            self.watcher.request(operation.name)
            if operation.name != "token":
                self.requests += 1
            return self.window.spend()

    def _exchange(self, operation: Operation, route: Route, parameters: Any) -> Response:
        token = self._token.text
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        query = parameters if route.query else None
        body = None if route.query else parameters
        extensions = {"trace": self._deadline.heed}
        try:
            # facts §1: a GET without a body must not declare a content type.
            request = self._http.build_request(
                route.method,
                route.path,
                params=query,
                json=body,
                headers=headers,
                extensions=extensions,
            )
            with self._deadline.watching():
                return self._receive(operation, request)
        except _NOT_SENT as error:
            raise self._unreachable(operation, error) from None
        except (httpx.InvalidURL, UnicodeError):
            raise Unreachable(operation.name, f"{self.store.url} is no usable address") from None
        except _LOST as error:
            raise Doubtful(operation.name, f"the answer was lost ({_cause(error)})") from None

    def _receive(self, operation: Operation, request: httpx.Request) -> Response:
        """Send, and read the answer piece by piece: what it may become in memory is bounded."""
        response = self._http.send(request, stream=True)
        try:
            coding = response.headers.get("content-encoding", "").strip().lower()
            if coding not in _CODINGS:
                # Codings upon codings multiply what a few bytes become.
                raise answer.unread(operation, f"the answer comes encoded as {coding[:40]!r}")
            parts: list[bytes] = []
            size = 0
            for part in response.iter_bytes():
                size += len(part)
                if size > LARGEST:
                    limit = f"{LARGEST // 1024 // 1024} MiB"
                    raise answer.unread(operation, f"the answer is larger than {limit}")
                parts.append(part)
        finally:
            response.close()
        return Response(response.status_code, b"".join(parts), response.headers)

    def _unreachable(self, operation: Operation, error: Exception) -> Unreachable:
        """Why nothing was sent, and what to do about it."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return Untrusted(
                    operation.name,
                    f"the certificate of {self.store.url} is not trusted ({cause.verify_message})",
                    hint="check the address; where a company's own root signs, name its file in "
                    "SSL_CERT_FILE; nothing was sent",
                )
            cause = cause.__cause__ or cause.__context__
        return Unreachable(
            operation.name,
            f"{self.store.url} cannot be reached ({_cause(error)})",
            hint="check the address and the network; nothing was sent",
        )

    def _ask_for_token(self, credentials: Any) -> Any:
        operation = OPERATIONS["token"]
        return self._send(operation, operation.routes[0], credentials)

    def _back_off(self, attempt: int, lost: ApiError | None) -> None:
        wait = retry.pause(attempt)
        self.watcher.waiting(wait, f"trying again: {lost.detail if lost else ''}")
        self.watcher.sleep(wait)


def _cause(error: Exception) -> str:
    return {
        "ConnectTimeout": "no answer to the connection",
        "ReadTimeout": "no answer in time",
    }.get(type(error).__name__, str(error) or type(error).__name__)


def embedded_transport(app: Any) -> httpx.BaseTransport:
    """A transport that calls a WSGI app in this process."""
    return httpx.WSGITransport(app=app)
