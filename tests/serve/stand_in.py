"""A service and a store whose weather a test makes: they hang, fail or answer as it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Container, Mapping
from datetime import UTC, datetime
from typing import Any

from dealpos_reconciler.errors import ProviderError, ProviderUnavailable, ReleaseConflict
from dealpos_reconciler.provider.service import Answer, Call
from dealpos_reconciler.provider.store import PublishedRelease, Usage

ZERO = {"Type": "Amount", "Amount": 0, "Notification": "no", "ApplyTo": None, "Message": "no"}


class StoreInMemory:
    """Releases in memory; `gone` makes every method fail."""

    queue_length = 0
    spool_length = 3

    def __init__(self) -> None:
        self.releases: list[PublishedRelease] = []
        self.gone = False
        self.changed = asyncio.Event()

    async def check(self) -> None:
        if self.gone:
            raise ProviderUnavailable("the store did not answer")

    async def current(self) -> PublishedRelease | None:
        await self.check()
        return self.releases[-1] if self.releases else None

    async def changes(self) -> AsyncIterator[None]:
        while True:
            await asyncio.sleep(0.02)
            yield None

    async def publish(
        self, document: str, digest: str, commit: str, previous: int, now: datetime
    ) -> PublishedRelease:
        await self.check()
        if previous != len(self.releases):
            raise ReleaseConflict(f"release {len(self.releases)} was published meanwhile")
        self.releases.append(PublishedRelease(previous + 1, digest, document, commit, now))
        return self.releases[-1]

    async def usage(self, counters: Any = None) -> Mapping[str, Usage]:
        await self.check()
        return {"lebaran25": Usage(431, 3, 1), "visit-2027/17": Usage(1)}

    async def batch_usage(self) -> Mapping[str, Usage]:
        await self.check()
        return {"visit-2027": Usage(1)}

    async def last_settled(self) -> datetime | None:
        await self.check()
        return datetime(2027, 3, 20, tzinfo=UTC)

    async def close(self) -> None:
        pass


class Service:
    """Says yes to the code of the release that it uses, and no to every other."""

    def __init__(self) -> None:
        self.code = ""
        self.behave: Any = None
        """A coroutine function that is run before each answer."""
        self.rejected: list[tuple[Any, ...]] = []

    def load(self, release: PublishedRelease) -> object:
        if "broken" in release.document:
            raise ProviderError(f"release {release.number} is damaged")
        return release.document

    def use(self, loaded: object) -> None:
        self.code = str(loaded)

    async def validate(self, body: bytes, closed: Container[str] = ()) -> Answer:
        if self.behave:
            await self.behave()
        try:
            asked = json.loads(body)
        except ValueError:
            return self._no("bad", 400)
        if asked.get("Outlet", "").casefold() in closed:
            return self._no("limited", 429)
        if asked.get("Code") != self.code:
            return self._no("no", 400, "unknown", asked.get("Outlet", ""))
        body = json.dumps({"Type": "Amount", "Amount": 5000}).encode()
        return Answer("validate", 200, body, "yes", code=self.code)

    async def redeem(self, body: bytes) -> Answer:
        if self.behave:
            await self.behave()
        return Answer("redeem", 200, b'{"status":"success"}', "counted", number="INV/1")

    async def answer(self, body: bytes, closed: Container[str] = ()) -> Answer:
        if b'"ID"' in body:
            return await self.redeem(body)
        return await self.validate(body, closed)

    async def reject(
        self, call: Call, reason: str, head: bytes, digest: str, length: int
    ) -> Answer:
        self.rejected.append((call, reason, len(head), digest, length))
        return Answer("redeem", 400, b'{"Message":"too long"}', "dead_letter", reason)

    def turn_away(self, call: Call, status: int, reason: str) -> Answer:
        return self._no("unavailable", status, reason)

    def limits(self) -> Mapping[str, int]:
        return {"lebaran25": 500}

    def names(self) -> Mapping[str, str]:
        return {"lebaran25": "LEBARAN25", "visit-2027": "VISIT-2027"}

    def _no(self, result: str, status: int, reason: str = "", outlet: str = "") -> Answer:
        return Answer("validate", status, json.dumps(ZERO).encode(), result, reason, outlet=outlet)
