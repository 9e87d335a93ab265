"""The HTTP client of a shop: token, rate-limit window, retries, responses as JSON or our errors.

One `httpx.Client` per run; no other module imports httpx. Requests that are safe to repeat are
repeated here. A create or update whose response was lost raises OutcomeUnknown, and the caller,
who knows what it was meant to do, looks it up.
"""

from __future__ import annotations

import sys
import threading
import time
from functools import cache
from typing import Any

from dealpos_reconciler import __version__, errors
from dealpos_reconciler.core.diff.readback import RecentWrites
from dealpos_reconciler.core.model.masked import hidden_texts, reveal_all
from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos import retry
from dealpos_reconciler.dealpos.auth import Token
from dealpos_reconciler.dealpos.budget import (
    MAX_WAIT_SECONDS,
    NO_LIMITS,
    BrokenLimit,
    Limits,
    limit_error,
    wait_error,
)
from dealpos_reconciler.dealpos.observer import ClientObserver, RequestRecord, parameter_names
from dealpos_reconciler.dealpos.operations import (
    BASE,
    NOT_FOUND_STATUSES,
    OPERATIONS,
    Operation,
    Route,
)
from dealpos_reconciler.dealpos.request_window import MARGIN_SECONDS, RequestWindow
from dealpos_reconciler.dealpos.response import Deadline, Response, parse, read_bounded
from dealpos_reconciler.dealpos.tenant import Routes, TenantProfile

# Without this line httpx would import its own command line, and rich with it: a tenth of a second.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402

REQUEST_TIMEOUT_SECONDS = 120.0
"""From the first byte of a request to the last of its response."""

MAX_WINDOWS = 3
"""Rate-limit windows in which one request is sent before its HTTP 429 is reported."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_RESPONSE_LOST = (httpx.RequestError, OSError)
_ACCEPTED = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
_NOT_OFFERED = frozenset({404, 405, 501})


class Client:
    """Calls operations of one shop; `requests` counts what was sent, without token requests."""

    def __init__(
        self,
        store: Store,
        transport: httpx.BaseTransport | None = None,
        observer: ClientObserver | None = None,
        limits: Limits = NO_LIMITS,
        tenant: TenantProfile | None = None,
    ) -> None:
        self.store = store
        self.routes = Routes(tenant or TenantProfile())
        self.observer = observer or ClientObserver()
        self.window = RequestWindow(self.observer.clock, reserve=limits.reserve)
        self.requests = 0
        # Lost answers to requests that may have been carried out; if the last write is one of them.
        self.lost_answers, self.in_doubt = 0, False
        self.recent: RecentWrites = {}
        self.limits = limits
        self.writing = False
        """True once an apply checks the limits itself, so that it leaves nothing half written."""
        self._began = self.observer.clock()
        base = ("http://sandbox" if store.embedded else store.url) + BASE
        # Parsing an address takes a tenth of the time of a request to an embedded shop.
        self._address = cache(lambda path: httpx.URL(base + path))
        try:
            self._http = httpx.Client(
                base_url=base,
                transport=transport,
                # Settings allow http on loopback alone; certificates take a tenth of a second.
                verify=base.startswith("https:"),
                timeout=_TIMEOUT,
                follow_redirects=False,
                trust_env=transport is None,
                headers={**_ACCEPTED, "User-Agent": f"reconciler/{__version__}"},
            )
        except (httpx.InvalidURL, UnicodeError, ValueError, ImportError, OSError) as error:
            # httpx reads the variables of proxies and of root certificates here.
            raise retry.setup_error(store.url, error) from None
        token = OPERATIONS["token"]
        self.token = Token(store, lambda keys: self._send(token, token.routes[0], keys))
        self.deadline = Deadline()
        self._silence = retry.Silence()
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(store.concurrency)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    @property
    def lifetime(self) -> float | None:
        """Return the seconds that a token is valid; None where the shop has not said so."""
        return self.token.lifetime

    def has_answered(self, name: str) -> bool:
        """Return whether an operation has answered in this run, so that its route is known."""
        return name in self.routes.answered

    def elapsed_seconds(self) -> float:
        """Return the seconds since the run began."""
        return self.window.clock() - self._began

    def broken_limit(self, requests: int, seconds: float) -> BrokenLimit | None:
        """Return the limit that so many more requests in so many seconds would break, or None."""
        return self.limits.first_broken(self.requests + requests, self.elapsed_seconds() + seconds)

    def call(self, name: str, parameters: Any = None, *, exists: bool = False) -> Any:
        """Call an operation by the first route that is offered, and return its JSON.

        A single read of an object that `exists` tries all routes until one shows an object: its key
        may travel in the query or in the body (dealpos-api.md §0). Raises OutcomeUnknown where the
        response to a write was lost.
        """
        operation = OPERATIONS[name]
        exists = exists and name not in self.routes.shown
        if (known := self.routes.answered.get(name)) and not exists:
            return self._send(operation, known, parameters)
        answer, refusal = self._try_routes(operation, parameters, exists)
        if refusal is None or name in self.routes.answered:
            return answer
        if operation.single and refusal.status in NOT_FOUND_STATUSES:
            raise refusal
        self.routes.forget(name)
        raise errors.OperationUnavailable(name, refusal.status, refusal.answer) from refusal

    def _try_routes(
        self, operation: Operation, parameters: Any, exists: bool
    ) -> tuple[Any, errors.Rejected | None]:
        """Return the answer of the first route that has one, or the last refusal."""
        tolerated = _NOT_OFFERED | NOT_FOUND_STATUSES if exists else _NOT_OFFERED
        answer, refusal = None, None
        find = self.routes.candidates if exists else self.routes.candidates_by_path
        for route in find(operation):
            self.routes.tried[operation.name] = route
            try:
                answer = self._send(operation, route, parameters)
            except errors.Rejected as error:
                if error.status not in tolerated:
                    raise
                refusal = error
            else:
                self.routes.record(operation, route, bool(answer))
                if answer or not exists:
                    return answer, None
        return answer, refusal

    def _send(self, operation: Operation, route: Route, parameters: Any) -> Any:
        if known := self._silence.error(operation) or self.routes.denied.get(operation.name):
            raise known
        fresh = operation.name != "token" and self.token.renew("")
        attempt = 1
        while True:
            try:
                return self._attempt(operation, route, parameters, fresh)
            except errors.Rejected as error:
                error.repeated = attempt > 1
                self.routes.note_refusal(error)
                raise
            except (errors.OutcomeUnknown, errors.Unreachable, errors.UnexpectedResponse) as error:
                pause, lost = retry.pause_seconds(attempt), isinstance(error, errors.OutcomeUnknown)
                self.lost_answers += lost
                self.in_doubt |= lost and not operation.reads
                is_repeated = retry.should_retry(operation, error, attempt)
                if not is_repeated or self._is_over(operation, pause):
                    raise
                if not self.window.seconds_closed:  # else the shop has said how long to wait
                    self._wait(operation, pause, f"{retry.retry_reason(error)}, retrying")
            attempt += 1

    def _is_over(self, operation: Operation, pause: float) -> bool:
        """Return whether an operation is not repeated: it hangs, or the run ends in the pause."""
        left = self.limits.max_seconds - self.elapsed_seconds()
        return pause > left or self._silence.error(operation) is not None

    def _attempt(self, operation: Operation, route: Route, parameters: Any, fresh: bool) -> Any:
        """Send one request; renew a token that has expired, once."""
        used = self.token.text
        response = self._once(operation, route, parameters)
        if response.status_code == 401 and operation.name != "token" and not fresh:
            self.token.renew(used)
            response = self._once(operation, route, parameters)
        secrets = [] if self.store.embedded else [self.token.text, *self.store.credentials]
        if response.status_code >= 300:
            secrets += hidden_texts(parameters)
        return parse(operation, response, self.store.url, secrets)

    def _once(self, operation: Operation, route: Route, parameters: Any) -> Response:
        """Send one request when the window has room for it, and again after an HTTP 429."""
        for _ in range(MAX_WINDOWS):
            with self._slots:
                response = self._measure(operation, route, parameters)
            if response.status_code != 429:
                return response
        raise errors.RateLimited(
            operation.name,
            f"the shop answered HTTP 429 in {MAX_WINDOWS} rate-limit windows",
            hint="find the integration that uses the rate limit, or ask DealPOS to raise it",
        )

    def _measure(self, operation: Operation, route: Route, parameters: Any) -> Response:
        """Send a request in its turn; note what it took, and what the response says of limits."""
        most = self._take_turn(operation)
        response = Response(0, b"", {})
        began, clock = time.monotonic(), self.window.clock()
        try:
            response = self._exchange(operation, route, parameters)
            self._silence.note_answer(operation)
        except errors.OutcomeUnknown:
            self._silence.note_loss(operation, self.window.clock() - clock)
            raise
        finally:
            self.window.update_from_headers(response.headers, most)
            self.window.close(response.status_code, response.headers)
            took, size = time.monotonic() - began, len(response.content)
            left, sent = max(self.window.remaining, 0), parameter_names(parameters)
            call = (operation.name, route.method, route.path, response.status_code)
            record = RequestRecord(*call, took, size, left, response.headers, sent)
            if not self._http.is_closed:  # else the run has ended, and this is one too late
                self.observer.on_response(record)
        return response

    def _take_turn(self, operation: Operation) -> int:
        """Wait until the window has room, and count a request of it; one thread at a time."""
        with self._lock:
            self._wait(operation, self.window.seconds_to_wait(), self.window.reason)
            self.observer.on_request(operation.name)
            self.requests += operation.name != "token"
            return self.window.count_request()

    def _exchange(self, operation: Operation, route: Route, parameters: Any) -> Response:
        token = self.token.text if operation.name != "token" else ""
        parameters = reveal_all(parameters)
        try:
            # dealpos-api.md §1: a GET without a body that declares a content type gets a 500 (one
            # witness). httpx declares it only with a body.
            request = self._http.stream(
                route.method,
                self._address(route.path),
                params=parameters if route.query else None,
                json=parameters if route.body else None,
                headers={"Authorization": f"Bearer {token}"} if token else {},
                extensions={"trace": self.deadline.track_connection},
            )
            with self.deadline.enforce(self._request_seconds()), request as response:
                content = read_bounded(operation, response.headers, response.iter_bytes())
                return Response(response.status_code, content, response.headers)
        except _NOT_SENT as error:
            raise retry.not_sent_error(operation, self.store.url, error) from None
        except (httpx.InvalidURL, UnicodeError):
            invalid = f"{self.store.url} is not a valid address"
            raise errors.Unreachable(operation.name, invalid) from None
        except _RESPONSE_LOST as error:
            lost = f"the response was lost ({retry.describe_failure(error)})"
            raise errors.OutcomeUnknown(operation.name, lost) from None

    def _request_seconds(self) -> float:
        """Return how long a request may take: a read ends with the run, a write is not cut."""
        left = self.limits.max_seconds - self.elapsed_seconds()
        return REQUEST_TIMEOUT_SECONDS if self.writing else min(REQUEST_TIMEOUT_SECONDS, left)

    def _wait(self, operation: Operation, seconds: float, reason: str) -> None:
        """Wait before a request; raise where no run waits so long, or this one ends before."""
        self._check_wait(operation, seconds, reason)
        if seconds:
            self.pause(seconds, reason)

    def pause(self, seconds: float, reason: str) -> None:
        """Send nothing for so many seconds, and let the observer say why."""
        self.observer.on_wait(seconds, reason)
        self.observer.sleep(seconds)

    def _check_wait(self, operation: Operation, seconds: float, reason: str) -> None:
        broken = self.broken_limit(operation.name != "token", seconds)
        if broken and not self.writing and seconds <= MAX_WAIT_SECONDS:
            raise limit_error(broken)
        # What has begun to be written waits for the window that was counted with it, not longer.
        is_due = not operation.reads and seconds <= self.window.seconds + MARGIN_SECONDS
        if seconds > MAX_WAIT_SECONDS or (broken and not is_due):
            raise wait_error(operation.name, reason, seconds, broken)


def embedded_transport(app: Any) -> httpx.BaseTransport:
    """Return a transport that calls a WSGI app in this process."""
    return httpx.WSGITransport(app=app)
