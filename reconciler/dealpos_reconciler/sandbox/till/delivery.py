"""Calls from DealPOS to a server: one POST, its time limit, and its one retry (API §12)."""

import http.client
import ipaddress
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from dealpos_reconciler.sandbox.errors import SandboxError
from dealpos_reconciler.sandbox.store import Payload

TIMEOUT = 30.0
"""Seconds until DealPOS closes a call that has no answer."""
COOLDOWN = 7.0
"""Seconds until the one retry."""
_LONGEST_ANSWER = 2**20


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One call: the name of its event, the family that has an address, and its body."""

    event: str
    family: str
    body: Payload


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """A response that came."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """The attempts of one call: each an answer, or the reason why none came."""

    event: str
    attempts: tuple[WebhookAnswer | str, ...]

    @property
    def answer(self) -> WebhookAnswer | None:
        """Return the answer of the last attempt, if one came."""
        last = self.attempts[-1] if self.attempts else None
        return last if isinstance(last, WebhookAnswer) else None

    @property
    def accepted(self) -> bool:
        """Return whether the last answer says that all is well."""
        return self.answer is not None and 200 <= self.answer.status < 300

    def __str__(self) -> str:
        """Return the event and its attempts as one line, without address and body."""
        told = [str(a.status) if isinstance(a, WebhookAnswer) else a for a in self.attempts]
        return f"{self.event}: {', then '.join(told) or 'lost on the way'}"


class Target:
    """The address of a server; `{family}` and `{event}` in it stand for those of a call.

    DealPOS takes an address for each family of events. Whether it appends the name of the event is
    undocumented, so the address says it. An address is a secret: no message shows more than host
    and port.
    """

    def __init__(self, address: str, api_key: str = "") -> None:
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            raise SandboxError("The address is not a URL.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SandboxError("The address must begin with http:// or https:// and a host.")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise SandboxError("Plain HTTP is for this machine only; use https://.")
        self.name = f"{parts.hostname}:{port}" if port else parts.hostname
        self._parts = parts
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["X-API-Key"] = api_key

    def post(self, call: WebhookCall, timeout: float) -> WebhookAnswer | str:
        """Send a call once."""
        connection = _connect(self._parts, timeout)
        body = json.dumps(call.body, ensure_ascii=False).encode("utf-8", "replace")
        try:
            connection.request("POST", self._path(call), body, self._headers)
            response = connection.getresponse()
            return WebhookAnswer(response.status, response.read(_LONGEST_ANSWER))
        except TimeoutError:
            return f"no answer within {timeout:g} s"
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"no answer ({getattr(error, 'strerror', None) or type(error).__name__})"
        finally:
            connection.close()

    def _path(self, call: WebhookCall) -> str:
        path = self._parts.path.replace("{family}", call.family).replace("{event}", call.event)
        return f"{path or '/'}?{self._parts.query}" if self._parts.query else path or "/"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _connect(parts: SplitResult, timeout: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(str(parts.hostname), parts.port, timeout=timeout)


_RETRIED = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Courier:
    """Delivers calls as documented: a retry only after an answer with 5xx, 408 or 429."""

    timeout: float = TIMEOUT
    cooldown: float = COOLDOWN
    timeout_retried: bool = False
    sleep: Callable[[float], None] = time.sleep

    def deliver(self, target: Target, call: WebhookCall) -> Delivery:
        """Send a call, and once more where the answer asks for it."""
        first = target.post(call, self.timeout)
        if not self._is_retried(first):
            return Delivery(call.event, (first,))
        self.sleep(self.cooldown)
        return Delivery(call.event, (first, target.post(call, self.timeout)))

    def _is_retried(self, attempt: WebhookAnswer | str) -> bool:
        if isinstance(attempt, str):
            return self.timeout_retried and attempt.startswith("no answer within")
        return attempt.status >= 500 or attempt.status in _RETRIED
