"""An apply that is killed anywhere and run again leaves everything whole and on sale.

So does a run in a fresh clone where the ledger is in git, and one of the same saved plan. A fresh
clone without a ledger asks before it puts something on sale.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.plan.plan import refusals
from dealpos_reconciler.sandbox import Choices, InjectedFault
from dealpos_reconciler.workflows import plan_file
from dealpos_reconciler.workflows.apply import apply_plan
from dealpos_reconciler.workflows.approved_plan import recheck_plan
from dealpos_reconciler.workflows.plan import PlannedRun
from tests.support.shop import MakeShop, Shop
from tests.support.storm import Killed, Weather
from tests.support.story import saved_document
from tests.support.till import offers, wrong_offers

SEED: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "P1",
            "Name": "Kopi",
            "Category": "Drinks",
            "Variants": [{"Code": "P1A", "UnitPrice": 100}],
        },
        {
            "Code": "P2",
            "Name": "Teh",
            "Category": "Drinks",
            "Discontinued": True,
            "Variants": [{"Code": "P2A", "UnitPrice": 100}],
        },
    ],
}
FILES = """
    products:
      - code: P1
        name: Kopi
        category: Drinks
        variants:
          - {code: P1A, unit_price: 100}
          - {code: P1B, unit_price: 200, outlet_prices: {Bandung: {price: 250}}}
      - code: N1
        name: Paket
        category: Drinks
        variants:
          - {code: N1A, unit_price: 300, outlet_prices: {Bandung: {price: 700}}}
          - {code: N1B, unit_price: 400, type: Composite, components: {P1B: {qty: 1}}}
          - {code: N1C, unit_price: 500}
    coupons:
      - {code: K1, type: DiscountAmount, discount: 5, limit: 3, expiry_date: 2026-12-31,
         requires: {variants: [N1A]}}
"""
WRITES = 7
"""N1 is created with N1A, P1B and N1B are added, all three are completed, K1 is created. N1B is not
created with N1A: a shop that puts new objects on sale at once would sell both."""


def kill_after(shop: Shop, writes: int) -> PlannedRun:
    """Apply, and kill the process when so many writes were answered."""
    made = shop.make()
    left = [writes]

    def request() -> None:
        method, path, _ = shop.twin.calls[-1]
        left[0] -= method in ("PUT", "DELETE") or path in {
            f"/api/v3/{name}" for name in ("Product", "Variant/Add", "PromotionCoupon")
        }
        if left[0] <= 0:
            raise Killed

    client = shop.client()
    client._http._transport = Weather(client._http._transport, lambda: None, request)
    with contextlib.suppress(Killed):
        shop.apply(made.plan, client)
    return made


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the shop after an apply that nobody disturbed."""
    shop = Shop(tmp_path_factory.mktemp("calm"), SEED)
    shop.write(FILES)
    made = shop.make()
    assert made.usage.writes == WRITES
    assert shop.apply(made.plan).complete
    return shop.show()


def out_of_sale(shop: Shop) -> set[str]:
    """Return the variants that are out of sale."""
    rows = [variant for product in shop.show()["products"] for variant in product["Variants"]]
    return {row["Code"] for row in rows if row["Discontinued"]}


def finish(shop: Shop, made: PlannedRun, calm: dict[str, Any]) -> None:
    """Apply a plan that must be allowed; afterwards the shop is as after a calm run."""
    assert refusals(made.plan.violations) == ()
    assert made.plan.interruptions.unsafe == ()
    report, unrecorded = apply_plan(shop.open(shop.client()), made, force_unlock=True)
    assert unrecorded is None
    assert [o for o in report.outcomes if not o.verified] == []
    assert shop.show() == calm
    assert shop.plan().changes == ()
    assert shop.journal.births == set()


def test_what_the_files_retire_meanwhile_is_not_put_on_sale_later(make_shop: MakeShop) -> None:
    shop = make_shop(SEED)
    shop.write(FILES)
    kill_after(shop, 1)
    assert out_of_sale(shop) == {"N1A"}
    retired = FILES.replace("unit_price: 300,", "unit_price: 300, discontinued: true,")
    retired = retired.replace("unit_price: 400,", "unit_price: 400, discontinued: true,")
    shop.write(retired.partition("    coupons:")[0])
    assert shop.apply().complete
    assert shop.journal.births == set()
    shop.write(FILES.partition("    coupons:")[0])
    assert shop.plan().changes == ()
    assert out_of_sale(shop) == {"N1A", "N1B"}


HIDING = {
    "lists_hide_discontinued": True,
    "product_reads_hide_discontinued_variants": True,
    "product_put_variants": "replace",
    "put_omitted": "clear",
}
LEAN = {"product_list_rows": "lean", "variant_list_rows": "lean", "variant_batch_rows": "lean"}


@pytest.mark.parametrize("choices", [{}, HIDING, LEAN], ids=["plain", "hiding", "lean"])
@pytest.mark.parametrize("writes", range(1, WRITES + 1))
def test_the_next_run_completes_what_was_killed(
    make_shop: MakeShop, calm: dict[str, Any], writes: int, choices: dict[str, Any]
) -> None:
    shop = make_shop(SEED, choices=Choices(**choices))
    shop.write(FILES)
    before = offers(shop.show())
    kill_after(shop, writes)
    assert wrong_offers(offers(shop.show()), before, offers(calm)) == []
    made = shop.make()
    finishing = {c.address.name: c for c in made.plan.changes if c.interrupted}
    assert finishing.keys() == out_of_sale(shop)
    assert {c.reason for c in finishing.values()} <= {"finish: complete and put on sale"}
    finish(shop, made, calm)


@pytest.mark.parametrize("writes", range(1, WRITES + 1))
def test_the_same_saved_plan_completes_what_was_killed(
    make_shop: MakeShop, calm: dict[str, Any], writes: int
) -> None:
    shop = make_shop(SEED)
    shop.write(FILES)
    plan_file.write_plan(shop.folder / "plan.json", saved_document(shop, shop.plan()))
    kill_after(shop, writes)
    approved = plan_file.read_plan(shop.folder / "plan.json")
    opened = shop.open(shop.client())
    shop.journal, shop.made = opened.journal, recheck_plan(opened, approved)
    assert shop.made.plan.stale == ()
    finish(shop, shop.made, calm)


def shop_in(folder: Path, other: Shop | None = None, ledger: str = "git") -> Shop:
    """Return a folder with the files, and its shop; `other` is of the same shop."""
    shop = Shop(folder, SEED)
    if other:
        shop.app, shop.twin, shop.database = other.app, other.twin, other.database
    shop.configure(f"ledger: {ledger}\n")
    shop.write(FILES)
    return shop


@pytest.mark.parametrize("writes", range(1, WRITES + 1))
def test_a_fresh_clone_completes_what_was_killed(
    clone: Callable[[str], Path], calm: dict[str, Any], writes: int
) -> None:
    first = shop_in(clone("a"))
    kill_after(first, writes)
    second = shop_in(clone("b"), first)
    finish(second, second.make(), calm)


def test_what_a_refused_update_leaves_out_of_sale_is_known_to_every_clone(
    clone: Callable[[str], Path], calm: dict[str, Any]
) -> None:
    first = shop_in(clone("a"))
    plan = first.plan()
    first.twin.faults.add(InjectedFault("PUT", "/Variant", "503", "before", times=50))
    assert not first.apply(plan).complete
    first.twin.faults.clear()
    assert out_of_sale(first)
    second = shop_in(clone("b"), first)
    made = second.make()
    assert {c.address.name for c in made.plan.changes if c.interrupted} == out_of_sale(first)
    finish(second, made, calm)


def test_a_saved_plan_is_refused_once_the_shop_is_known_to_sell_at_once(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(SEED, choices=Choices(create_discontinued="ignored"))
    shop.write(FILES)
    plan_file.write_plan(shop.folder / "plan.json", saved_document(shop, shop.plan()))
    approved = plan_file.read_plan(shop.folder / "plan.json")
    assert recheck_plan(shop.open(shop.client()), approved).plan.violations == ()
    client = shop.client()
    client.routes.tenant.unsafe_birth = True
    found = recheck_plan(shop.open(client), approved).plan.violations
    assert {str(violation.address) for violation in refusals(found)} == {
        "variant/N1A",
        "variant/N1B",
        "variant/P1B",
    }


@pytest.mark.parametrize("writes", [1, 3, 6])
def test_a_fresh_clone_without_a_ledger_asks_before_it_sells(
    tmp_path: Path, calm: dict[str, Any], writes: int
) -> None:
    first = shop_in(tmp_path / "a", ledger="none")
    kill_after(first, writes)
    second = shop_in(tmp_path / "b", first, ledger="none")
    made = second.make()
    found = {str(v.address) for v in refusals(made.plan.violations)}
    assert found == {str(c.address) for c in made.plan.changes if c.interrupted} != set()
    assert {v.rule for v in made.plan.violations} == {"restore"}
    allowed = "".join(
        f"  - {{rule: restore, address: {a}, reason: seen, until: 2999-12-31}}\n" for a in found
    )
    second.write(f"allow:\n{allowed}", "allow.yaml")
    finish(second, second.make(), calm)
