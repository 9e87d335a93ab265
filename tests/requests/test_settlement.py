"""Requests of `provider settle`, beside the fewest that the documented operations allow.

The section "Settlement" of `docs/requests.md` holds them; `UPDATE=1` writes it again.
"""

from __future__ import annotations

import fcntl
from datetime import timedelta
from typing import Any

import pytest

from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.workflows.provider import settle as workflow
from tests.requests.bounds import pages
from tests.requests.test_requests import PAGE, UPDATE
from tests.support.provider import CODES_KEY
from tests.support.shop import MakeShop
from tests.support.till_shop import LOST, SEED, TillShop, findings

TOKEN = 1
CAP = 500
HEAD = """\
| invoices | erased | rows show the coupon | requests | bound | why more |
| ---: | ---: | --- | ---: | ---: | --- |
"""
ROWS = [(40, 0, True), (1_240, 0, True), (1_240, 3, True), (1_240, 3, False)]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    monkeypatch.setattr(workflow, "GRACE", timedelta(0))


def fill(shop: TillShop, count: int) -> None:
    """Copy an invoice of the till so often that the shop has `count`."""
    store = shop.shop.twin.store
    (first,) = store.page("invoice")
    with store.transaction(write=True):
        for number in range(count - 1):
            row: dict[str, Any] = {**first.payload, "ID": f"i{number}", "Number": f"n{number}"}
            store.put("invoice", {**row, "Coupon": None, "DiscountTotal": 0}, id_=f"i{number}")


@pytest.mark.parametrize(("count", "erased", "shows"), ROWS)
def test_the_requests_of_a_settlement(
    make_shop: MakeShop, count: int, erased: int, shows: bool
) -> None:
    choices = Choices(page_cap=CAP, invoice_rows_coupon=shows)
    shop = TillShop(make_shop(SEED, choices=choices))
    gone = [shop.sell() for _ in range(erased)]
    for each in reversed(gone):
        shop.change(each, "erase")
    lost = shop.sell(switches=LOST, outlet="Dago")
    fill(shop, count)
    client = shop.shop.client()
    found = shop.settle(client)
    assert findings(found) == {lost: "missed", **dict.fromkeys(gone, "phantom")}
    sent = client.requests + TOKEN
    fewest = TOKEN + pages(count, CAP) + 1 + erased
    why = ["1 for *phantoms*"] * bool(erased)
    single = workflow.MAX_READS - erased - bool(erased)
    why += [] if shows else [f"{single} for *untold coupons*"]
    assert sent == fewest + bool(erased) + (0 if shows else single)
    told = "yes" if shows else "no"
    key = f"| {count:,} | {erased} | {told} |"
    row = f"{key} {sent:,} | {fewest:,} | {', '.join(why)} |"
    assert compare(key, row), "UPDATE=1 pytest tests/requests/test_settlement.py"


def compare(key: str, row: str) -> bool:
    """Return whether the page has the row; with UPDATE, write it."""
    with PAGE.open("r+", encoding="utf-8") as page:
        fcntl.flock(page, fcntl.LOCK_EX)  # tests run side by side
        text = page.read()
        head, _, rest = text.partition(HEAD)
        lines = rest.split("\n")
        if UPDATE:
            lines = [row if line.startswith(key) else line for line in lines]
            page.seek(0)
            page.truncate()
            page.write(head + HEAD + "\n".join(lines))
        return row in lines
