"""The release that is served, swapped without a refused request when another is published."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.provider.service import CouponService
from dealpos_reconciler.provider.store import PublishedRelease, UsageStore
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics

_RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Releases:
    """The releases of one store, and the one that is served."""

    store: UsageStore
    service: CouponService
    metrics: Metrics
    log: Log
    served: PublishedRelease | None = None
    refused: str = ""
    """The reason why the newest release is not served; empty where it is."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def refresh(self) -> None:
        """Serve the newest release, if it is not the one that is served.

        One that cannot be loaded changes nothing but a metric and a line of the log. Raises
        ProviderUnavailable where the store does not answer.
        """
        async with self._lock:
            newest = await self.store.current()
            if newest is None or _is_same(newest, self.served):
                return
            await self._serve(newest)

    async def watch(self) -> None:
        """Refresh whenever something may have been published; never returns."""
        while True:
            try:
                async for _ in self.store.changes():
                    await self.refresh()
            except ProviderError:
                self.metrics.store_up.set(0)
            except Exception as error:  # the server goes on with the release that it has
                self.log.add_failure("unforeseen error", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def try_out(self, release: PublishedRelease) -> None:
        """Load a release that is about to be published. Raises ProviderError where it cannot be."""
        await asyncio.to_thread(self.service.load, release)

    async def _serve(self, release: PublishedRelease) -> None:
        try:
            loaded = await asyncio.to_thread(self.service.load, release)
        except ProviderError as error:
            self._note_refused(release, error.message)
            return
        except Exception as error:  # whatever is wrong with it, the old one is served
            self.log.add_failure("unforeseen error", error)
            self._note_refused(release, type(error).__name__)
            return
        self.service.use(loaded)
        self.served, self.refused = release, ""
        self.metrics.release_number.set(release.number)
        self.metrics.release_refused.set(0)
        self.log.add_event("release served", release=release.number, commit=release.commit)

    def _note_refused(self, release: PublishedRelease, why: str) -> None:
        reason = f"release {release.number} cannot be loaded: {why}"
        if reason != self.refused:
            self.log.add_event("release refused", "error", release=release.number, why=why)
        self.refused = reason
        self.metrics.release_refused.set(1)


def _is_same(release: PublishedRelease, served: PublishedRelease | None) -> bool:
    """Return whether a release is the served one; a restored store may have a lower number."""
    return served is not None and (release.number, release.digest) == (served.number, served.digest)
