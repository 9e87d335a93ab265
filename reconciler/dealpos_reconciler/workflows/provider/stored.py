"""The store of a shop's provider, opened by this process: for commands that need all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.errors import ProviderError, UsageError
from dealpos_reconciler.provider.opening import open_store
from dealpos_reconciler.provider.store import PublishedRelease, UsageStore

T = TypeVar("T")


def has_store(settings: Settings) -> bool:
    """Return whether the store can be opened here; a database may be anywhere."""
    place = settings.provider_store()
    return "://" in place or Path(place).exists()


def check_store(settings: Settings) -> None:
    """Raise UsageError where this machine has no store: a look creates nothing."""
    if has_store(settings):
        return
    if settings.provider.url:
        raise UsageError(
            f"this command opens the store itself, and {settings.provider.store} is not here",
            hint="run it on the machine of `reconciler serve`, in the folder that it serves",
        )
    raise UsageError(
        f"the provider has no store yet: {settings.provider.store}",
        hint="publish the coupons with 'reconciler apply'",
    )


def ask_store(settings: Settings, ask: Callable[[UsageStore], Awaitable[T]]) -> T:
    """Open the store, return what `ask` returns, and close it. Raises ProviderError, UsageError."""
    check_store(settings)

    async def run() -> T:
        store = await open_store(settings.provider_store())
        try:
            return await ask(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def read_release(store: UsageStore) -> PublishedRelease:
    """Return the newest release. Raises ProviderError before the first."""
    if (found := await store.current()) is None:
        raise ProviderError(
            "no release is published", hint="publish the coupons with 'reconciler apply'"
        )
    return found
