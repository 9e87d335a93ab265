"""Settle the writes of a run: their outcomes, and what the journal remembers of them."""

from __future__ import annotations

from collections.abc import Mapping

from dealpos_reconciler.core.diff.attempts import is_settled, record_attempt
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.report import (
    ACCEPTED,
    Outcome,
    Written,
    outcome_of,
    redact,
    rewrites_after,
)
from dealpos_reconciler.ledger.journal import Journal


def settle_writes(
    plan: Plan,
    writes: Mapping[Address, Written],
    kinds: Kinds,
    journal: Journal,
    refusals: Mapping[Address, tuple[Address, ...]],
    births: frozenset[Address],
) -> list[Outcome]:
    """Return the outcomes of the writes of `plan`, and note in the journal what became of them.

    `refusals` are new objects that the shop refused, each with all of the same request; `births`
    are those that are created out of use.
    """
    outcomes, rewrites, attempts = [], {}, {}
    planned = {change.address: change for change in plan.changes}
    for address, written in writes.items():
        kind, known = kinds[address.kind], plan.known_rewrites.get(address, {})
        outcomes.append(outcome_of(kind, written, known))
        if written.status in ACCEPTED and not written.lost:
            rewrites[address] = rewrites_after(kind, written, known)
        refused = refusals.get(address, ())
        if written.disagrees and (refused or written.readback is not None):
            late = "; reads may be behind" if written.status == "unverified" else ""
            said = redact(kind, written.change, f"{written.reason}{late}")
            # An object that is born out of use was tried as it is planned.
            change = planned[address] if refused else written.change
            attempts[address] = record_attempt(kind, change, written.readback, said, refused)
    verified = [outcome.address for outcome in outcomes if outcome.verified]
    unsent = {outcome.address for outcome in outcomes if outcome.status == "skipped"}
    journal.settle([*plan.given_up, *verified, *(births & unsent)], rewrites)
    journal.note_uses(writes[address].change for address in verified)
    tried = journal.attempts
    settled = [a for a in verified if is_settled(kinds[a.kind], writes[a].change, tried.get(a))]
    journal.note_attempts(attempts, settled)
    return outcomes
