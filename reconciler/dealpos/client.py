"""The only door to a shop: token, request window, retries, and answers as JSON or our errors.

One `httpx.Client` per run. What may be repeated is repeated here; a create or update whose answer
was lost raises Doubtful and is settled by whoever knows what it was meant to do.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from reconciler.core.model.store import Store
from reconciler.dealpos import failure, retry
from reconciler.dealpos import response as answer
from reconciler.dealpos.auth import Token
from reconciler.dealpos.budget import NO_LIMITS, Broken, Limits
from reconciler.dealpos.deadline import Deadline
from reconciler.dealpos.observer import Exchange, Watcher, outline
from reconciler.dealpos.operations import BASE, OPERATIONS, Operation, Route
from reconciler.dealpos.request_window import RequestWindow
from reconciler.dealpos.response import Response
from reconciler.dealpos.routes import Routes
from reconciler.dealpos.tenant import Tenant
from reconciler.errors import (
    ApiError,
    Doubtful,
    NotOffered,
    Rejected,
    StoreError,
    Throttled,
    Unreachable,
    Unreadable,
    UsageError,
)

# With this module httpx would import its own command line, and rich with it: a tenth of a second.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402

PATIENCE = 120.0
"""Seconds that one request may take from its first byte to the last of its answer."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
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
        limits: Limits = NO_LIMITS,
        tenant: Tenant | None = None,
    ) -> None:
        self.store = store
        self.routes = Routes(tenant or Tenant())
        self.watcher = watcher or Watcher()
        self.window = RequestWindow(clock, reserve=limits.reserve)
        self.requests = 0
        self.limits = limits
        self.writing = False
        """Whether the limits hold between units from now on, so that nothing is left half done."""
        self._began = clock()
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
        """Whether an operation has answered in this run, so that its route is known."""
        return self.routes.known(name) is not None

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.window.clock() - self._began

    def exceeds(self, requests: int, seconds: float) -> Broken | None:
        """The limit that so many more requests in so many seconds would break; None when none."""
        return self.limits.broken(self.requests + requests, self.elapsed() + seconds)

    def call(self, name: str, parameters: Any = None) -> Any:
        """The JSON that an operation answers; raises Doubtful where a write's answer was lost."""
        operation = OPERATIONS[name]
        if known := self.routes.known(name):
            return self._send(operation, known, parameters)
        refusal: Rejected | None = None
        for route in self.routes.untried(operation):
            try:
                answer = self._send(operation, route, parameters)
            except Rejected as error:
                if error.status not in _NOWHERE:
                    raise
                refusal = error
                continue
            self.routes.answer(operation, route)
            return answer
        assert refusal is not None
        if operation.single and refusal.status == 404:
            raise refusal
        self.routes.forget(name)
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
                self._tell(operation, route, parameters, began, None)
                raise
            self.window.heed(response.headers, most)
            self._tell(operation, route, parameters, began, response)
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
        self,
        operation: Operation,
        route: Route,
        parameters: Any,
        began: float,
        response: Response | None,
    ) -> None:
        told = response or Response(0, b"", {})
        self.watcher.answered(
            Exchange(
                operation.name,
                route.method,
                route.path,
                told.status_code,
                time.monotonic() - began,
                len(told.content),
                max(self.window.left, 0),
                told.headers,
                outline(parameters),
            )
        )

    def _take_turn(self, operation: Operation) -> int:
        """Wait until the window has room, and take a request of it; one thread at a time."""
        counted = operation.name != "token"
        with self._turn:
            wait = self.window.wait()
            if not self.writing and (broken := self.exceeds(counted, wait)):
                # Only the next request is known here: what reading needs in all shows as it goes.
                raise UsageError(
                    f"{broken.limit} is less than reading alone needs, {broken.needed} or more; "
                    "nothing was written",
                    hint="allow more; `reconciler plan` says what reading costs",
                )
            if wait:
                window = self.window
                kept = f", {window.reserve} are kept for others" if window.reserve else ""
                reason = f"{window.room} requests are spent in this window{kept}"
                self.watcher.waiting(wait, reason)
                self.watcher.sleep(wait)
            self.watcher.request(operation.name)
            self.requests += counted
            return self.window.spend()

    def _exchange(self, operation: Operation, route: Route, parameters: Any) -> Response:
        token = self._token.text
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        query = parameters if route.query else None
        body = parameters if route.body else None
        extensions = {"trace": self._deadline.heed}
        try:
            # dealpos-api.md §1: a GET without a body must not declare a content type.
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
            raise failure.unreachable(operation, self.store.url, error) from None
        except (httpx.InvalidURL, UnicodeError):
            raise Unreachable(operation.name, f"{self.store.url} is no usable address") from None
        except _LOST as error:
            raise Doubtful(
                operation.name, f"the answer was lost ({failure.cause(error)})"
            ) from None

    def _receive(self, operation: Operation, request: httpx.Request) -> Response:
        """Send, and read the answer piece by piece: what it may become in memory is bounded."""
        response = self._http.send(request, stream=True)
        try:
            coding = response.headers.get("content-encoding", "")
            content = answer.bounded(operation, coding, response.iter_bytes())
        finally:
            response.close()
        return Response(response.status_code, content, response.headers)

    def _ask_for_token(self, credentials: Any) -> Any:
        operation = OPERATIONS["token"]
        return self._send(operation, operation.routes[0], credentials)

    def _back_off(self, attempt: int, lost: ApiError | None) -> None:
        wait = retry.pause(attempt)
        self.watcher.waiting(wait, f"trying again: {retry.why(lost) if lost else ''}")
        self.watcher.sleep(wait)


def embedded_transport(app: Any) -> httpx.BaseTransport:
    """A transport that calls a WSGI app in this process."""
    return httpx.WSGITransport(app=app)
