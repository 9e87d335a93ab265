"""The only door to a shop: token, request window, retries, and answers as JSON or our errors.

One `httpx.Client` per run. What may be repeated is repeated here; a create or update whose answer
was lost raises Doubtful and is settled by whoever knows what it was meant to do.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from reconciler import answer
from reconciler.errors import (
    ApiError,
    Doubtful,
    NotOffered,
    Rejected,
    StoreError,
    Throttled,
    Unauthorised,
    Unreachable,
    Unreadable,
)
from reconciler.operations import BASE, OPERATIONS, Operation, Route
from reconciler.settings import Store
from reconciler.watcher import Exchange, Watcher
from reconciler.window import RequestWindow

TRIES = 4
"""How often a repeatable request is sent before its error is reported."""

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
                headers={"Accept": "application/json", "User-Agent": "reconciler"},
            )
        except (httpx.InvalidURL, UnicodeError, ValueError, ImportError) as error:
            # Besides the address, the environment's proxy settings are read here.
            raise StoreError(
                f"no connection can be set up for {store.url}: {error}",
                hint="check the address, and HTTP_PROXY, HTTPS_PROXY and ALL_PROXY",
            ) from None
        self._token = ""
        self._answered: dict[str, Route] = {}
        self._turn = threading.Lock()
        self._door = threading.Lock()

    def __enter__(self) -> Client:
        """Use it as a context manager, so that connections are let go of."""
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of connections."""
        self._http.close()

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
        fresh = operation.name != "token" and self._authenticate("")
        lost: ApiError | None = None
        for attempt in range(TRIES):
            if attempt:
                self._back_off(attempt, lost)
            try:
                return self._attempt(operation, route, parameters, fresh)
            except (Doubtful, Unreachable, Unreadable) as error:
                if not _again(operation, error, attempt):
                    raise
                lost = error
        assert lost is not None
        raise lost

    def _attempt(self, operation: Operation, route: Route, parameters: Any, fresh: bool) -> Any:
        """One request; a token that has run out is renewed, once."""
        used = self._token
        response = self._once(operation, route, parameters)
        if response.status_code == 401 and operation.name != "token" and not fresh:
            self._authenticate(used)
            response = self._once(operation, route, parameters)
        secrets = () if self.store.embedded else (self._token, *self.store.credentials)
        return answer.understand(operation, response, self.store.url, secrets)

    def _once(self, operation: Operation, route: Route, parameters: Any) -> httpx.Response:
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
        self, operation: Operation, route: Route, began: float, response: httpx.Response | None
    ) -> None:
        took = time.monotonic() - began
        status, size, headers = 0, 0, httpx.Headers()
        if response is not None:
            status, size, headers = response.status_code, len(response.content), response.headers
        left = max(self.window.left, 0)
        self.watcher.answered(
            Exchange(operation.name, route.method, route.path, status, took, size, left, headers)
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

    def _exchange(self, operation: Operation, route: Route, parameters: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        query = parameters if route.query else None
        body = None if route.query else parameters
        try:
            # facts §1: a GET without a body must not declare a content type.
            return self._http.request(
                route.method, route.path, params=query, json=body, headers=headers
            )
        except _NOT_SENT as error:
            raise Unreachable(
                operation.name,
                f"{self.store.url} cannot be reached ({_cause(error)})",
                hint="check the address and the network; nothing was sent",
            ) from None
        except (httpx.InvalidURL, UnicodeError):
            raise Unreachable(operation.name, f"{self.store.url} is no usable address") from None
        except _LOST as error:
            raise Doubtful(operation.name, f"the answer was lost ({_cause(error)})") from None

    def _authenticate(self, refused: str) -> bool:
        """Have a token other than the refused one; True when it was fetched just now."""
        with self._door:
            if self._token != refused:
                return bool(refused)
            self._token = ""
            self._token = self._fetch_token()
            return True

    def _fetch_token(self) -> str:
        """A token (facts §2: attested by third-party code only)."""
        credentials = {
            "client_id": self.store.client_id,
            "client_secret": self.store.client_secret,
        }
        try:
            operation = OPERATIONS["token"]
            given = self._send(operation, operation.routes[0], credentials)
        except Rejected as error:
            # facts §2: the error for bad credentials is undocumented.
            if error.status in (400, 401, 403):
                raise Unauthorised(
                    "token",
                    "the shop does not accept the credentials",
                    hint="check DEALPOS_CLIENT_ID and DEALPOS_CLIENT_SECRET for this shop",
                ) from None
            raise
        token = given.get("access_token") if isinstance(given, Mapping) else None
        token = token.strip() if isinstance(token, str) else ""
        if not token or not token.isascii() or not token.isprintable():
            raise Unreadable("token", "the shop's answer holds no usable access_token")
        return token

    def _back_off(self, attempt: int, lost: ApiError | None) -> None:
        wait = min(0.5 * 2**attempt, 8.0) * random.uniform(0.75, 1.25)
        self.watcher.waiting(wait, f"trying again: {lost.detail if lost else ''}")
        self.watcher.sleep(wait)


def _again(operation: Operation, error: ApiError, attempt: int) -> bool:
    """Whether a failed request is worth another: it is safe, and may go better."""
    if isinstance(error, Unreadable):
        # A proxy may have stepped in for a moment; one that stays is an error to report.
        return operation.reads and operation.name != "token" and attempt == 0
    if operation.single and isinstance(error, Doubtful) and error.told:
        return attempt == 0  # it may be how this shop says "not found" (facts §4: undocumented)
    return operation.repeatable or isinstance(error, Unreachable)


def _cause(error: Exception) -> str:
    return {
        "ConnectTimeout": "no answer to the connection",
        "ReadTimeout": "no answer in time",
        "TimeoutError": "no answer in time",
    }.get(type(error).__name__, str(error) or type(error).__name__)


def embedded_transport(app: Any) -> httpx.BaseTransport:
    """A transport that calls a WSGI app in this process."""
    return httpx.WSGITransport(app=app)
