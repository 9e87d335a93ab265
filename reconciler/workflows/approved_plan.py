"""An approved plan against the shop of this moment: what goes ahead, what is held, what is so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.core.diff.change import Action
from reconciler.core.diff.known_rewrites import KnownRewrites
from reconciler.core.diff.rename import with_renames
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.live import Live
from reconciler.core.plan import faults as references
from reconciler.core.plan.approved import (
    Approved,
    SkippedChange,
    StaleField,
    compare_approved,
    desired_from_approved,
)
from reconciler.core.plan.build import build_plan
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.replacement import Interrupted
from reconciler.core.plan.violation import Violation
from reconciler.dealpos.reading.read import read_live
from reconciler.errors import UsageError
from reconciler.kinds import KINDS
from reconciler.render.words import written
from reconciler.workflows.open_shop import OpenShop
from reconciler.workflows.plan import PlannedRun, order_steps
from reconciler.workflows.plan_file import Saved

_FILES = "its declaration has changed since the plan was saved"
_DONE = "already in place"


def resume(shop: OpenShop, approved: Saved) -> PlannedRun:
    """The approved plan, as far as it still rests on the same ground; nothing is added to it.

    Raises UsageError for a plan that was made for another store, SourceError where it approves
    customer data and the files that hold it are broken.
    """
    if approved.store != shop.store:
        raise UsageError(
            f"{approved.name} was made for {approved.store}, not for {shop.store}",
            hint="apply it to that store, or plan again for this one",
        )
    for change in approved.changes:
        if strange := _strange(change):
            raise UsageError(
                f"{approved.name} contains fields that this version does not know: {strange}",
                hint="make it again with this version of reconciler",
            )
    files = shop.read_desired() if _secretive(approved.changes) else Desired()
    desired = desired_from_approved(approved.changes, files, KINDS)
    state, pending = shop.journal.resume(read_live(shop.client, desired, KINDS), KINDS)
    before = shop.read_ledger()
    # Of what was approved nothing is held back any more: whoever approved it has seen it.
    both = before.hold_conflicts(desired, state, ("*",))
    desired, state = both.desired, both.live
    view, renames, _ = with_renames(desired, state, KINDS, before.rewrites)
    moved, done = compare_approved(approved.changes, view, renames, KINDS)
    lost = {
        c.address: _FILES
        for c in approved.changes
        if desired.get(c.address) is None and c.address not in desired.removals
    }
    reasons = _reasons(moved) | lost
    left = _without(desired, {*reasons, *done})
    made, more = _build(left, state, shop.store, before.rewrites, pending, approved.changes)
    reasons |= more
    actions = {change.address: change.action for change in approved.changes}
    made = replace(
        made,
        stale=tuple(SkippedChange(a, actions[a], reasons[a]) for a in actions if a in reasons),
        done=tuple(SkippedChange(a, actions[a], _DONE) for a in done if a not in reasons),
        unmanaged=(),
        unknown=(),
        blocked=(),
        unchanged=0,
        violations=tuple(_violations(approved.violations, made, shop.today)),
    )
    made, basis = before.label_origins(made, both, left, partial=True)
    return order_steps(shop, made, before, basis)


def _violations(found: Iterable[Violation], made: Plan, today: str) -> Iterator[Violation]:
    """What was held against what is left of the plan; an exception that has ended covers nothing.

    The guardrails are not asked again: they would see a part of the shop, and nothing is written
    but what they have seen.
    """
    left = {change.address for change in made.changes}
    for violation in found:
        if violation.address in left or (left and violation.address is None):
            ended = violation.allowed and violation.allowed.until < today
            yield replace(violation, allowed=None) if ended else violation


def _build(
    desired: Desired,
    state: Live,
    store: str,
    kept: KnownRewrites,
    pending: Mapping[Address, Interrupted],
    changes: Iterable[Approved],
) -> tuple[Plan, dict[Address, str]]:
    """The plan of what is left, and what cannot be done any more, with why."""
    held: dict[Address, str] = {}
    seen = {change.address: change.implied for change in changes}
    while True:
        faults = references.check_references(desired, state, KINDS)
        approved = {a: entry for a, entry in pending.items() if desired.get(a)}
        made, more = build_plan(desired, state, KINDS, store, kept, approved)
        faults += more
        wider = dict(_wider(made, seen))
        if not faults and not wider:
            break
        held |= wider | {fault.address: fault.message for fault in faults}
        desired = _without(desired, held)
    held |= {address: reason for address, reason in (*made.unknown, *made.blocked)}
    return made, held


def _wider(made: Plan, seen: Mapping[Address, Collection[str]]) -> Iterator[tuple[Address, str]]:
    """What would by now create more on the way than was approved."""
    for change in made.changes:
        more = [str(a) for a in change.implied if str(a) not in seen.get(change.address, ())]
        if more:
            yield change.address, f"it would also create {', '.join(more)}, which was not approved"


def _without(desired: Desired, addresses: Collection[Address]) -> Desired:
    objects = {kind: dict(declared) for kind, declared in desired.objects.items()}
    for address in addresses:
        objects.get(address.kind, {}).pop(address.name, None)
    removals = {a: r for a, r in desired.removals.items() if a not in addresses}
    return Desired(objects, removals=removals)


def _strange(change: Approved) -> str:
    """What of a change no kind here has; empty for one of our own."""
    kind = KINDS.get(change.address.kind)
    if kind is None:
        return f"the kind {change.address.kind}"
    names = {*change.names, *(change.before or ()), *(change.after or ())} - {*kind.fields}
    return f"the {kind.name} fields {', '.join(sorted(names))}" if names else ""


def _secretive(changes: Iterable[Approved]) -> bool:
    """Whether customer data is approved, which only the files hold."""
    kinds = {change.address.kind for change in changes}
    return any(field.private for name in kinds for field in KINDS[name].fields.values())


def _reasons(moved: Iterable[StaleField]) -> dict[Address, str]:
    """Why each change is held: every field that moved, and whose value would be lost."""
    reasons: dict[Address, list[str]] = {}
    for item in moved:
        reasons.setdefault(item.address, []).append(item.reason or _overwritten(item))
    return {address: "; ".join(texts) for address, texts in reasons.items()}


def _overwritten(item: StaleField) -> str:
    field = KINDS[item.address.kind].fields[item.name]
    if field.private:
        return f"`{item.name}` was changed in the shop after the plan was saved"
    before, now, after = (
        written(item.address, field, value) for value in (item.before, item.now, item.after)
    )
    writing = "deleting it" if item.action is Action.DELETE else f"writing {after}"
    return (
        f"`{item.name}` was {before} when the plan was saved and is {now} now: "
        f"{writing} would undo that change"
    )
