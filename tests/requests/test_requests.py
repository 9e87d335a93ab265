"""Requests of a plan and an apply, beside the fewest that the documentation allows.

`docs/requests.md` holds the table. `make requests` compares all of it, the largest shops too;
`UPDATE=1 make requests` writes it again.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import pytest

from reconciler.core.model.store import Store
from reconciler.core.plan import build as planning
from reconciler.core.steps import order, usage
from reconciler.dealpos.apply.run import apply_steps
from reconciler.dealpos.client import Client
from reconciler.dealpos.reading.read import read_live
from reconciler.kinds import KINDS
from reconciler.ledger.journal import Journal
from reconciler.ledger.state_dir import StateDir

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "requests.md"
UPDATE = bool(os.environ.get("UPDATE"))
LARGE = bool(os.environ.get("LARGE"))

_spec = importlib.util.spec_from_file_location("lean_shop", HERE / "shop.py")
assert _spec is not None
assert _spec.loader is not None
shop = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shop)

TABLE = """\
| variants | page cap | drift | plan | bound | apply | bound |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


@dataclass(frozen=True)
class Case:
    variants: int
    cap: int | None
    drift: bool

    @property
    def name(self) -> str:
        return f"| {self.variants:,} | {self.cap or 'none'} | {'1 %' if self.drift else 'none'} |"


CASES = [
    Case(variants, cap, drift)
    for variants in (1_000, 10_000, 100_000)
    for cap in (500, 100, None)
    for drift in (False, True)
]
QUICK = [case for case in CASES if case.variants <= 10_000]


# --- the bound, from the documentation alone ---


def untold(count: int, size: int) -> int:
    """Pages of a list without a total: a full last page, or a single one, may be a cap."""
    pages = max(ceil(count / size), 1)
    return pages + (count % size == 0 or pages == 1)


def plan_bound(case: Case) -> int:
    size = case.cap or 2_000
    token = categories = outlets = 1
    products = untold(case.variants // 10, size)
    variants = min(ceil(case.variants / size), ceil(case.variants / 100))
    coupons = untold(500, size) + 5
    customers = 3
    return token + categories + outlets + products + variants + coupons + customers


def apply_bound(case: Case) -> int:
    changed = case.variants // 100 if case.drift else 0
    size = case.cap or 2_000
    return changed + min(ceil(changed / 100), ceil(case.variants / size))


# --- what the tool sends ---


def measured(case: Case) -> tuple[int, int]:
    desired = shop.declared(case.variants)
    lean = shop.LeanShop(case.variants, case.cap, case.drift)
    client = Client(Store("https://shop.example", "id", "secret"), lean)
    state = read_live(client, desired, KINDS)
    plan, faults = planning.build_plan(desired, state, KINDS, "https://shop.example", {})
    assert not faults
    assert not plan.unknown
    spent = lean.calls.total()
    steps = order.order_steps(plan, KINDS)
    window = usage.Window(client.window.limit, client.window.seconds)
    priced = usage.estimate(steps, KINDS, plan.reads, plan.listings, window)
    state = StateDir(Path(__file__).parent)
    report = apply_steps(client, plan, steps, KINDS, Journal(state, client.store.url))
    assert report.complete
    assert len(report.outcomes) == (case.variants // 100 if case.drift else 0)
    applied = lean.calls.total() - spent
    assert applied == priced.requests
    return spent, applied


def row(case: Case, plan: int, apply: int) -> str:
    return f"{case.name} {plan:,} | {plan_bound(case):,} | {apply:,} | {apply_bound(case):,} |"


def recorded() -> dict[str, str]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return {case.name: line for line in lines for case in CASES if line.startswith(case.name)}


def check(case: Case) -> None:
    plan, apply = measured(case)
    assert plan_bound(case) <= plan <= 1.05 * plan_bound(case)
    assert apply_bound(case) <= apply <= 1.05 * apply_bound(case)
    rows = recorded()
    if UPDATE:
        rows[case.name] = row(case, plan, apply)
        lines = [rows[c.name] for c in CASES if c.name in rows]
        head = PAGE.read_text(encoding="utf-8").partition(TABLE)[0]
        PAGE.write_text(head + TABLE + "\n".join(lines) + "\n", encoding="utf-8")
    assert rows.get(case.name) == row(case, plan, apply), "stale: UPDATE=1 make requests"


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_the_requests_of_a_shop(case: Case) -> None:
    check(case)


@pytest.mark.skipif(not LARGE, reason="make requests")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", CASES[len(QUICK) :], ids=lambda case: case.name)
def test_the_requests_of_a_very_large_shop(case: Case) -> None:
    check(case)


def test_ten_thousand_variants_are_planned_within_one_window() -> None:
    plan, _ = measured(Case(10_000, 500, drift=True))
    assert plan <= 50


def test_the_page_says_how_it_was_made() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count(TABLE) == 1
    assert "`UPDATE=1 make requests`" in text
    assert set(recorded()) == {case.name for case in CASES}
