"""Work that grows with the number of objects, and not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dealpos_reconciler.catalogue.parser import parse
from dealpos_reconciler.catalogue.writing.results import explain_absence
from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.model.look_alike import index_spellings
from dealpos_reconciler.core.plan.notes import explain_doubles
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.steps.order import order_steps
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.dealpos.tenant import Routes, TenantProfile
from dealpos_reconciler.errors import Problem, SourceError
from dealpos_reconciler.guardrails.guardrail import RuleFinding, run_guardrails
from dealpos_reconciler.kinds import KINDS


def delete_variants(number: int) -> None:
    changes = tuple(
        Change(
            Address("variant", f"V{n}"),
            Action.DELETE,
            "",
            (),
            {"code": f"V{n}", "product": f"P{n}"},
            None,
        )
        for n in range(number)
    )
    assert len(order_steps(Plan("shop", changes), KINDS)) > 1


def allow_violations(number: int) -> None:
    addresses = [Address("variant", f"V{n}") for n in range(number)]
    place = Source("a.yaml", 1, 1)
    context: Any = SimpleNamespace(
        plan=SimpleNamespace(changes=addresses),
        changes={a: SimpleNamespace(source=place) for a in addresses},
        desired=SimpleNamespace(
            allowances=[Allowance("rule", "meant", "2999-01-01", place, a) for a in addresses]
        ),
        today="2026-01-01",
        partial=False,
    )
    rule = SimpleNamespace(check=lambda _: (RuleFinding("bad", a) for a in addresses))
    violations, notes = run_guardrails({"rule": cast("Any", rule)}, context, lambda s, _: s)
    assert (len(violations), notes) == (number, [])
    assert all(found.allowed for found in violations)


def explain_absent(number: int) -> None:
    live = Live()
    for n in range(number):
        live.put(Address("customer", f"C{n}"), Observed({"code": f"C{n}"}))
    spellings = index_spellings(live.names_of(KINDS["customer"]))
    reasons = {explain_absence(Address("customer", f"c{n}"), spellings) for n in range(number)}
    assert len(reasons) == number


def share_an_email(number: int) -> None:
    live = Live()
    for n in range(number):
        live.put(Address("customer", f"C{n}"), Observed({"code": f"C{n}", "email": "a@b.example"}))
    assert len(explain_doubles(live, KINDS)) == number


def miss_a_field(number: int) -> None:
    client: Any = SimpleNamespace(
        store=SimpleNamespace(mask_key=None, concurrency=1), routes=Routes(TenantProfile())
    )
    reader, kind = Reader(client, KINDS), KINDS["coupon"]
    for n in range(number):
        reader.live.put(Address("coupon", f"K{n}"), Observed({"code": f"K{n}"}))
    found = [reader.missing_fields(kind, {f"K{n}": frozenset({"limit"})}) for n in range(number)]
    assert all(found)


def leave_entries_empty(number: int) -> None:
    _, problems = parse("products:\n" + "  -\n" * 100 * number, "a.yaml")
    assert problems[-1].line < 1_100


def sort_problems(number: int) -> None:
    problems = [Problem("a.yaml", number - n, 1, "wrong") for n in range(10 * number)]
    assert SourceError(problems).problems[0].line == -9 * number + 1


def remove_by_name(number: int) -> None:
    lines = "".join(f"  - {{address: variant/V{n}, delete: true}}\n" for n in range(number))
    node, problems = parse(f"removed:\n{lines}", "a.yaml")
    assert problems == []
    assert len(node["removed"]) == number


@pytest.mark.parametrize(
    "work",
    [
        delete_variants,
        allow_violations,
        explain_absent,
        share_an_email,
        miss_a_field,
        leave_entries_empty,
        sort_problems,
        remove_by_name,
    ],
)
def test_four_times_the_objects_take_four_times_the_work(work: Callable[[int], None]) -> None:
    def measure(number: int) -> float:
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            work(number)
            best = min(best, time.process_time() - began)
        return best

    assert measure(4_000) < 9 * measure(1_000)
