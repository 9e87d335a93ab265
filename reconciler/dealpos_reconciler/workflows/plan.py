"""Files and shop to a plan that can be applied: load, read, build, check, order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from dealpos_reconciler.catalogue.files import Files
from dealpos_reconciler.catalogue.problems import note_unnameable
from dealpos_reconciler.core.coming import find_holds
from dealpos_reconciler.core.diff.attempts import Attempts
from dealpos_reconciler.core.diff.births import (
    EXPOSED,
    LIKELY,
    NOTED,
    declare_in_use,
    find_likely_births,
    find_void_births,
    mark_births,
)
from dealpos_reconciler.core.diff.known_rewrites import mark_changed_derived_fields
from dealpos_reconciler.core.ledger.record import RecordBasis
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.secret import conceal_declared, conceal_value
from dealpos_reconciler.core.model.store import PROVIDER
from dealpos_reconciler.core.money import sales
from dealpos_reconciler.core.plan.build import build_plan
from dealpos_reconciler.core.plan.faults import (
    check_references,
    explain_spellings,
    find_renamed_away,
)
from dealpos_reconciler.core.plan.notes import explain_doubles
from dealpos_reconciler.core.plan.past_runs import PastRuns, find_allowed, see_uses
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.plan.removal import keep_from_pruning
from dealpos_reconciler.core.plan.target import Scope, narrow_desired
from dealpos_reconciler.core.provider.options import ProviderSettings
from dealpos_reconciler.core.rehearsal import Rehearsal
from dealpos_reconciler.core.schedule import find_overdue
from dealpos_reconciler.core.steps import order, usage
from dealpos_reconciler.core.steps.prefix import check_prefixes
from dealpos_reconciler.core.steps.presets import Presets, find_common, note_assumed
from dealpos_reconciler.core.steps.step import Step
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.dealpos.promotions import RunningEvents, read_events
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.guardrails.guardrail import PlanContext, run_guardrails
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.backend import LedgerBackend
from dealpos_reconciler.ledger.run_ledger import RunLedger, read_for_rebuild
from dealpos_reconciler.workflows.dates.coming import look_at_coming, note_unjudged
from dealpos_reconciler.workflows.dates.instant import NOW, look_ahead
from dealpos_reconciler.workflows.open_shop import OpenShop, refuse_faults

if TYPE_CHECKING:
    from dealpos_reconciler.workflows.provider.reading import ProviderSide


class PlannedRun(NamedTuple):
    """A plan with the steps that carry it out and what they cost."""

    plan: Plan
    steps: tuple[Step, ...]
    usage: ApiUsage
    ledger: RunLedger
    """The ledger as it was read: locked while the plan is applied, then written."""
    basis: RecordBasis
    """The data from which the next ledger is made after the apply."""
    provider: ProviderSide | None = None
    """The coupon provider as it was read; None for a shop without one."""
    live: Live = Live()
    """The shop as it was read."""
    rehearsal: Rehearsal | None = None
    """The result of a rehearsal; None where none was asked for."""


def make_plan(
    shop: OpenShop,
    scope: Scope | None = None,
    overwrite: Sequence[str] = (),
    ledger: RunLedger | None = None,
    *,
    audit: bool = False,
    listed: Collection[str] = (),
) -> PlannedRun:
    """Compare the files and the shop, or the part of them that is in `scope`.

    Where both have changed a value since the last apply, the files win for the objects that a
    pattern of `overwrite` names. `ledger` takes the place of the one that the settings name. A
    replacement that an earlier run left interrupted is settled or planned. What may be a mistake
    in the files or drift is drift in an `audit`. The kinds in `listed` are listed also where no
    file declares any. Raises SourceError for faults of the files, UsageError for an empty scope,
    LedgerError for an unreadable ledger.
    """
    # The files come first: they tell what the masks in the ledger and the journal stand for.
    root, desired = shop.settings.root, shop.read_files()
    ledger = ledger or shop.read_ledger()
    desired, provider = find_provider(shop, desired)
    notes = (*shop.ledger_note, *desired.notes)
    if scope:
        desired, narrowed = narrow_desired(desired, scope, KINDS)
        notes = (*notes, narrowed)
    desired = mark_changed_derived_fields(desired, ledger.rewrites, KINDS)
    wanted = declare_in_use(desired, dict.fromkeys(shop.journal.births, NOTED), KINDS)
    elsewhere = provider.show(wanted) if provider else None
    deleted = ledger.deleted
    also = shop.journal.entries
    live = read_live(shop.client, wanted, KINDS, also, listed, elsewhere, deleted, look=audit)
    ledger.forget_seen(live)
    desired = conceal_declared(desired, live)
    shop.save_profile()
    read = live
    live, pending = shop.journal.resume(desired, live, KINDS)
    if scope:
        pending = {a: entry for a, entry in pending.items() if desired.get(a)}
    # An interrupted replacement may have carried rewrites over.
    ledger = ledger.with_new_rewrites()
    applied, once_applied = ledger.applied, ledger.once_applied
    is_allowed = find_allowed(desired, shop.today)
    refused = find_renamed_away(desired, live, KINDS, once_applied, is_allowed)
    desired = keep_from_pruning(desired, {address.kind for address in refused})
    found = check_references(desired, live, KINDS, applied, refused)
    refused |= {f.address: f.reason for f in found if f.is_drift or (audit and f.is_drift is None)}
    refused |= explain_spellings(desired, live, KINDS)
    refuse_faults(root, [fault for fault in found if fault.address not in refused], desired)
    asked = desired if audit else _complete_births(shop, ledger, desired, live)
    sides = ledger.hold_conflicts(asked, live, overwrite)
    past = PastRuns(
        pending,
        Attempts(shop.journal.attempts, scope.targets if scope else ()),
        once_applied,
        ledger.uses,
        is_allowed,
        shop.today,
    )
    if not audit:
        refused = past.find_gone(desired, live, KINDS) | refused
    doubles = explain_doubles(live, KINDS)
    refused |= {a: why for a, why in doubles.items() if a in live.doubles and desired.get(a)}
    notes = (*notes, *(f"{a}: {why}" for a, why in doubles.items() if a not in refused))
    plan, faults = build_plan(
        sides.desired, sides.live, KINDS, shop.store, ledger.rewrites, past, refused
    )
    refuse_faults(root, () if audit else faults, desired)
    plan = provider.extend(plan) if provider else plan
    uses = see_uses((desired, live), plan, ledger.uses, KINDS)
    shop.journal.see(uses, _find_settled(shop.journal.attempts, plan, desired, live))
    plan, basis = ledger.label_origins(plan, sides, desired, bool(scope))
    void = find_void_births(desired, shop.journal.births, KINDS)
    plan = replace(plan, given_up=(*plan.given_up, *void))
    events, plan = (RunningEvents(), plan) if audit else _read_events(shop, plan)
    common = find_common(plan, sides.live, KINDS)
    planned = order_steps(shop, plan, ledger, basis, common)._replace(provider=provider, live=read)
    plan = replace(planned.plan, notes=plan.notes) if audit else planned.plan
    key = shop.client.store.mask_key
    former = {
        a: conceal_value(
            a, entry.before, declared.value if (declared := desired.get(a)) else {}, key
        )
        for a, entry in pending.items()
    }
    context = PlanContext(
        plan,
        sides.desired,
        sides.live,
        KINDS,
        shop.today,
        bool(scope),
        former,
        past.applied,
        shop.other_stores,
        events.prices,
    )
    guardrails = shop.settings.guardrails
    overdue = find_overdue((*plan.changes, *plan.blocked_changes), desired) if audit else {}
    coming, later = ((), iter(())) if audit else look_at_coming(context)
    violations, remarks = run_guardrails(guardrails, context, Files(root).locate, later)
    # Nothing was read of the objects outside a scope, so none of them is unmanaged.
    unmanaged = () if scope else plan.unmanaged
    authorising = () if scope and not listed else plan.authorising
    later_days = () if audit else note_unjudged(coming, sides.desired)
    notes = (*notes, *plan.notes, *note_unnameable(unmanaged), *remarks, *later_days)
    plan = replace(
        plan, violations=violations, notes=notes, unmanaged=unmanaged, authorising=authorising
    )
    at = shop.at.astimezone(shop.settings.timezone or UTC).isoformat(timespec="seconds")
    holds = find_holds(plan.changes, desired.schedule, KINDS)
    plan = replace(plan, at=at, as_of=shop.as_of, holds_until=holds)
    return planned._replace(plan=replace(plan, coming=coming, overdue=overdue))


def _read_events(shop: OpenShop, plan: Plan) -> tuple[RunningEvents, Plan]:
    """Return the running promotion events of objects whose prices change, where that is asked for.

    The plan counts the requests.
    """
    if not any(getattr(rule, "events", False) for rule in shop.settings.guardrails.values()):
        return RunningEvents(), plan
    moved = [c.address for c in plan.changes if c.before and any(s.rise for s in sales(c, KINDS))]
    events = read_events(shop.client, moved, shop.today)
    notes = (*plan.notes, *events.notes)
    return events, replace(plan, reads=shop.client.requests, notes=notes)


def find_provider(shop: OpenShop, desired: Desired) -> tuple[Desired, ProviderSide | None]:
    """Return the coupons as they are meant today, and the provider; None without any of it."""
    kinds = {name for name, found in desired.objects.items() if found}
    kinds |= {address.kind for address in desired.removals}
    has_section = shop.settings.provider != ProviderSettings()
    if not has_section and all(KINDS[name].home != PROVIDER for name in kinds):
        return desired, None
    from dealpos_reconciler.workflows.provider.reading import read_provider

    desired, side = read_provider(shop.settings, desired)
    return side.fill(desired), side


def preview_plan(
    shop: OpenShop, scope: Scope | None, overwrite: Sequence[str], at: str = NOW
) -> PlannedRun:
    """Return the plan of a run that only shows it, with the cost of an apply of its own.

    `at` is the day or time that it is made for.
    """
    look_ahead(shop, at)
    run = make_plan(shop, scope, overwrite)
    if run.plan.empty:
        return run
    return run._replace(usage=run.usage.in_another_run(_window_of(shop)))


def _window_of(shop: OpenShop) -> usage.Window:
    return usage.Window(shop.client.window.capacity, shop.client.window.seconds)


def _complete_births(shop: OpenShop, ledger: RunLedger, desired: Desired, live: Live) -> Desired:
    """Return `desired` with what an interrupted apply left incomplete on sale."""
    likely = find_likely_births(desired, live, ledger.applied, KINDS)
    births = dict.fromkeys(likely, LIKELY) | mark_births(shop.journal.births, live, KINDS)
    return declare_in_use(desired, births, KINDS)


def _find_settled(
    tried: Iterable[Address], plan: Plan, desired: Desired, live: Live
) -> frozenset[Address]:
    """Return the objects that are as declared by now, whatever came of an attempt."""
    open_ = {change.address for change in plan.changes}
    open_ |= {address for address, _ in (*plan.blocked, *plan.unknown)}
    return frozenset(
        address
        for address in tried
        if address not in open_
        and (
            live.get(address) is ABSENT
            if address in desired.removals
            else desired.get(address) and isinstance(live.get(address), Observed)
        )
    )


def rebuild_ledger(shop: OpenShop, backend: LedgerBackend, force: bool) -> None:
    """Write a ledger of every object that is as declared; `force` breaks the lock of a dead run."""
    shop.read_files()
    known = read_for_rebuild(backend, shop.state, shop.store, shop.journal, shop.settings.folders)
    planned = make_plan(shop, ledger=known, audit=True)
    with shop.journal.lock():
        known.rebuild(planned.plan, planned.basis, force)


def order_steps(
    shop: OpenShop,
    plan: Plan,
    ledger: RunLedger,
    basis: RecordBasis,
    common: Mapping[str, Value] | None = None,
) -> PlannedRun:
    """Return the plan with its steps in order, checked, and their cost in the request window.

    `common` are the values that most live objects have, by kind.
    """
    tenant = shop.client.routes.tenant
    tenant.unsafe_birth = tenant.unsafe_birth or shop.journal.content.sold_at_once
    # An apply that completes what is on sale creates nothing out of sale.
    exposed = any(change.interrupted == EXPOSED for change in plan.changes)
    proven = None if tenant.unsafe_birth or exposed else tenant.safe_births
    sent, presets = plan.in_shop(KINDS), Presets(tenant.presets, common or {})
    steps = order.order_steps(sent, KINDS, proven=proven, presets=presets, today=shop.today)
    unsafe = tenant.unsafe_birth and not exposed
    checked = check_prefixes(sent, steps, KINDS, unsafe_births=unsafe)
    window = _window_of(shop)
    notes = (*plan.notes, *usage.note_gaps(steps, window), *note_assumed(steps))
    plan = replace(plan, interruptions=checked, notes=notes)
    estimate = usage.estimate(steps, KINDS, plan.reads, plan.listings, window)
    return PlannedRun(plan, steps, estimate, ledger, basis)
