"""Fixtures: a shop folder that was applied to its sandbox, and the watch over its hints."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.hints import HookSettings, Topic
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.hooks.file import HookFile
from dealpos_reconciler.hooks.queue import add_hint, count_hints
from dealpos_reconciler.sandbox.till import backoffice
from dealpos_reconciler.serve.gate import Endpoint
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics
from dealpos_reconciler.workflows.connect import fill_sandbox
from dealpos_reconciler.workflows.hooks.endpoints import make_hint_endpoints
from dealpos_reconciler.workflows.hooks.reading import read_hinted
from dealpos_reconciler.workflows.hooks.result import Reading
from dealpos_reconciler.workflows.hooks.watch import HintWatch, Notifier
from dealpos_reconciler.workflows.till import Wiring, open_till

MENU = """\
outlets: [{name: Outlet1}]
categories: [{name: Drinks}]
products:
  - code: "1003"
    name: Kopi Susu
    category: Drinks
    variants:
      - {code: 1003L, model: Large, unit_cost: 9000, unit_price: 18000}
      - {code: 1003R, model: Regular, unit_cost: 8000, unit_price: 15000}
customers:
  - {code: "081234567844", name: Budi Santoso, email: budi@example.com}
"""
SEED: dict[str, Any] = {
    "outlets": [{"Name": "Outlet1"}],
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "1003",
            "Name": "Kopi Susu",
            "Category": "Drinks",
            "Variants": [
                {"Code": "1003L", "Model": "Large", "UnitCost": 9000, "UnitPrice": 18000},
                {"Code": "1003R", "Model": "Regular", "UnitCost": 8000, "UnitPrice": 15000},
            ],
        }
    ],
    "customers": [{"Code": "081234567844", "Name": "Budi Santoso", "Email": "budi@example.com"}],
}
TOPICS: frozenset[Topic] = frozenset(("drifted", "missing"))


class HookedShop:
    """A shop folder with its sandbox, and a watch whose clock the test moves."""

    def __init__(self, folder: Path, settings: HookSettings) -> None:
        self.folder = folder
        (folder / "catalogue").mkdir(parents=True)
        (folder / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
        (folder / "catalogue" / "menu.yaml").write_text(MENU, encoding="utf-8")
        fill_sandbox(load(folder), SEED)
        self.file = HookFile(folder / ".provider" / "hooks.db")
        self.written, self.metrics = io.StringIO(), Metrics()
        self.log = Log(self.written)
        self.now = 1_000_000.0
        self.readings: list[tuple[list[str], Reading]] = []
        self.is_away = False
        notifier = Notifier("kopi", TOPICS, None)
        self.watch = HintWatch(
            *(folder, settings, self.file, self.metrics, self.log, self.read),
            notifier=notifier,
            clock=lambda: self.now,
        )
        self.endpoints: Mapping[str, Endpoint] = make_hint_endpoints(
            self.file, self.watch.wake, lambda: self.now
        )

    async def read(self, folder: Path, hinted: Collection[Address], limits: Limits) -> Reading:
        """Read in this process, and keep what came of it."""
        if self.is_away:
            reading = Reading("failed", 1, True, reason="the shop is away")
        else:
            reading = read_hinted(folder, hinted, limits)
        self.readings.append(([str(address) for address in hinted], reading))
        return reading

    @property
    def sent(self) -> int:
        """The requests of all reads, with a token for each."""
        return sum(r.requests + r.has_connected for _, r in self.readings)

    def edit(self, address: str, **values: Any) -> None:
        """Change values of an object in the back office."""
        with open_till(load(self.folder), Wiring()) as till:
            texts = {name: json.dumps(value) for name, value in values.items()}
            backoffice.edit(till.shop, address, texts)

    def delete(self, address: str) -> None:
        with open_till(load(self.folder), Wiring()) as till:
            backoffice.delete(till.shop, address)

    def hear(self, path: str, body: Any) -> tuple[int, str]:
        """Take one webhook; return status and result."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = asyncio.run(_ask(self.endpoints[f"hook/{path}"], content))
        return answer.status, answer.result

    def hint(self, *addresses: str) -> None:
        for address in addresses:
            asyncio.run(
                self.file.run(lambda c, a=address: add_hint(c, Address.parse(a), self.now))  # type: ignore[misc]
            )

    def run(self, seconds: float = 21.0) -> None:
        """Let so much time pass, and the watch read once."""
        self.now += seconds
        asyncio.run(self.watch.read_due())

    def waiting(self) -> int:
        return asyncio.run(self.file.run(count_hints))

    def notices(self) -> list[dict[str, Any]]:
        """The bodies in the outbox, oldest first."""
        rows = asyncio.run(
            self.file.run(lambda c: c.execute("SELECT body FROM notice ORDER BY due").fetchall())
        )
        return [json.loads(body) for (body,) in rows]

    def logged(self) -> list[dict[str, Any]]:
        self.log.close()
        return [json.loads(line) for line in self.written.getvalue().splitlines()]


async def _ask(endpoint: Endpoint, content: bytes) -> Any:
    return await endpoint.answer(content)


@pytest.fixture
def make_hooked(tmp_path: Path) -> Iterator[Callable[..., HookedShop]]:
    """A function that makes a shop with these settings of `hooks:`."""
    with contextlib.ExitStack() as stack:

        def make(**settings: Any) -> HookedShop:
            made = HookedShop(tmp_path / "shop", HookSettings(**settings))
            stack.callback(made.file.close)
            stack.callback(made.log.close)
            return made

        yield make


@pytest.fixture
def hooked(make_hooked: Callable[..., HookedShop]) -> HookedShop:
    """A shop that is as its files say."""
    return make_hooked()
