"""HTTP responses as JSON or our errors, limited in time and size; no message repeats a secret.

dealpos-api.md §4: the bodies of 401, 403, 404 and 409 are undocumented; 400 and 500 have a
`Message`.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from pydantic_core import from_json

from dealpos_reconciler.dealpos.auth import CREDENTIALS_HINT
from dealpos_reconciler.dealpos.operations import Operation
from dealpos_reconciler.errors import (
    ApiError,
    OutcomeUnknown,
    Rejected,
    Unauthorised,
    UnexpectedResponse,
)

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Bytes of a decoded body that are read; a page of 500 rows has about one million."""

MAX_HEADER_BYTES = 16 * 1024
"""Bytes of all headers of a response; servers and proxies send at most about 8 KiB."""

MAX_VALUES = 4_000_000
"""Objects, lists and members of one body; 64 MiB of the smallest ones would take 2 GiB."""

_MAX_MESSAGE_CHARACTERS = 300
_WATCH_SECONDS = 5.0
"""Seconds after which the thread that watches requests ends, where none is under way."""
_CODINGS = ("", "identity", "gzip", "deflate")
_NO_MESSAGE = "no message"
_OPENED = (".connect_tcp.complete", ".start_tls.complete")
_NO_SHOP = "check that the address is the shop's API host, and that no proxy is in between"


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response that was read to its end."""

    status_code: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """The keys are not case-sensitive."""


class Deadline:
    """Closes the connections of a client when one of its requests takes too long.

    A server that sends one byte a second satisfies every timeout per read, in its headers as in its
    body. Only closing the connection ends such a response.
    """

    def __init__(self) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._changed = threading.Condition()
        self._ends: dict[threading.Event, float] = {}
        """The time at which each request that is under way must be complete."""
        self._wakes: float | None = None
        """The time at which the thread that watches looks again; None without a thread."""

    def track_connection(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember each connection as it is opened; this is the `trace` extension of a request."""
        if event.endswith(_OPENED):
            self._sockets.add(info["return_value"].get_extra_info("socket"))

    @contextmanager
    def enforce(self, seconds: float) -> Iterator[None]:
        """Raise TimeoutError after so many seconds, not what the closed connection causes."""
        passed = threading.Event()
        self._add(passed, time.monotonic() + seconds)
        try:
            yield
        except Exception:
            if not passed.is_set():
                raise
        finally:
            with self._changed:
                self._ends.pop(passed, None)
        if passed.is_set():
            raise TimeoutError(f"no complete response in {seconds:g} s")

    def _add(self, passed: threading.Event, end: float) -> None:
        with self._changed:
            self._ends[passed] = end
            if self._wakes is None:
                self._wakes = end
                threading.Thread(target=self._watch, daemon=True).start()
            elif end < self._wakes:
                self._changed.notify()

    def _watch(self) -> None:
        """Close the connections whenever a request is late; end where none is under way."""
        while True:
            with self._changed:
                now = time.monotonic()
                late = [passed for passed, end in self._ends.items() if end <= now]
                for passed in late:
                    del self._ends[passed]
                    passed.set()
                if not late:
                    left = min([_WATCH_SECONDS, *(end - now for end in self._ends.values())])
                    self._wakes = now + left
                    self._changed.wait(left)
                    if not self._ends:
                        self._wakes = None
                        return
            if late:
                self._close()

    def _close(self) -> None:
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class NoDeadline(Deadline):
    """The deadline of a shop in this process: it answers without a network."""

    @contextmanager
    def enforce(self, seconds: float) -> Iterator[None]:
        """Let a request take the time that it takes."""
        yield


def parse(operation: Operation, response: Response, shop: str, secrets: Sequence[str]) -> Any:
    """Return the JSON of a response; raise an ApiError for everything else.

    `shop` is the address for messages; `secrets` are texts that no message may repeat.
    """
    status = response.status_code
    if 200 <= status < 300:
        return _parse_body(operation, response, shop)
    if 300 <= status < 400:
        raise UnexpectedResponse(
            operation.name,
            f"{shop} redirects to another address; redirects are not followed",
            hint="use the address that the shop redirects to",
        )
    if status == 401:
        raise Unauthorised(
            operation.name, "the shop does not accept the credentials", hint=CREDENTIALS_HINT
        )
    message = _server_message(response, secrets)
    if status >= 500 and status != 501:
        error = OutcomeUnknown(operation.name, f"HTTP {status}: {message}")
        error.status = status
        error.has_message = status == 500 and message != _NO_MESSAGE
        raise error
    if status == 403:
        raise Rejected(
            operation.name,
            status,
            f"permission denied: the API client needs {operation.right} ({message})",
            hint=f"add {operation.right} to the group of the API client in DealPOS",
        )
    raise Rejected(operation.name, status, message)


def read_bounded(
    operation: Operation, headers: Mapping[str, str], pieces: Iterable[bytes]
) -> bytes:
    """Return a decoded body, read piece by piece; raise as `unreadable` when it is too large.

    Without the limits, a few bytes could fill the memory.
    """
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_HEADER_BYTES:
        limit = MAX_HEADER_BYTES // 1024
        raise unreadable(operation, f"the response headers are larger than {limit} KiB")
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in _CODINGS:
        # Codings upon codings multiply what a few bytes become.
        raise unreadable(operation, f"unsupported Content-Encoding {coding[:40]!r}")
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MAX_BODY_BYTES:
            limit = MAX_BODY_BYTES // 1024 // 1024
            raise unreadable(operation, f"the response is larger than {limit} MiB")
    if len(content) > MAX_VALUES and sum(map(content.count, b"{[,")) > MAX_VALUES:
        raise unreadable(operation, f"the response has more than {MAX_VALUES:,} values")
    return bytes(content)


def unreadable(operation: Operation, detail: str) -> ApiError:
    """Return the error for a response that was not read to its end.

    A write that was answered so may have happened.
    """
    if not operation.reads:
        return OutcomeUnknown(operation.name, detail)
    return UnexpectedResponse(operation.name, detail, hint=_NO_SHOP)


def _server_message(response: Response, secrets: Sequence[str]) -> str:
    """Return the server's reason for a refusal, on one line and without secrets."""
    try:
        said = from_json(response.content)
    except ValueError:
        return _NO_MESSAGE
    if isinstance(said, Mapping):
        said = said.get("Message") or said.get("message") or _NO_MESSAGE
    text = "".join(c if c.isprintable() else " " for c in str(said))
    for secret in secrets:
        text = re.sub(re.escape(secret), "…", text, flags=re.IGNORECASE) if secret else text
    return text[:_MAX_MESSAGE_CHARACTERS]


def _parse_body(operation: Operation, response: Response, shop: str) -> Any:
    content = response.content
    if not content.strip():
        return None
    try:
        return from_json(content)
    except ValueError:
        pass
    is_json = response.headers.get("content-type", "").startswith("application/json")
    is_html = content.lstrip()[:1] == b"<"
    found = "HTML" if is_html else "content that is not JSON"
    if not operation.reads:
        if not is_json and not is_html:
            # dealpos-api.md §14 #10: success bodies of writes differ. To insist on JSON here would
            # report a write as lost that has happened.
            return None
        raise OutcomeUnknown(operation.name, f"the shop answered with {found}")
    if is_json:
        raise OutcomeUnknown(operation.name, "the response is incomplete JSON")
    raise UnexpectedResponse(
        operation.name, f"{shop} answered with {found}, expected JSON", hint=_NO_SHOP
    )
