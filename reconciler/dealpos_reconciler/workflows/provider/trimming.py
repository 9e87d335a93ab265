"""Trim the store of a server from time to time: rows that no count needs are deleted when old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.provider.store import UsageStore, utc_now
from dealpos_reconciler.provider.trimming import KEPT_FOR
from dealpos_reconciler.serve.log import Log

HOUR = 3600.0
PAUSE = 0.2
"""Seconds between two transactions, in which tills have the store to themselves."""


async def trim_hourly(store: UsageStore, log: Log, clock: Callable[[], datetime] = utc_now) -> None:
    """Delete old rows each hour; never returns."""
    while True:
        try:
            if count := await trim(store, clock() - KEPT_FOR):
                log.add_event("old events deleted", rows=count)
        except ProviderError:
            pass  # the metrics of the store tell; what is old now is old in an hour
        except Exception as error:  # coupons are answered whatever becomes of old rows
            log.add_failure("unforeseen error", error)
        await asyncio.sleep(HOUR)


async def trim(store: UsageStore, before: datetime) -> int:
    """Delete all old rows, some at a time; return how many."""
    total = 0
    while count := await store.trim(before):
        total += count
        await asyncio.sleep(PAUSE)
    return total
