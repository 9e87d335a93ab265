"""Work that grows with the number of objects, and not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address, Source
from reconciler.core.model.desired import Allowance
from reconciler.core.plan.plan import Plan
from reconciler.core.steps.order import order_steps
from reconciler.guardrails.guardrail import RuleFinding, run_guardrails
from reconciler.kinds import KINDS


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


@pytest.mark.parametrize("work", [delete_variants, allow_violations])
def test_four_times_the_objects_take_four_times_the_work(work: Callable[[int], None]) -> None:
    def measure(number: int) -> float:
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            work(number)
            best = min(best, time.process_time() - began)
        return best

    assert measure(4_000) < 9 * measure(1_000)
