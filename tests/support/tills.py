"""Tills that ask a store and sell, as a process of its own.

`race` asks a number of questions and prints how they were answered, as JSON. `endless` sells until
it is killed, and prints each answer as soon as it has it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.provider.opening import open_store
from dealpos_reconciler.provider.store import Booking, HoldRequest, SaleReport, UsageStore

COUPONS = 10


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def question(number: int, limit: int) -> HoldRequest:
    now = datetime.now(UTC)
    outlet, customer = f"outlet {number % 7}", frozenset({f"c{number % 1000}"})
    counter = f"coupon{number % COUPONS}"
    return HoldRequest(counter, limit, None, outlet, customer, now, now + timedelta(hours=1))


def sale(request: HoldRequest, invoice: str) -> SaleReport:
    return SaleReport(
        invoice, "counted", request.counter, limit=request.limit, outlet=request.outlet,
        customer=request.customer, now=datetime.now(UTC), digest=invoice,
    )  # fmt: skip


async def book(store: UsageStore, report: SaleReport) -> Booking:
    """Book a report, and again while the store is busy, as DealPOS does."""
    while True:
        try:
            return await store.book(report)
        except ProviderUnavailable:
            await asyncio.sleep(0.1)


async def race(place: str, questions: int, tills: int, limit: int) -> None:
    store = await open_store(place)
    answers: Counter[str] = Counter()
    numbers = iter(range(questions))

    async def work() -> None:
        for number in numbers:
            request = question(number, limit)
            try:
                result = await store.hold(request)
            except ProviderUnavailable:
                answers["unavailable"] += 1
                continue
            answers[result.status] += 1
            if result.status == "held":
                report = sale(request, f"{os.getpid()} {number}")
                for booking in await asyncio.gather(book(store, report), book(store, report)):
                    answers[booking.result] += 1

    await asyncio.gather(*(work() for _ in range(tills)))
    await store.close()
    say(json.dumps(answers))


async def endless(place: str, tills: int) -> None:
    store = await open_store(place)
    numbers = itertools.count()

    async def work() -> None:
        for number in numbers:
            request = question(number, limit=10**9)
            await store.hold(request)
            say(f"held {request.counter}")
            if number % 3 == 0:
                report = sale(request, f"{os.getpid()}-{number}")
                await store.book(report)
                say(f"sold {report.invoice}")

    await asyncio.gather(*(work() for _ in range(tills)))


if __name__ == "__main__":
    mode, place, *counts = sys.argv[1:]
    asyncio.run({"race": race, "endless": endless}[mode](place, *map(int, counts)))
