"""The order of a plan's steps: what a step writes must exist when it is written.

        category (parent first) ──► product + its variants ──► what those could not carry
                                             │
        customer ────────────► coupon ◄──────┘

The picture follows from the references between objects; no kind is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import TopologicalSorter

from reconciler.core.change import Action, Change
from reconciler.core.kind import Kinds
from reconciler.core.lower import Step, lower
from reconciler.core.plan import Plan
from reconciler.core.references import names
from reconciler.core.state import Address


def steps(plan: Plan, kinds: Kinds) -> tuple[Step, ...]:
    """Every step of the plan, in an order in which each finds what it needs; deterministic."""
    unordered = lower(plan, kinds)
    providers = _providers(unordered)
    waiting = {
        step.id: frozenset(_waits(step, unordered, providers, kinds) - {step.id})
        for step in unordered
    }
    sorter = TopologicalSorter(waiting)
    sorter.prepare()
    ordered: list[Step] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [replace(unordered[i], waits=waiting[i]) for i in ready]
        sorter.done(*ready)
    return tuple(ordered)


def _providers(unordered: list[Step]) -> Mapping[Address, int]:
    """The step after which an object exists under its address."""
    found: dict[Address, int] = {}
    for step in unordered:
        for change in step.changes:
            if step.creates or change.renamed_from:
                found.setdefault(change.address, step.id)
    return found


def _waits(
    step: Step, unordered: list[Step], providers: Mapping[Address, int], kinds: Kinds
) -> set[int]:
    waits = set()
    for change in step.changes:
        for needed in _needs(step, change, kinds):
            if needed in providers:
                waits.add(providers[needed])
        if change.address in providers:
            waits.add(providers[change.address])
    # A parent's update lists its children, so it comes before new ones are added (see `lower`).
    waits |= {
        other.id
        for other in unordered
        if step.creates and not other.creates and _is_parent_update(other, step, kinds)
    }
    return waits


def _needs(step: Step, change: Change, kinds: Kinds) -> Iterator[Address]:
    """What must exist before `step` writes its part of `change`."""
    kind = kinds[change.address.kind]
    carried = step.carried.get(kind.name, frozenset())
    value = change.after or {}
    for target, _ in names(kind, {name: value[name] for name in value if name in carried}):
        yield target
    if kind.parent:
        yield Address(kind.parent.kind, value.get(kind.parent.kind, ""))
    if kind.tree and "/" in change.address.name:
        yield Address(kind.name, change.address.name.rpartition("/")[0])


def _is_parent_update(other: Step, step: Step, kinds: Kinds) -> bool:
    kind = kinds[step.kind]
    if kind.parent is None or other.kind != kind.parent.kind or other.action is Action.CREATE:
        return False
    owners = {(change.after or {}).get(kind.parent.kind) for change in step.changes}
    touched = {change.address.name for change in other.changes} | {
        (change.after or {}).get(kind.parent.kind) for change in other.changes
    }
    return bool(owners & touched)
