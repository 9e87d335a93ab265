"""Compare a saved plan with the live shop; changes that became stale are not applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from dealpos_reconciler.core.diff.attempts import Attempts
from dealpos_reconciler.core.diff.births import NOTED, declare_in_use, mark_births
from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.diff.rename import with_renames
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.model.secret import conceal_declared
from dealpos_reconciler.core.plan import faults as references
from dealpos_reconciler.core.plan.approved import (
    Approved,
    StaleField,
    compare_approved,
    desired_from_approved,
)
from dealpos_reconciler.core.plan.build import build_plan
from dealpos_reconciler.core.plan.past_runs import PastRuns
from dealpos_reconciler.core.plan.plan import Plan, SkippedChange, Violation
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.guardrails.guardrail import PlanContext, run_guardrails
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.run_ledger import RunLedger
from dealpos_reconciler.render.words import format_value
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import PlannedRun, order_steps
from dealpos_reconciler.workflows.plan_file import SavedPlan

if TYPE_CHECKING:
    from dealpos_reconciler.workflows.provider.reading import ProviderSide

_UNSAFE = "unsafe-stop"


def recheck_plan(shop: OpenShop, approved: SavedPlan) -> PlannedRun:
    """Return the part of the approved plan that is still valid; nothing is added to it.

    Raises UsageError for a plan of another store, SourceError where it approves customer data and
    the files that hold the data are not valid.
    """
    if approved.as_of:
        raise UsageError(
            f"{approved.name} shows the plan as of {approved.as_of} and cannot be applied",
            hint="make a plan without --at; on that day it contains what is due",
        )
    if approved.store != shop.store:
        raise UsageError(
            f"{approved.name} was made for {approved.store}, not for {shop.store}",
            hint="apply it to that store, or plan again for this one",
        )
    for change in approved.changes:
        if strange := _unknown_part(change):
            raise UsageError(
                f"{approved.name} contains fields that this version does not know: {strange}",
                hint="make it again with this version of reconciler",
            )
    needs_files = bool(approved.publication) or _needs_files(approved.changes)
    files = shop.read_files() if needs_files else Desired()
    # A name from the environment is a mark in the plan; the files tell what it stands for.
    names = {str(address): address for address in (*dict(files), *files.removals)}
    meant = {c.address: _find_named(c, names) for c in approved.changes}
    approved = replace(
        approved,
        changes=tuple(_with_names(c, meant[c.address], files) for c in approved.changes),
        violations=tuple(
            replace(v, address=meant.get(v.address, v.address) if v.address else None)
            for v in approved.violations
        ),
    )
    desired = desired_from_approved(approved.changes, files, KINDS)
    before = shop.read_ledger()
    wanted = declare_in_use(desired, dict.fromkeys(shop.journal.births, NOTED), KINDS)
    provider = read_approved_provider(shop, approved, files)
    elsewhere = provider.show(wanted) if provider else None
    live = read_live(shop.client, wanted, KINDS, elsewhere=elsewhere)
    desired = conceal_declared(desired, live)
    state, pending = shop.journal.resume(desired, live, KINDS)
    births = shop.journal.births
    desired = declare_in_use(desired, mark_births(births, live, KINDS), KINDS)
    before = before.with_new_rewrites()
    # Conflicts with the ledger hold nothing back here: they were shown when it was approved.
    both = before.hold_conflicts(desired, state, ("*",))
    desired, state = both.desired, both.live
    view, renames, _ = with_renames(desired, state, KINDS, before.rewrites)
    moved, done = compare_approved(approved.changes, view, renames, KINDS, births)
    lost = {
        c.address: "its declaration has changed since the plan was saved"
        for c in approved.changes
        if desired.get(c.address) is None and c.address not in desired.removals
    }
    reasons = _reasons_by_address(moved) | lost | _find_past_steps(approved.changes, shop.at)
    if provider and approved.publication:
        addresses = [change.address for change in approved.changes]
        reasons |= provider.find_stale(approved.publication, addresses)
    left = desired.without({*reasons, *done})
    past = PastRuns(pending, Attempts(shop.journal.attempts), uses=before.uses)
    made, more = _build(left, state, before, past, approved.changes)
    reasons |= more
    actions = {change.address: change.action for change in approved.changes}
    made = replace(
        made,
        stale=tuple(SkippedChange(a, actions[a], reasons[a]) for a in actions if a in reasons),
        done=tuple(
            SkippedChange(a, actions[a], "already in place") for a in done if a not in reasons
        ),
        unmanaged=(),
        authorising=(),
        unknown=(),
        blocked=(),
        blocked_changes=(),
        unchanged=None,
        violations=tuple(_remaining_violations(approved.violations, made, shop.today)),
    )
    if provider and approved.publication:
        made = provider.hold_to(approved.publication, made)
    made, basis = before.label_origins(made, both, left, partial=True)
    planned = order_steps(shop, made, before, basis)
    plan = _add_unsafe_stops(shop, planned.plan)
    return planned._replace(plan=plan, provider=provider, live=live)


def _find_past_steps(changes: Iterable[Approved], now: datetime) -> dict[Address, str]:
    """Return the changes whose dated values have been followed by others since."""
    ends = {c.address: datetime.fromisoformat(c.holds_until) for c in changes if c.holds_until}
    return {
        address: f"other values are due since {end:%Y-%m-%d %H:%M}: plan again"
        for address, end in ends.items()
        if end <= now
    }


def read_approved_provider(
    shop: OpenShop, approved: SavedPlan, files: Desired
) -> ProviderSide | None:
    """Return the provider as it is now, for a plan that publishes a release; else None."""
    if approved.publication is None:
        return None
    from dealpos_reconciler.workflows.provider.reading import read_provider

    return read_provider(shop.settings, files)[1]


def _with_names(change: Approved, address: Address, files: Desired) -> Approved:
    """Return a change under the names that the files tell, the former one included."""
    declared, was = files.get(address), change.renamed_from
    if declared and declared.was and str(declared.was) == was:
        was = declared.was
    return replace(change, address=address, renamed_from=was)


def _find_named(change: Approved, names: Mapping[str, Address]) -> Address:
    """Return the object that a change is of: by its address, or by the mark of its secret name."""
    address = change.address
    if str(address) in names or not address.name.startswith("#"):
        return names.get(str(address), address)
    shown = (change.after or change.before or {}).get(KINDS[address.kind].identity)
    masked = (a for a in names.values() if a.kind == address.kind and is_masked(a.name))
    return next((a for a in masked if change.mark(a.name) == shown), address)


def _add_unsafe_stops(shop: OpenShop, made: Plan) -> Plan:
    """Return the plan with the violations that were unknown of the shop when it was approved."""
    rules = {name: rule for name, rule in shop.settings.guardrails.items() if name == _UNSAFE}
    context = PlanContext(made, Desired(), Live(), KINDS, shop.today, partial=True)
    found, _ = run_guardrails(rules, context, lambda source, _: source)
    known = {violation.address for violation in made.violations if violation.rule == _UNSAFE}
    new = (violation for violation in found if violation.address not in known)
    return replace(made, violations=(*made.violations, *new))


def _remaining_violations(
    found: Iterable[Violation], made: Plan, today: str
) -> Iterator[Violation]:
    """Return the violations of the remaining changes; an exception that has ended does not count.

    The guardrails do not run again: only a part of the shop was read, and they have already
    checked every change that can be applied.
    """
    left = {change.address for change in made.changes}
    for violation in found:
        if violation.address in left or (left and (violation.day or violation.address is None)):
            was = violation.allowed
            ended = was is not None and was.until < today
            yield replace(violation, allowed=None, ended=was) if ended else violation


def _build(
    desired: Desired,
    state: Live,
    ledger: RunLedger,
    past: PastRuns,
    changes: Iterable[Approved],
) -> tuple[Plan, dict[Address, str]]:
    """Return the plan of the remaining changes, and the reasons for those that are impossible."""
    held: dict[Address, str] = {}
    seen = {change.address: change.implied for change in changes}
    while True:
        faults = references.check_references(desired, state, KINDS)
        approved = {a: entry for a, entry in past.interrupted.items() if desired.get(a)}
        known = replace(past, interrupted=approved)
        made, more = build_plan(desired, state, KINDS, ledger.store, ledger.rewrites, known)
        faults += more
        wider = dict(_find_additions(made, seen))
        if not faults and not wider:
            break
        held |= wider | {fault.address: fault.message for fault in faults}
        desired = desired.without(held)
    held |= {address: reason for address, reason in (*made.unknown, *made.blocked)}
    return made, held


def _find_additions(
    made: Plan, seen: Mapping[Address, Collection[str]]
) -> Iterator[tuple[Address, str]]:
    """Return the changes that would now create more objects than were approved."""
    for change in made.changes:
        more = [str(a) for a in change.implied if str(a) not in seen.get(change.address, ())]
        if more:
            yield change.address, f"it would also create {', '.join(more)}, which was not approved"


def _unknown_part(change: Approved) -> str | None:
    """Return the kind or the fields of a change that this version does not know, or None."""
    kind = KINDS.get(change.address.kind)
    if kind is None:
        return f"the kind {change.address.kind}"
    names = {*change.names, *(change.before or ()), *(change.after or ()), *change.carried}
    names -= {*kind.fields}
    return f"the {kind.name} fields {', '.join(sorted(names))}" if names else None


def _needs_files(changes: Iterable[Approved]) -> bool:
    """Return whether values are approved that the saved plan does not contain.

    They are customer data, and what comes from the environment.
    """
    return any(change.masked or KINDS[change.address.kind].is_private for change in changes)


def _reasons_by_address(moved: Iterable[StaleField]) -> dict[Address, str]:
    """Return why each change is stale: every field that changed in the shop since."""
    reasons: dict[Address, list[str]] = {}
    for item in moved:
        reasons.setdefault(item.address, []).append(item.reason or _explain_stale(item))
    return {address: "; ".join(texts) for address, texts in reasons.items()}


def _explain_stale(item: StaleField) -> str:
    field = KINDS[item.address.kind].fields[item.name]
    if field.private or item.hidden:
        return f"`{item.name}` was changed in the shop after the plan was saved"
    before, now, after = (
        format_value(item.address, field, value) for value in (item.before, item.now, item.after)
    )
    writing = "deleting it" if item.action is Action.DELETE else f"writing {after}"
    return (
        f"`{item.name}` was {before} when the plan was saved and is {now} now: "
        f"{writing} would undo that change"
    )
