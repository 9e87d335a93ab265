"""Twenty requests, and none of them writes: whatever the shop is like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from dealpos_reconciler.dealpos.doctor.evidence import MAX_REQUESTS
from dealpos_reconciler.dealpos.doctor.finding import CheckVerdict
from dealpos_reconciler.dealpos.operations import BASE, OPERATIONS
from dealpos_reconciler.sandbox import Choices, Faults, InjectedFault
from tests.support.examined import Examine

READS = {
    (route.method, BASE + route.path)
    for operation in OPERATIONS.values()
    if operation.reads
    for route in operation.routes
}
WRITES = {
    (route.method, BASE + route.path)
    for operation in OPERATIONS.values()
    if not operation.reads
    for route in operation.routes
}
ROUTES = frozenset(f"{method} {path.removeprefix(BASE)}" for method, path in READS)
OTHERS: dict[str, list[Any]] = {
    "page_cap": [None, 1, 20],
    "default_page_size": [3],
    "batch_max": [1],
    "customer_unique": [frozenset()],
    "suspended_status": ["Gone"],
    "token_lifetime": [0.0, 1.0],
    "clock_ahead": [0.0, 1e6],
    "missing_operations": [ROUTES, *(ROUTES - {route} for route in sorted(ROUTES)[::5])],
    "forbidden_operations": [ROUTES],
}


def alternatives(name: str, hint: Any) -> list[Any]:
    if name in OTHERS:
        return OTHERS[name]
    if get_origin(hint) is Literal:
        return [value for value in get_args(hint) if value != getattr(Choices(), name)]
    return [not getattr(Choices(), name)]


HINTS = get_type_hints(Choices)
FLIPPED = [
    {field.name: value}
    for field in fields(Choices)
    for value in alternatives(field.name, HINTS[field.name])
]
TOGETHER: list[dict[str, Any]] = [
    {"forbidden_operations": ROUTES, "forbidden_status": 401},
    {"page_cap": 100, "page_over_cap": "reject", "batch_missing": "reject", "token_counts": True},
    {
        "missing_operations": frozenset(r for r in ROUTES if r.startswith("POST")),
        "page_cap": 20,
        "page_over_cap": "reject",
        "batch_missing": "reject",
    },
    {"post_alternatives": "none", "get_with_body": "ignore", "page_cap": 20},
    {"generation": "A", "get_with_body": "ignore", "page_cap": 20, "page_over_cap": "reject"},
    {"page_cap": 20, "not_found": "400", "customer_paging": "required", "token_lifetime": 1.0},
]


def within(ran: Any) -> None:
    assert ran.evidence.requests <= MAX_REQUESTS
    assert len(ran.calls) <= MAX_REQUESTS
    sent = {(method, path) for method, path, _ in ran.calls}
    assert sent <= READS
    assert not sent & WRITES
    assert all(f.next_step for f in ran.findings if f.verdict is not CheckVerdict.OK)


@pytest.mark.parametrize("choices", [{}, *FLIPPED, *TOGETHER], ids=lambda c: "+".join(c) or "plain")
def test_the_budget_holds_for_every_choice(
    examined: Examine, stocked: Callable[..., dict[str, Any]], choices: dict[str, Any]
) -> None:
    within(examined(stocked(25), **choices))


@pytest.mark.parametrize("kind", ["500", "503", "429", "401", "html", "truncated", "drop"])
@pytest.mark.parametrize("path", ["*", "/[!T]*", "/Variant*", "*/p"])
def test_the_budget_holds_in_any_weather(examined: Examine, kind: Any, path: str) -> None:
    within(examined(faults=[InjectedFault("*", path, kind, times=99)]))


@pytest.mark.parametrize("seed", range(12))
def test_the_budget_holds_when_anything_may_happen(examined: Examine, seed: int) -> None:
    within(examined(faults=Faults.random(seed, 0.3)))


def test_what_does_not_fit_into_the_budget_is_said_to_be_untried(examined: Examine) -> None:
    ran = examined(faults=[InjectedFault("*", "/[!T]*", "500", times=99)])
    assert ran.evidence.requests == MAX_REQUESTS
    untried = [f for f in ran.findings if f.found == "skipped: all 20 requests are used"]
    assert untried
    assert all("'plan' finds it out" in f.next_step for f in untried)
