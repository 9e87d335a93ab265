"""Ask a provider as DealPOS does, over its public address. No message shows that address."""

from __future__ import annotations

import json
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.provider.tls import certificates_error, describe_tls_failure

TIMEOUT = 10.0
"""Seconds; DealPOS waits for 30 (dealpos-api.md §12), and no customer does."""
SLOW = 0.5
"""Seconds after which an answer is reported as slow."""
ASKED = 5
"""The questions whose times are measured."""
PLACEHOLDER = "SECRET"
"""The part of an address that stands for the secret of the environment."""
EXPIRES_SOON = 14
"""Days."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One thing that was tried."""

    check: str
    ok: bool
    found: str


def check_provider(
    url: str, secret: str, api_key: str = "", transport: httpx.BaseTransport | None = None
) -> list[ProbeResult]:
    """Return the results of both calls at an address, in the order in which they were tried.

    `SECRET` in the path stands for `secret`. The coupon is one that no release has, and the sale
    has none: nothing is counted. Raises UsageError for an address that DealPOS could not call.
    """
    parts = _parse(url)
    path = parts.path.replace(PLACEHOLDER, secret) if PLACEHOLDER in parts.path else parts.path
    if PLACEHOLDER in parts.path and not secret:
        hint = "set it to the secret that `serve` was started with"
        raise UsageError("RECONCILER_HOOK_SECRET is not set, and the address needs it", hint=hint)
    headers = {"X-API-Key": api_key} if api_key else {}
    base = f"{parts.scheme}://{parts.netloc}"
    try:
        with httpx.Client(
            base_url=base, headers=headers, timeout=TIMEOUT, transport=transport
        ) as client:
            return _Probe(client, path.rstrip("/")).run(is_tls=parts.scheme == "https")
    except (httpx.InvalidURL, ValueError):
        # Host, path, key and the variables of proxies are read here; none of them is repeated.
        raise UsageError(
            "the address cannot be called", hint="look for characters that no address has"
        ) from None
    except OSError as error:
        raise certificates_error(error) from None


def _parse(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        hint = f"an example: https://coupons.example.com/v1/kopi/{PLACEHOLDER}/coupon"
        raise UsageError("the address is not a URL", hint=hint)
    if parts.scheme == "http" and host not in _LOOPBACK:
        hint = "use https://; plain HTTP is for an address of this machine"
        raise UsageError("DealPOS calls https:// addresses only", hint=hint)
    return parts


class _Probe:
    def __init__(self, client: httpx.Client, path: str) -> None:
        self._client = client
        self._path = path
        self._seconds: list[float] = []
        self._tls = ""

    def run(self, *, is_tls: bool) -> list[ProbeResult]:
        """Try one thing after the other; without an answer, the first one is the last."""
        code = f"CHECK-{secrets.token_hex(6)}"
        question = {
            "Code": code,
            "Outlet": "reconciler check",
            "Customer": None,
            "ShoppingCart": {"Amount": 0, "Items": []},
        }
        asked = self._try("Validate Coupon", question, _judge_refusal)
        if not self._seconds:
            return [asked]
        results = [ProbeResult("TLS", not is_tls or bool(self._tls), self._tls or "plain HTTP")]
        results.append(self._try_without_secret(question))
        results.append(asked)
        for _ in range(ASKED - 1):
            self._try("Validate Coupon", question, _judge_refusal)
        times = sorted(self._seconds)
        middle, slowest = times[len(times) // 2], times[-1]
        sale = {"ID": f"check-{secrets.token_hex(6)}", "Coupon": "", "Void": "No"}
        results.append(self._try("Redeem Coupon", sale, _judge_success))
        results.append(
            ProbeResult(
                "Latency", middle < SLOW, f"{middle * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms"
            )
        )
        return results

    def _try(
        self, check: str, body: Mapping[str, Any], judge: Callable[[httpx.Response], str]
    ) -> ProbeResult:
        try:
            answer = self._post(self._path, body)
        except httpx.HTTPError as error:
            if failure := describe_tls_failure(error):
                return ProbeResult("TLS", False, failure)
            return ProbeResult(check, False, f"no answer: {_describe(error)}")
        problem = judge(answer)
        return ProbeResult(
            check, not problem, problem or f"answered as it must (HTTP {answer.status_code})"
        )

    def _try_without_secret(self, body: Mapping[str, Any]) -> ProbeResult:
        """Call with another secret, of the same length, in the place of the right one."""
        head, slash, tail = self._path.rpartition("/coupon")
        above, _, secret = (head if slash else self._path).rpartition("/")
        wrong = f"{above}/{'x' * max(len(secret), 32)}{slash}{tail}"
        try:
            answer = self._client.post(wrong, json=body)
        except httpx.HTTPError as error:
            return ProbeResult("Secret", False, f"no answer: {_describe(error)}")
        if answer.status_code in (404, 429):
            return ProbeResult(
                "Secret", True, f"a wrong one is refused (HTTP {answer.status_code})"
            )
        return ProbeResult(
            "Secret", False, f"a wrong one is answered with HTTP {answer.status_code}"
        )

    def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        began = time.monotonic()
        with self._client.stream("POST", path, json=body) as answer:
            self._tls = self._tls or _describe_tls(answer)
            answer.read()
        self._seconds.append(time.monotonic() - began)
        return answer


def _judge_refusal(answer: httpx.Response) -> str:
    """Return what is wrong with the answer to an unknown code; empty for a no worth nothing."""
    told = _object(answer)
    if answer.status_code == 404 and told is None:
        return "HTTP 404 without a body: the secret, the name of the shop or the path is wrong"
    if answer.status_code >= 500 or answer.status_code in (405, 408, 413, 429):
        return f"HTTP {answer.status_code}: the provider cannot answer now"
    if told is None or told.get("Amount") != 0 or "Type" not in told:
        return f"HTTP {answer.status_code}, and the answer is not that of a coupon provider"
    return ""


def _judge_success(answer: httpx.Response) -> str:
    """Return what is wrong with the answer to a sale without a coupon."""
    told = _object(answer)
    if answer.status_code != 200 or told is None or told.get("status") != "success":
        return f"HTTP {answer.status_code}, and the answer is not that of a coupon provider"
    return ""


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        told = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _describe(error: httpx.HTTPError) -> str:
    """Return a failure in words; the address, which some messages have, is left out."""
    if isinstance(error, httpx.TimeoutException):
        return f"nothing within {TIMEOUT:.0f} s"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def _describe_tls(answer: httpx.Response) -> str:
    """Return version and end of the certificate of the connection; empty for plain HTTP."""
    with suppress(KeyError, AttributeError, ValueError, TypeError):
        tls = answer.extensions["network_stream"].get_extra_info("ssl_object")
        ends = ssl.cert_time_to_seconds(tls.getpeercert()["notAfter"])
        until = datetime.fromtimestamp(ends, UTC)
        days = (until - datetime.now(UTC)).days
        soon = f", in {days} days" if days < EXPIRES_SOON else ""
        return f"{tls.version()}, the certificate is valid until {until:%Y-%m-%d}{soon}"
    return ""
