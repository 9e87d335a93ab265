"""The way to a store: its address says of which sort it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconciler.provider.sqlite import SqliteStore
from reconciler.provider.store import UsageStore


async def open_store(
    place: str | Path,
    *,
    durable_holds: bool = False,
    on_failure: Callable[[str], None] | None = None,
) -> UsageStore:
    """Open the store at a path; create it where it is absent.

    `on_failure` is called, from any thread, when the store has ended by an error of its own and
    answers nothing more: a server ends then, and is started again. Raises ProviderError.
    """
    return SqliteStore(Path(place), durable_holds=durable_holds, on_failure=on_failure)
