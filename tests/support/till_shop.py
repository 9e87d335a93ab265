"""A shop with published provider coupons, and a till of its sandbox that asks the provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dealpos_reconciler.core.provider.options import DEFAULT_STORE
from dealpos_reconciler.provider.opening import open_store
from dealpos_reconciler.provider.service import Answer
from dealpos_reconciler.provider.store import InvoiceRow, Usage
from dealpos_reconciler.provider.till.answer import Provider
from dealpos_reconciler.sandbox.till import Order, Switches, Target, Till
from dealpos_reconciler.sandbox.till.delivery import WebhookAnswer, WebhookCall
from dealpos_reconciler.workflows.provider.settle import Settled, SettleRequest, settle
from tests.support.provider import CODES_KEY
from tests.support.shop import Shop

KEY = CODES_KEY.encode()
SEED: dict[str, Any] = {
    "outlets": [{"Name": "Kemang"}, {"Name": "Dago"}],
    "categories": [{"Name": "Coffee"}],
    "products": [
        {
            "Code": "K",
            "Name": "Kopi",
            "Category": "Coffee",
            "Variants": [{"Code": "KOPI", "UnitPrice": 20_000}],
        }
    ],
}
COUPONS = """
provider_coupons:
  - {code: TEN, type: Amount, amount: 1000, limit: 9, until: 2099-01-31}
  - code: VISIT
    codes: {count: 3, prefix: VK}
    limit: 1
    type: Amount
    amount: 500
    until: 2099-01-31
"""
LOST = Switches(lose=frozenset({"redeem", "webhook"}))
TWICE = Switches(duplicate=True, reorder=True)


class InProcess(Target):
    """The address of a provider that answers in this process, over a store."""

    def __init__(self, store: Path | str) -> None:
        super().__init__("http://127.0.0.1/v1/shop/SECRET/coupon")
        self.store = store

    def post(self, call: WebhookCall, timeout: float) -> WebhookAnswer | str:
        answer = asyncio.run(self._answer(json.dumps(call.body).encode()))
        return WebhookAnswer(answer.status, answer.body)

    async def _answer(self, body: bytes) -> Answer:
        store = await open_store(self.store)
        provider = Provider(store, KEY)
        release = await store.current()
        assert release
        provider.use(provider.load(release))
        try:
            return await provider.answer(body)
        finally:
            await store.close()


class TillShop:
    """A shop, its till and its provider. `RECONCILER_CODES_KEY` must be set before."""

    def __init__(self, shop: Shop, coupons: str = COUPONS, address: str = "") -> None:
        """Publish the coupons, in a file below the folder or at the address of a database."""
        self.shop = shop
        self.store = shop.folder / DEFAULT_STORE
        self.address = address
        store = f"provider: {{store: '{address}'}}\n" if address else ""
        shop.configure(f"timezone: Asia/Jakarta\n{store}")
        shop.write(coupons)
        assert shop.apply().complete
        self.told: list[str] = []

    def till(self, switches: Switches | None = None) -> Till:
        return Till(
            self.shop.twin, InProcess(self.address or self.store), switches=switches or Switches()
        )

    def sell(
        self,
        coupon: str | None = "TEN",
        switches: Switches | None = None,
        outlet: str = "Kemang",
    ) -> str:
        """Sell a coffee; return the ID of the invoice."""
        sold = self.till(switches).sell(Order(outlet, (("KOPI", 1),), coupon))
        assert sold.invoice
        return sold.invoice.id

    def change(self, invoice: str, act: str, switches: Switches | None = LOST) -> None:
        """Void, restore or erase an invoice; no report of it arrives."""
        self.till(switches).change(invoice, act)

    def settle(self, client: Any = None, *, days: float = 2, **more: Any) -> Settled:
        now = datetime.now(UTC)
        request = SettleRequest(now - timedelta(days=days), now=now, **more)
        return settle(self.shop.open(client or self.shop.client()), request, KEY, self.told.append)

    def usage(self, code: str = "ten") -> tuple[int, int]:
        found = self._run("usage", [code])[code]
        return found.used, found.held

    def states(self) -> Mapping[str, str]:
        rows: list[InvoiceRow] = self._run("invoices")
        return {row.invoice: row.state for row in rows}

    def flags(self, invoice: str) -> set[str]:
        return {*{row.invoice: row.flags for row in self._run("invoices")}[invoice]}

    def backup(self, file: Path) -> None:
        self._run("backup", file)

    def counts(self) -> Mapping[str, Usage]:
        found: Mapping[str, Usage] = self._run("usage")
        return found

    def events(self) -> int:
        return len(self._run("events"))

    def last_settled(self) -> datetime | None:
        found: datetime | None = self._run("last_settled")
        return found

    def _run(self, method: str, *values: Any) -> Any:
        async def run() -> Any:
            store = await open_store(self.address or self.store)
            try:
                return await getattr(store, method)(*values)
            finally:
                await store.close()

        return asyncio.run(run())


def findings(found: Settled) -> dict[str, str]:
    """Return the finding on each invoice."""
    return {each.report.invoice: each.finding for each in found.corrections}
