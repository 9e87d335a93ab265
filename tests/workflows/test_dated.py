"""Dated values in the uses of the tool: adopt, import, apply at a day and after it."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.audit import Audit, audit_plan
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.render.view import AuditView
from dealpos_reconciler.workflows import adopt
from dealpos_reconciler.workflows.board.auditing import remember_run
from dealpos_reconciler.workflows.board.remembered import read_ends
from tests.support.shop import MakeShop, Shop

LIVE: dict[str, Any] = {
    "categories": [{"Name": "Coffee"}],
    "outlets": [{"Name": "Bandung"}, {"Name": "Kemang"}],
    "products": [
        {
            "Code": "1",
            "Name": "Latte",
            "Category": "Coffee",
            "Variants": [{"Code": "V", "Model": "L", "UnitPrice": 18000}],
        }
    ],
}
FILE = """\
products:
  - code: "1"
    variants:
      - code: V
        unit_price:  # of the season
          - 17000
          - {from: 2026-12-01, value: 18000}  # from December
          - from: 2026-12-24 06:00
            until: 2026-12-26
            value: 15000
        outlet_prices:
          Bandung:
            price: [20000, {from: 2026-12-01 06:00, value: 21000}]
            extra_cost: 5
          Kemang: {price: [{from: 2026-12-24, value: 9000}]}
"""


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    made = make_shop(LIVE)
    made.configure("timezone: Asia/Jakarta\n")
    made.write(FILE)
    made.at = "2026-12-02T12:00:00+07:00"
    made.apply()
    return made


def change_shop(shop: Shop, **values: Any) -> None:
    found = shop.twin.store.get("variant", "V")
    assert found
    shop.twin.store.put("variant", {**found.payload, **values})


def take(shop: Shop) -> tuple[str, list[str]]:
    """Adopt everything; return the file, and the reasons for what was not adopted."""
    found = adopt.find_drift(shop.open(shop.client()), (), ())
    adopt.write_files(found, dry_run=False)
    text = (shop.folder / "catalogue" / "shop.yaml").read_text(encoding="utf-8")
    return text, [entry.reason for entry in found.skipped]


@pytest.mark.parametrize(
    ("at", "old", "new"),
    [
        ("2026-11-01", "- 17000", "- 17500"),
        ("2026-12-02", "2026-12-01, value: 18000", "2026-12-01, value: 17500"),
        ("2026-12-25", "value: 15000", "value: 17500"),
    ],
)
def test_adopt_writes_into_the_step_that_holds(shop: Shop, at: str, old: str, new: str) -> None:
    shop.at = f"{at}T12:00:00+07:00"
    shop.apply()
    change_shop(shop, UnitPrice=17500)
    text, skipped = take(shop)
    assert text == FILE.replace(old, new)
    assert not skipped
    assert shop.plan().changes == ()


def test_adopt_writes_into_the_step_of_an_outlet(shop: Shop) -> None:
    change_shop(shop, OutletPrice=[{"Outlet": "Bandung", "Price": 22000, "ExtraCost": 6}])
    text, skipped = take(shop)
    expected = FILE.replace("value: 21000", "value: 22000").replace("cost: 5", "cost: 6")
    assert (text, skipped) == (expected, [])
    assert shop.plan().changes == ()


def test_adopt_writes_a_new_outlet_beside_steps(shop: Shop) -> None:
    shop.write(FILE.partition("          Kemang")[0])
    rows = [{"Outlet": "Bandung", "Price": 21000, "ExtraCost": 5}]
    change_shop(shop, OutletPrice=[*rows, {"Outlet": "Kemang", "Price": 8000, "ExtraCost": 0}])
    text, skipped = take(shop)
    assert (text, skipped) == (
        FILE.partition("          Kemang")[0] + "          Kemang: {price: 8000}\n",
        [],
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (
            [],
            "the shop has no value for the steps of outlet_prices.Bandung: edit the steps by hand",
        ),
        (
            [
                {"Outlet": "Bandung", "Price": 21000, "ExtraCost": 5},
                {"Outlet": "Kemang", "Price": 8000, "ExtraCost": 0},
            ],
            "no step of outlet_prices.Kemang.price holds now: edit the steps by hand",
        ),
    ],
)
def test_what_no_step_can_hold_is_left_to_people(
    shop: Shop, rows: list[dict[str, Any]], why: str
) -> None:
    change_shop(shop, OutletPrice=rows)
    assert take(shop) == (FILE, [why])


def test_a_step_that_is_removed_after_its_day_changes_nothing(shop: Shop) -> None:
    shop.at = "2026-12-27T00:05:00+07:00"
    shop.apply()
    event = """\
          - from: 2026-12-24 06:00
            until: 2026-12-26
            value: 15000
"""
    shop.write(FILE.replace(event, "").replace("          - 17000\n", ""))
    assert shop.plan().changes == ()


def test_what_a_file_leaves_out_is_written_without_steps(shop: Shop) -> None:
    """An import knows the value of today alone."""
    (shop.folder / "catalogue" / "shop.yaml").unlink()
    found = adopt.find_drift(shop.open(shop.client()), ("product/*",), ())
    (new,) = [
        text
        for _, text in (
            (n, e.new.decode()) for n, e in adopt.write_files(found, True).files.items()
        )
    ]
    assert "from:" not in new
    assert "unit_price: 18000" in new


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    days=st.lists(st.integers(1, 28), min_size=1, max_size=4, unique=True),
    at=st.integers(0, 29 * 24),
)
def test_a_plan_after_an_apply_of_the_same_instant_is_empty(
    make_shop: MakeShop, days: list[int], at: int
) -> None:
    shop = make_shop(LIVE)
    shop.configure("timezone: Asia/Jakarta\n")
    steps = ", ".join(f"{{from: 2026-12-{day:02}, value: {17000 + day}}}" for day in days)
    shop.write(f"products: [{{code: '1', variants: [{{code: V, unit_price: [16000, {steps}]}}]}}]")
    day, hour = divmod(at, 24)
    shop.at = f"2026-12-{day + 1:02}T{hour:02}:00:00+07:00"
    assert shop.apply().complete
    assert shop.plan().changes == ()
    held = max((d for d in days if d <= day + 1), default=-1000)
    found = shop.twin.store.get("variant", "V")
    assert found
    assert found.payload["UnitPrice"] == (17000 + held if held > 0 else 16000)
    assert Address("variant", "V") in dict(shop.desired())


def audit(shop: Shop) -> Audit:
    return audit_plan(shop.make(audit=True).plan)


def render(shop: Shop, output_format: str) -> str:
    found = audit(shop)
    view = AuditView(made_at="2026-12-24T02:00:00Z", shop="shop", requests=3, seconds=1.0)
    renderer = import_module(f"dealpos_reconciler.render.formats.{output_format}")
    return str(renderer.render_audit(found, view))


@pytest.mark.parametrize("ledger", ["none", "file"])
def test_a_due_value_that_no_run_applied_is_overdue(shop: Shop, ledger: str) -> None:
    shop.configure(f"timezone: Asia/Jakarta\nledger: {ledger}\n")
    shop.apply()
    if ledger == "file":
        change_shop(shop, UnitPrice=18001)
        shop.apply()
    shop.at = "2026-12-24T05:59:00+07:00"
    found = audit(shop)
    assert [f.address.name for f in found.findings if f.overdue] == ["V"]  # Kemang, since midnight
    shop.at = "2026-12-24T09:30:00+07:00"
    (step, kemang) = sorted(audit(shop).findings[0].overdue, reverse=True)
    assert step == ("unit_price", "2026-12-24T06:00:00+07:00", 3 * 3600 + 1800)
    assert kemang.path == "outlet_prices.Kemang.price"
    shop.apply()
    assert audit(shop).overdue_seconds == 0


def test_every_format_of_an_audit_tells_what_is_overdue(shop: Shop) -> None:
    shop.at = "2026-12-24T09:30:00+07:00"
    line = "unit_price: overdue by 3 h, due since 2026-12-24 06:00"
    for output_format in ("text", "markdown", "html", "github", "junit"):
        assert line in render(shop, output_format), output_format
    assert "1 overdue (by up to 9 h)" in render(shop, "text")
    document = json.loads(render(shop, "json"))
    assert document["overdue_seconds"] == 9 * 3600 + 1800
    assert document["findings"][0]["overdue"][-1]["since"].startswith("2026-12-24T")
    metric = 'reconciler_schedule_overdue_seconds{shop="shop"} 34200\n'
    assert metric in render(shop, "prometheus")


def test_a_value_that_the_shop_changed_is_drift_and_not_overdue(shop: Shop) -> None:
    shop.configure("timezone: Asia/Jakarta\nledger: file\n")
    change_shop(shop, UnitPrice=18500)
    shop.apply()
    change_shop(shop, UnitPrice=17000)
    found = audit(shop)
    assert [finding.state for finding in found.findings] == ["drifted"]
    assert found.overdue_seconds == 0
    assert 'overdue_seconds{shop="shop"} 0\n' in render(shop, "prometheus")


def test_the_board_shows_the_days_of_dated_values(shop: Shop) -> None:
    run = shop.make(audit=True)
    opened = shop.open(shop.client())
    remember_run(opened, run, audit_plan(run.plan))
    rows = list(read_ends(opened.state, "sandbox", "2026-12-02", "2026-12-25"))
    assert [(row.at, row.event, row.name) for row in rows] == [
        ("2026-12-24", "due", "1 dated change"),
        ("2026-12-24 06:00", "due", "1 dated change"),
    ]
