"""Retries: when a failed request is sent again, after which pause, and why a connection failed."""

from __future__ import annotations

import os
import random
import ssl
from urllib.parse import urlsplit

from dealpos_reconciler import errors
from dealpos_reconciler.dealpos.budget import format_duration
from dealpos_reconciler.dealpos.operations import Operation

MAX_ATTEMPTS = 4
"""Attempts of a repeatable request before its error is reported."""

MAX_SILENCE_SECONDS = 240.0
"""Time without an answer to an operation after which it is not sent again in a run."""


class Silence:
    """The seconds that requests of each operation have waited since its last answer, for nothing.

    Without a bound, an endpoint that hangs would cost its time again for every object.
    """

    def __init__(self) -> None:
        self._lost: dict[str, float] = {}

    def note_answer(self, operation: Operation) -> None:
        """Begin anew: the operation was answered."""
        self._lost.pop(operation.name, None)

    def note_loss(self, operation: Operation, seconds: float) -> None:
        """Add the seconds of a request that was not answered."""
        self._lost[operation.name] = self._lost.get(operation.name, 0.0) + seconds

    def error(self, operation: Operation) -> errors.ApiError | None:
        """Return the error for an operation that is not sent again; None while it may be."""
        lost = self._lost.get(operation.name, 0.0)
        if lost < MAX_SILENCE_SECONDS:
            return None
        why = f"no answer for {format_duration(lost)}, so it is not sent again in this run"
        if operation.reads:
            return errors.OutcomeUnknown(operation.name, why)
        hint = "run the command again when the shop answers"
        return errors.Unreachable(operation.name, f"{operation.name}: {why}", hint=hint)


def should_retry(operation: Operation, error: errors.ApiError, attempt: int) -> bool:
    """Return whether to send a request again whose `attempt` failed; the first one is number 1.

    It must be safe, and it may succeed.
    """
    if attempt == MAX_ATTEMPTS or isinstance(error, errors.CertificateInvalid):
        return False
    if isinstance(error, errors.UnexpectedResponse):
        # A proxy may have answered once; without this limit a permanent one would cost minutes.
        return operation.reads and operation.name != "token" and attempt == 1
    if operation.single and isinstance(error, errors.OutcomeUnknown) and error.has_message:
        # dealpos-api.md §4: "not found" is undocumented, and a 500 with a message may mean it.
        return attempt == 1
    return operation.repeatable or isinstance(error, errors.Unreachable)


def pause_seconds(attempt: int) -> float:
    """Return the pause before the next attempt: longer each time, different for each program."""
    return random.uniform(0.75, 1.25) * min(0.5 * float(2**attempt), 8.0)


def retry_reason(error: errors.ApiError) -> str:
    """Return what went wrong, without the server's message, which may name a customer."""
    status = error.status if isinstance(error, errors.OutcomeUnknown) else 0
    return f"HTTP {status}" if status else error.detail


def not_sent_error(operation: Operation, shop: str, error: Exception) -> errors.Unreachable:
    """Return the error for a request that was not sent, with what to check."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return errors.CertificateInvalid(
                operation.name,
                f"the certificate of {shop} is not trusted ({link.verify_message})",
                hint="check the address; if your company signs certificates itself, set "
                "SSL_CERT_FILE to its root certificate. Nothing was sent",
            )
        link = link.__cause__ or link.__context__
    proxy = _proxy_of(shop)
    through = f" through the proxy {proxy}" if proxy else ""
    return errors.Unreachable(
        operation.name,
        f"{shop} is unreachable{through} ({describe_failure(error)})",
        hint="check the address and the network. Nothing was sent",
    )


def setup_error(shop: str, error: Exception) -> errors.StoreError:
    """Return the error for a connection that cannot be set up, with the variable to check."""
    name = next((n for n in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(n)), None)
    if name and isinstance(error, OSError):
        is_empty = isinstance(error, ssl.SSLError)
        why = "it holds no certificate" if is_empty else error.strerror or str(error)
        return errors.StoreError(
            f"the root certificates cannot be read: {name} names {os.environ[name]} ({why})",
            hint=f"correct {name}, or unset it to use the usual root certificates",
        )
    if isinstance(error, ImportError):
        return errors.StoreError(
            f"cannot set up a connection to {shop}: a SOCKS proxy needs the package socksio",
            hint="install reconciler with the extra `socks`",
        )
    return errors.StoreError(
        f"cannot set up a connection to {shop}: {error}",
        hint="check the address, and HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE",
    )


def _proxy_of(shop: str) -> str | None:
    """Return host and port of the proxy that the environment names for a shop, if any."""
    from urllib.request import getproxies, proxy_bypass

    address, proxies = urlsplit(shop), getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(address.hostname or ""):
        return None
    # Never the whole address: it may hold a password.
    return urlsplit(proxy if "//" in proxy else f"//{proxy}").netloc.rpartition("@")[2]


def describe_failure(error: Exception) -> str:
    """Return the reason of a transport error in words."""
    words = {"ConnectTimeout": "connection timed out", "ReadTimeout": "response timed out"}
    name = type(error).__name__
    return words.get(name) or str(error) or name
