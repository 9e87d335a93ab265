"""The provider as plan, apply and audit reach it: its newest release, and the next one.

Two ways lead to the same release: the store itself, or the admin listener of `serve`, by this
contract. Every call carries `Authorization: Bearer TOKEN`.

GET /admin/v1/state
    200 `{"release": null | {"number", "digest", "commit", "published", "document"},
    "usage": {NAME: {"used", "held", "flagged"}}}`. NAME is `code_key` of a code; the codes of a
    batch are summed under the name of the batch.
PUT /admin/v1/release
    `If-Match: "17"` names the release that it follows, `"0"` none. Body:
    `{"document", "commit"}`. 200: the new release, without its document. 412: another release was
    published since. 422: the document does not load. Errors have `{"Message"}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx

from dealpos_reconciler.core.provider.options import ADMIN_TOKEN
from dealpos_reconciler.core.provider.release import digest_document
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable, ReleaseConflict
from dealpos_reconciler.provider.store import (
    PublishedRelease,
    Usage,
    UsageStore,
    read_usage_by_coupon,
)
from dealpos_reconciler.provider.tls import certificates_error, describe_tls_failure

TIMEOUT = 15.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProviderState:
    """The newest release, and the uses of every coupon, by `code_key`."""

    release: PublishedRelease | None = None
    usage: Mapping[str, Usage] = field(default_factory=dict)
    settled: datetime | None = None
    """The last settlement; None where there is none yet, or none is told."""


class ProviderClient(Protocol):
    """A provider, by whatever way."""

    @property
    def place(self) -> str:
        """The provider, for people."""

    def read_state(self) -> ProviderState:
        """Return the newest release and the uses. Raises ProviderError."""

    def publish(self, document: str, commit: str, previous: int) -> PublishedRelease:
        """Publish a release after `previous`.

        Raises ReleaseConflict where another one was published since, ProviderUnavailable where it
        is not known if it was published, ProviderError where it was not.
        """


class DirectProvider:
    """A provider whose store this process opens."""

    def __init__(self, store: str, place: str) -> None:
        self.store = store
        self.place = place

    def read_state(self) -> ProviderState:
        """Return the state; a file that does not exist yet is not created."""
        if "://" not in self.store and not Path(self.store).exists():
            return ProviderState()
        return self._run(read_store)

    def publish(self, document: str, commit: str, previous: int) -> PublishedRelease:
        """Publish a release; the first one creates the store."""
        digest = digest_document(document)

        async def publish(store: UsageStore) -> PublishedRelease:
            return await store.publish(document, digest, commit, previous, datetime.now(UTC))

        return self._run(publish)

    def _run(self, ask: Callable[[UsageStore], Awaitable[T]]) -> T:
        async def run() -> T:
            from dealpos_reconciler.provider.opening import open_store

            store = await open_store(self.store)
            try:
                return await ask(store)
            finally:
                await store.close()

        return asyncio.run(run())


async def read_store(store: UsageStore) -> ProviderState:
    """Return the state of a store. Raises ProviderUnavailable."""
    release, usage = await store.current(), await read_usage_by_coupon(store)
    return ProviderState(release, usage, await store.last_settled())


class RemoteProvider:
    """A provider behind the admin listener at a URL."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        self.place = urlsplit(url).netloc
        self._token = token
        self._transport = transport

    def read_state(self) -> ProviderState:
        """Return the state that the listener answers."""
        answer = self._send("GET", "/admin/v1/state")
        if answer.status_code != 200:
            raise self._explain(answer)
        try:
            return _parse_state(answer.json())
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self._explain_shape() from None

    def publish(self, document: str, commit: str, previous: int) -> PublishedRelease:
        """Publish a release; where the answer is lost, the state tells if it was published."""
        body = {"document": document, "commit": commit}
        answer = self._send("PUT", "/admin/v1/release", body, {"If-Match": f'"{previous}"'})
        if answer.status_code == 412:
            raise ReleaseConflict(_message(answer))
        if answer.status_code != 200:
            raise self._explain(answer)
        try:
            return _parse_release({**answer.json(), "document": document})
        except (ValueError, LookupError, TypeError, AttributeError):
            raise ProviderUnavailable(self._explain_shape().message) from None

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        known = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        try:
            with httpx.Client(timeout=TIMEOUT, transport=self._transport) as client:
                return client.request(method, f"{self.url}{path}", json=body, headers=known)
        except httpx.HTTPError as error:
            why = describe_tls_failure(error) or str(error) or type(error).__name__
            raise ProviderUnavailable(f"{self.place} did not answer: {why}") from None
        except OSError as error:
            raise certificates_error(error) from None

    def _explain(self, answer: httpx.Response) -> ProviderError:
        status = answer.status_code
        if status in (401, 403):
            hint = f"set {ADMIN_TOKEN} to the token that `serve` was started with"
            return ProviderError(f"{self.place} refused the admin token (HTTP {status})", hint=hint)
        if status >= 500:
            message = f"{self.place} cannot answer (HTTP {status}): {_message(answer)}"
            return ProviderUnavailable(message)
        hint = "check `provider.url` in reconciler.yaml: it is the address of the admin listener"
        return ProviderError(f"{self.place}: HTTP {status}: {_message(answer)}", hint=hint)

    def _explain_shape(self) -> ProviderError:
        return ProviderError(
            f"{self.place} answered something that is not the state of a provider",
            hint="check `provider.url` in reconciler.yaml: it is the address of the admin listener",
        )


def _message(answer: httpx.Response) -> str:
    try:
        told = answer.json()["Message"]
    except (ValueError, LookupError, TypeError):
        told = "no message"
    return str(told)[:300]


def _parse_state(state: Any) -> ProviderState:
    told = state["release"]
    usage = {
        str(name): Usage(int(u["used"]), int(u["held"]), int(u.get("flagged", 0)))
        for name, u in state["usage"].items()
    }
    settled = datetime.fromisoformat(state["settled"]) if state.get("settled") else None
    return ProviderState(_parse_release(told) if told is not None else None, usage, settled)


def _parse_release(told: Any) -> PublishedRelease:
    document = str(told["document"])
    published = datetime.fromisoformat(str(told["published"]))
    digest, commit = digest_document(document), str(told.get("commit", ""))
    return PublishedRelease(int(told["number"]), digest, document, commit, published)
