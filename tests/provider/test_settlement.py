"""Whatever was lost, doubled or forged on the way, a settled day counts what the shop has sold."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.provider.release import Release
from dealpos_reconciler.core.provider.terms import Terms
from dealpos_reconciler.provider.settlement import Settlement, ShopInvoice, compare, parse_invoice
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.store import UsageStore
from tests.support.postgres import MEMORY
from tests.support.provided import CODES, RELEASE, ProvidedShop
from tests.support.usage import SetClock, UsageDriver

ROW = {"Outlet": "Kemang", "Number": "20.09.00020", "Created": "2027-03-20T18:00:00"}
CODE_NAMES = ["ONCE", "EACH", CODES[0], "OWN-OF-DEALPOS", ""]
COUNTERS = {"ONCE": "once", "EACH": "each", CODES[0]: "visit/1"}


@contextmanager
def opened() -> Iterator[ProvidedShop]:
    """A shop for one example; a fixture would be shared by all of them."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        clock = SetClock()

        async def open_sqlite() -> UsageStore:
            return SqliteStore(Path(name) / "provider.db", clock=clock)

        opener: Any = open_sqlite
        driver = UsageDriver(opener, clock)
        try:
            yield ProvidedShop(driver, Path(name))
        finally:
            driver.end()


@pytest.fixture
def shop() -> Iterator[ProvidedShop]:
    with opened() as found:
        yield found


def row(invoice: str, coupon: str | None, is_void: bool | None = False, **more: Any) -> ShopInvoice:
    """Return a row of the list; `coupon` None leaves the key out."""
    body = {"ID": invoice, **ROW, **more} | ({} if coupon is None else {"Coupon": coupon})
    return parse_invoice(body, is_cancelled=is_void)


def settle(
    shop: ProvidedShop,
    rows: list[ShopInvoice],
    read: dict[str, ShopInvoice | None] | None = None,
    *,
    writes: bool = True,
) -> Settlement:
    """Compare, and book the corrections as `provider settle` does."""
    store, run = shop.driver.store, shop.driver.run
    found = compare(
        shop.provider.loaded,
        {seen.sale.invoice: seen for seen in rows},
        run(store.invoices()),
        shop.clock(),
        read,
    )
    for correction in found.corrections if writes else ():
        run(store.book(correction.report))
    return found


def findings(found: Settlement) -> dict[str, str]:
    return {each.report.invoice: each.finding for each in found.corrections}


def test_a_sale_that_was_never_reported_is_counted(shop: ProvidedShop) -> None:
    shop.ask("ONCE")
    found = settle(
        shop, [row("1", "once", Customer={"Phone": "0812"}), row("2", "OWN"), row("3", "")]
    )
    assert findings(found) == {"1": "missed"}
    assert shop.driver.usage("once") == (1, 0)
    assert shop.driver.flags("1") == {"settled"}
    assert not settle(shop, [row("1", "once")]).corrections, "a second time changes nothing"
    assert shop.sell("ONCE", ID="1").result == "again", "the report that comes late"


def test_a_cancelled_invoice_gives_its_use_back(shop: ProvidedShop) -> None:
    shop.sell("ONCE", ID="1")
    assert findings(settle(shop, [row("1", "ONCE", True)])) == {"1": "voided"}
    assert shop.driver.usage("once") == (0, 0)
    assert findings(settle(shop, [row("1", "ONCE")])) == {"1": "restored"}
    assert shop.driver.usage("once") == (1, 0)
    assert findings(settle(shop, [row("1", "ONCE", True)])) == {"1": "voided"}, "although settled"


def test_a_void_that_keeps_its_use_is_flagged_once(shop: ProvidedShop) -> None:
    shop.publish(replace(RELEASE, options=replace(RELEASE.options, void_returns_use=False)))
    shop.sell("ONCE", ID="1")
    assert findings(settle(shop, [row("1", "ONCE", True)])) == {"1": "voided"}
    assert shop.driver.usage("once") == (1, 0)
    assert not settle(shop, [row("1", "ONCE", True)]).corrections
    assert findings(settle(shop, [row("1", "ONCE")])) == {"1": "restored"}
    assert "kept" not in shop.driver.flags("1")


def test_an_invoice_that_no_list_has_is_read_before_it_is_a_phantom(shop: ProvidedShop) -> None:
    shop.sell("ONCE", ID="1")
    found = settle(shop, [])
    assert (found.corrections, found.to_read) == ((), ("1",))
    assert not settle(shop, [], {"1": row("1", "ONCE")}).corrections
    assert findings(settle(shop, [], {"1": None})) == {"1": "phantom"}
    assert shop.driver.usage("once") == (0, 0)
    assert shop.driver.flags("1") == {"phantom", "settled", "unheld"}


def test_a_doubtful_invoice_is_settled_by_the_list(shop: ProvidedShop) -> None:
    for invoice in "12":
        shop.sell("EACH", ID=invoice)
        shop.sell("EACH", ID=invoice, Void="Yes")
        shop.sell("EACH", ID=invoice, Note="edited")
        assert shop.driver.state(invoice) == "doubtful"
    found = settle(shop, [row("1", "EACH"), row("2", "EACH", True)])
    assert findings(found) == {"1": "restored", "2": "voided"}
    assert shop.driver.usage("each") == (1, 0)


def test_a_list_that_does_not_tell_leaves_ids_to_read(shop: ProvidedShop) -> None:
    shop.sell("ONCE", ID="1")
    found = settle(shop, [row("1", None, None), row("2", None, None)])
    assert (found.corrections, found.to_read, found.untold) == ((), ("1",), ("2",))
    read = {"1": parse_invoice({"ID": "1", "Coupon": "ONCE", "Void": "Yes"}), "2": row("2", "EACH")}
    found = settle(shop, [row("1", None, None), row("2", None, None)], dict(read))
    assert findings(found) == {"1": "voided", "2": "missed"}
    assert (found.to_read, found.untold) == ((), ())


def test_a_row_without_coupon_changes_no_coupon(shop: ProvidedShop) -> None:
    shop.sell("ONCE", ID="1")
    assert not settle(shop, [row("1", None)]).corrections
    assert findings(settle(shop, [row("1", None, True)])) == {"1": "voided"}
    assert findings(settle(shop, [row("1", None)])) == {"1": "restored"}
    assert shop.driver.usage("once") == (1, 0)


def test_a_coupon_that_was_changed_or_taken_off_moves_its_use(shop: ProvidedShop) -> None:
    shop.sell("ONCE", ID="1")
    assert findings(settle(shop, [row("1", "EACH")])) == {"1": "moved"}
    assert (shop.driver.usage("once"), shop.driver.usage("each")) == ((0, 0), (1, 0))
    assert findings(settle(shop, [row("1", "")])) == {"1": "moved"}
    assert shop.driver.usage("each") == (0, 0)


def test_a_code_that_was_unlisted_keeps_its_use(shop: ProvidedShop) -> None:
    shop.sell("ONCE", ID="1")
    shop.publish(Release((Terms("OTHER", "Amount", 1),)))
    assert not settle(shop, [row("1", "ONCE")]).corrections
    settle(shop, [row("1", "ONCE", True)])
    assert findings(settle(shop, [row("1", "ONCE")])) == {"1": "restored"}
    assert shop.driver.usage("once") == (1, 0)


def test_a_code_that_was_listed_since_is_counted(shop: ProvidedShop) -> None:
    shop.sell("NEW", ID="1")
    shop.publish(replace(RELEASE, coupons=(Terms("NEW", "Amount", 1, limit=5),)))
    assert findings(settle(shop, [row("1", "NEW")])) == {"1": "missed"}
    assert shop.driver.usage("new") == (1, 0)


def test_rows_are_read_as_the_shop_prints_them() -> None:
    seen = parse_invoice(
        {"ID": "E0211B45-358E-4D5C-BF5B-8A31404B125E", "Coupon": 887799, "Void": "Yes",
         "Customer": {"Email": "a@b.c"}, "Gross": 100000.0}
    )  # fmt: skip
    assert seen.sale.invoice == "e0211b45-358e-4d5c-bf5b-8a31404b125e"
    assert (seen.sale.code, seen.sale.customer.email, seen.sale.gross) == (
        "887799",
        "a@b.c",
        100_000,
    )
    assert (seen.is_cancelled, seen.shows_coupon) == (True, True)
    bare = parse_invoice({"ID": "1", "Void": None})
    assert (bare.is_cancelled, bare.shows_coupon) == (None, False)
    assert parse_invoice({"ID": "1", "Void": "Yes"}, is_cancelled=False).is_cancelled is False


INVOICES = st.lists(
    st.fixed_dictionaries(
        {
            "coupon": st.sampled_from(CODE_NAMES),
            "said": st.sampled_from(CODE_NAMES),
            "is_void": st.booleans(),
            "is_real": st.booleans(),
            "told": st.lists(st.sampled_from(["No", "Yes", "edited"]), max_size=4),
        }
    ),
    max_size=5,
)


@settings(max_examples=40)
@given(INVOICES, st.booleans())
def test_a_settled_day_counts_what_the_shop_has_sold(invoices: list[Any], shows: bool) -> None:
    """Any reports, lost, doubled, false or out of order, end in the state of the shop."""
    with opened() as shop:
        for number, each in enumerate(invoices):
            for told in each["told"]:
                more = {"Note": "edited"} if told == "edited" else {"Void": told}
                shop.sell(each["said"], ID=str(number), **more)
        real = {str(n): each for n, each in enumerate(invoices) if each["is_real"]}
        whole = {n: row(n, each["coupon"], each["is_void"]) for n, each in real.items()}
        listed = [seen if shows else row(n, None, real[n]["is_void"]) for n, seen in whole.items()]
        read: dict[str, ShopInvoice | None] = {}
        if not shows:  # every invoice of the day is read by itself
            read = dict(whole)
        first = settle(shop, listed, dict(read), writes=False)
        read |= {invoice: whole.get(invoice) for invoice in first.to_read}
        settle(shop, listed, read)
        sold = [each["coupon"] for each in real.values() if not each["is_void"]]
        for code, counter in COUNTERS.items():
            kept = sum(
                1
                for each in real.values()  # an unlisted code leaves the use where it was
                if each["coupon"] == "OWN-OF-DEALPOS"
                and not each["is_void"]
                and each["said"] == code
                and each["told"]
            )
            used, _ = shop.driver.usage(counter) if counter in shop.driver.all_usage() else (0, 0)
            assert used == sold.count(code) + kept, (code, json.dumps(invoices))
        again = settle(shop, listed, read, writes=False)
        assert findings(again) == {}
