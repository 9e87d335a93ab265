"""Files and shop to a plan that can be applied: load, read, build, check, order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from reconciler.errors import Problem

if TYPE_CHECKING:
    from reconciler.core.ledger.record import RecordBasis
    from reconciler.core.model.address import Address
    from reconciler.core.model.desired import Desired
    from reconciler.core.model.live import Live
    from reconciler.core.plan.plan import Plan
    from reconciler.core.plan.replacement import Interrupted
    from reconciler.core.plan.target import Scope
    from reconciler.core.steps.step import Step
    from reconciler.core.steps.usage import ApiUsage
    from reconciler.guardrails.guardrail import PlanContext
    from reconciler.ledger.run_ledger import RunLedger
    from reconciler.workflows.open_shop import OpenShop


class PlannedRun(NamedTuple):
    """A plan with the steps that carry it out and what they cost."""

    plan: Plan
    steps: tuple[Step, ...]
    usage: ApiUsage
    ledger: RunLedger
    """The ledger as it was read: locked while the plan is applied, then written."""
    basis: RecordBasis
    """What the ledger will be made from after the apply."""


def make_plan(
    shop: OpenShop,
    scope: Scope | None = None,
    overwrite: Sequence[str] = (),
    ledger: RunLedger | None = None,
) -> PlannedRun:
    """Compare the files and the shop, or the part of them that is in `scope`.

    Where both have changed a value since the last apply, the files win for the objects that a
    pattern of `overwrite` names. `ledger` takes the place of the one that the settings name. A
    replacement that an earlier run left interrupted is settled or planned. Raises SourceError for
    faults of the files, UsageError for an empty scope, LedgerError for an unreadable ledger.
    """
    from reconciler.core.plan.build import build_plan
    from reconciler.core.plan.faults import check_references
    from reconciler.guardrails.guardrail import PlanContext
    from reconciler.kinds import KINDS

    ledger = ledger or shop.read_ledger()
    desired, notes = _load(shop, scope, ledger)
    live, pending = _read(shop, desired)
    if scope:
        pending = {a: entry for a, entry in pending.items() if desired.get(a)}
    ledger = (
        ledger.with_new_rewrites()
    )  # with the rewrites that an interrupted replacement carried over
    shop.refuse(check_references(desired, live, KINDS), desired)
    sides = ledger.hold_conflicts(desired, live, overwrite)
    plan, faults = build_plan(
        sides.desired, sides.live, KINDS, shop.store, ledger.rewrites, pending
    )
    shop.refuse(faults, desired)
    plan, basis = ledger.label_origins(plan, sides, desired, bool(scope))
    former = {address: entry.before for address, entry in pending.items()}
    context = PlanContext(plan, sides.desired, sides.live, KINDS, shop.today, bool(scope), former)
    plan = _check(shop, context)
    if scope:
        # Nothing was read of the objects outside the scope, so none of them is unmanaged.
        plan = replace(plan, unmanaged=(), notes=(*notes, *plan.notes))
    return order_steps(shop, plan, ledger, basis)


def _load(
    shop: OpenShop, scope: Scope | None, ledger: RunLedger
) -> tuple[Desired, tuple[str, ...]]:
    """Return the declared objects in scope, and the notes on the scope."""
    from reconciler.core.diff.known_rewrites import mark_changed_derived_fields
    from reconciler.core.plan.target import narrow_desired
    from reconciler.kinds import KINDS

    desired = shop.read_files()
    notes: tuple[str, ...] = ()
    if scope:
        desired, sentence = narrow_desired(desired, scope, KINDS)
        notes = (sentence,)
    return mark_changed_derived_fields(desired, ledger.rewrites, KINDS), notes


def _read(shop: OpenShop, desired: Desired) -> tuple[Live, Mapping[Address, Interrupted]]:
    """Return the live objects, and the replacements that an earlier run left interrupted."""
    from reconciler.dealpos.reading.read import read_live
    from reconciler.kinds import KINDS

    state = read_live(shop.client, desired, KINDS, shop.journal.entries)
    shop.save_profile()
    state, pending = shop.journal.resume(state, KINDS)
    return state, pending


def _check(shop: OpenShop, context: PlanContext) -> Plan:
    """Return the plan with the violations of its guardrails."""
    from reconciler.catalogue.files import Files
    from reconciler.guardrails.guardrail import run_guardrails

    locate = Files(shop.settings.root).locate
    violations, notes = run_guardrails(shop.settings.guardrails, context, locate)
    return replace(context.plan, violations=violations, notes=(*context.plan.notes, *notes))


def order_steps(shop: OpenShop, plan: Plan, ledger: RunLedger, basis: RecordBasis) -> PlannedRun:
    """Return the plan with its steps in order, and their cost in the shop's request window."""
    from reconciler.core.steps import order, usage
    from reconciler.kinds import KINDS

    steps = order.order_steps(plan, KINDS)
    window = usage.Window(shop.client.window.capacity, shop.client.window.seconds)
    estimate = usage.estimate(steps, KINDS, plan.reads, plan.listings, window)
    return PlannedRun(plan, steps, estimate, ledger, basis)


def refuse_violations(plan: Plan) -> None:
    """Raise Refused when a guardrail refuses the plan; before anything is written."""
    from reconciler.core.plan.violation import refusals
    from reconciler.errors import Refused
    from reconciler.render.plan.violations import allow_block, violation_line

    found = refusals(plan.violations)
    if found:
        nowhere = ("", 0, 0)
        labels = plan.labels
        problems = [Problem(*(v.source or nowhere), violation_line(v, labels)) for v in found]
        raise Refused(problems, allow_block(found, datetime.now(UTC).isoformat()))
