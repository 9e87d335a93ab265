"""Creations that must read back as declared: how they are undone, and renewed before they run."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.diff.change import Change
from reconciler.core.diff.readback import proof_of
from reconciler.core.model.kind import Kind, Value
from reconciler.core.plan.replacement import restore_old
from reconciler.core.steps.step import Step, Undo, build_request, values_to_send


def renew_replacement(step: Step, kind: Kind, change: Change) -> Step:
    """Return the replacement `step` with its change recomputed from what the shop has now."""
    assert kind.create is not None
    creation = build_request(kind, kind.create, values_to_send(change))
    return replace(
        step,
        changes=(change,),
        requests=(step.requests[0], creation),
        proofs={change.address: proof_of(kind, change)},
        undo=build_undo(kind, change, change.before),
    )


def build_undo(kind: Kind, change: Change, replaced: Value | None) -> Undo | None:
    """Return the requests that undo a creation which must not be broader than declared."""
    if not kind.must_match_on_readback or kind.delete is None or kind.create is None:
        return None
    remove = build_request(kind, kind.delete, change.after or {})
    if replaced is None:
        return Undo(remove)
    old = restore_old(kind, replaced, change.after or {})
    if old is None:
        return Undo(remove, replaces=True)
    must_match = {name: value for name, value in old.items() if name in kind.must_match_on_readback}
    return Undo(remove, True, build_request(kind, kind.create, old), must_match)
