"""Uses of a shop's provider coupons, as tills make them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dealpos_reconciler.core.provider.terms import code_key
from dealpos_reconciler.provider.opening import open_store
from dealpos_reconciler.provider.store import HoldRequest, SaleReport

CODES_KEY = "the codes key of the tests, 32 bytes"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def sell(store: Path, code: str, used: int = 0, held: int = 0) -> None:
    """Use a coupon so many times, and let tills hold further uses of it."""
    asyncio.run(_sell(store, code_key(code), used, held))


async def _sell(path: Path, counter: str, used: int, held: int) -> None:
    store = await open_store(path)
    later = NOW + timedelta(days=365 * 100)
    try:
        for number in range(used):
            sale = SaleReport(f"{counter}-{number}", "counted", counter, now=NOW)
            await store.book(sale)
        for _ in range(held):
            await store.hold(HoldRequest(counter, 9999, None, "Kemang", frozenset(), NOW, later))
    finally:
        await store.close()


def uses_of(store: Path) -> Mapping[str, int]:
    """Return how often each coupon was used."""
    return asyncio.run(_uses_of(store))


async def _uses_of(path: Path) -> Mapping[str, int]:
    store = await open_store(path)
    try:
        return {name: usage.used for name, usage in (await store.usage()).items()}
    finally:
        await store.close()
