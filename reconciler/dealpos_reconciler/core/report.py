"""The report of an apply: one record per write, folded into one outcome per change.

Nothing here sends a request. The sender returns a `Written` per write, the verifier adds what reads
showed, and the functions below turn both into a `Report`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from dealpos_reconciler.core.diff.change import Action, Change, fingerprint
from dealpos_reconciler.core.diff.diff import equivalent_rewrites
from dealpos_reconciler.core.diff.known_rewrites import (
    Pair,
    carried_over_rewrites,
    fingerprint_pairs,
    rewrites_of,
)
from dealpos_reconciler.core.diff.readback import Proof, quote
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.masked import Path, hidden_texts, is_masked
from dealpos_reconciler.core.plan.plan import Plan

Status = Literal["applied", "unverified", "failed", "stale", "skipped"]
STATUSES: tuple[Status, ...] = ("applied", "unverified", "failed", "stale", "skipped")
ACCEPTED: tuple[Status, ...] = ("applied", "unverified")
"""The API has taken the request, if its answer is not `lost`; of `unverified`, no read has shown
the result."""

_UNVERIFIED = "accepted by the API, not verified"
_LOST = "the shop may have made this change or not, so plan again"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one change."""

    address: Address
    action: Action
    status: Status
    message: str = ""
    verified: bool = False
    lost: bool = False
    """True if no answer says whether the shop made the change."""


@dataclass(frozen=True, slots=True)
class Published:
    """The result of publishing a release of provider coupons."""

    place: str
    number: int
    status: Status
    message: str
    lost: bool = False
    """True if no answer says whether it was published."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an apply."""

    store: str
    outcomes: tuple[Outcome, ...]
    requests: int
    stopped: str | None = None
    """The reason why the run ended early."""
    needed: tuple[int, float] | None = None
    """Requests and seconds of a run in which a first group fits; set where none did."""
    labels: Mapping[Address, str] = field(default_factory=dict)
    """The names of objects for people, as in the plan."""
    published: Published | None = None
    """The release of provider coupons; None where the plan had none."""

    @property
    def accepted(self) -> list[Address]:
        """Return the objects whose change the API has accepted for certain."""
        return [o.address for o in self.outcomes if o.status in ACCEPTED and not o.lost]

    @property
    def verified(self) -> int:
        """Return how many changes a read has confirmed."""
        return sum(outcome.verified for outcome in self.outcomes)

    @property
    def complete(self) -> bool:
        """Return whether every change was applied and verified."""
        is_published = self.published is None or self.published.status == "applied"
        return is_published and all(outcome.verified for outcome in self.outcomes)

    def counts(self) -> dict[str, int]:
        """Return the number of outcomes by status."""
        statuses = [outcome.status for outcome in self.outcomes]
        return {name: statuses.count(name) for name in STATUSES}


@dataclass(frozen=True, slots=True)
class Written:
    """One write of one change: its status, and what reads showed of it afterwards."""

    change: Change
    proof: Proof
    status: Status
    """`applied` means that the API accepted the request, `unverified` that no read shows it."""
    reason: str | None = None
    """The reason for any other status."""
    observed: Value | None = None
    """The values that reads showed; {} for a deleted object that no read shows any more."""
    awaits_listing: bool = False
    """True if a listing must still show fields that no single read shows."""
    unread: str | None = None
    """The reason why reading it back failed."""
    readback: Value | None = None
    """The values that disagree with what was written; {} where no read shows the object."""
    notes: tuple[str, ...] = ()
    lost: bool = False
    """True if no answer says whether the shop carried it out."""

    @property
    def address(self) -> Address:
        """Return the address of the changed object."""
        return self.change.address

    @property
    def disagrees(self) -> bool:
        """Return whether a read shows something else than was written."""
        return self.status in ("unverified", "failed")

    @property
    def unconfirmed(self) -> bool:
        """Return whether it was accepted and not yet read back as far as it is to be."""
        is_seen = self.observed is not None and not self.awaits_listing
        return self.status == "applied" and not is_seen and self.unread is None


def fold_writes(writes: Sequence[Written]) -> Written:
    """Return the writes of one change as one: applied only if all of them were.

    A change that was written in part has failed, whichever of its writes came first.
    """
    notes = tuple(note for written in writes for note in written.notes)
    if lost := [written for written in writes if written.lost]:
        return replace(lost[0], notes=notes)
    failed = [written for written in writes if written.status == "failed"]
    rest = [written for written in writes if written.status not in ("failed", *ACCEPTED)]
    if not failed and not rest:
        unclear = [written for written in writes if written.status == "unverified"]
        return replace((unclear or writes)[-1], notes=notes)
    worst = failed[-1] if failed else rest[0]
    if all(written.status not in ACCEPTED for written in writes):
        return replace(worst, notes=notes)
    return replace(worst, status="failed", reason=f"partly applied: {worst.reason}", notes=notes)


def gather_writes(plan: Plan, writes: Iterable[Written]) -> Mapping[Address, Written]:
    """Return the writes of a run as one per change, in the order of the plan."""
    found: dict[Address, list[Written]] = {change.address: [] for change in plan.changes}
    for written in writes:
        found[written.address].append(written)
    return {address: fold_writes(own) for address, own in found.items()}


def leave_unread(writes: Mapping[Address, Written], why: str | None) -> Mapping[Address, Written]:
    """Return writes with the reason why the accepted ones were not read back."""
    return {a: replace(w, unread=why) if w.unconfirmed else w for a, w in writes.items()}


def list_set_aside(plan: Plan) -> Iterator[Outcome]:
    """Yield the approved changes that are not sent: already in place, or stale."""
    for done in plan.done:
        yield Outcome(done.address, done.action, "skipped", done.reason, verified=True)
    for stale in plan.stale:
        yield Outcome(stale.address, stale.action, "stale", stale.reason)


def outcome_of(kind: Kind, written: Written, known: Mapping[Path, Pair]) -> Outcome:
    """Return the outcome of a change; `known` are the rewrites that the shop is known for."""
    found = () if written.reason is None else (written.reason,)
    if written.status == "unverified":
        found = (f"{_UNVERIFIED}: {written.reason}; reads may be behind, so plan again later",)
    if written.lost:
        found = (f"{_LOST}: {written.reason}",)
    text = "; ".join((*found, *written.notes, *_read_notes(kind, written, known)))
    return Outcome(
        written.address,
        written.change.action,
        "unverified" if written.status == "applied" and written.unread else written.status,
        redact(kind, written.change, text),
        _settled_value(written) is not None and not _unshown_fields(written),
        written.lost,
    )


def rewrites_after(kind: Kind, written: Written, known: Mapping[Path, Pair]) -> Mapping[Path, Pair]:
    """Return the values that the shop stores in another form than they were written.

    A field that no read showed keeps its entry of `known`.
    """
    change = written.change
    over = carried_over_rewrites(kind, change.address, change.carried)
    if (live := _settled_value(written)) is None:
        # What may be a rounded price is believed when the next plan still finds it.
        seen = equivalent_rewrites(kind, change, written.readback or {}, settled=True)
        return {**known, **fingerprint_pairs(kind, change.address, seen), **over}
    rewrites = equivalent_rewrites(kind, change, live, settled=True)
    found = fingerprint_pairs(kind, change.address, rewrites)
    unshown = {path: pair for path, pair in known.items() if path[0] not in live}
    return {**unshown, **found, **over, **rewrites_of(kind, change, live)}


def _settled_value(written: Written) -> Value | None:
    """Return the values that reads showed, or None while writing or reading back is incomplete."""
    return written.observed if written.status == "applied" and not written.awaits_listing else None


def _unshown_fields(written: Written) -> list[str]:
    return sorted(written.proof.fields - (written.observed or {}).keys())


def _read_notes(kind: Kind, written: Written, known: Mapping[Path, Pair]) -> Iterator[str]:
    """Yield the notes that reading back adds to the message of a change."""
    change = written.change
    if written.unread is not None:
        yield f"{_UNVERIFIED}: {written.unread}"
    if (live := _settled_value(written)) is None:
        return
    found = equivalent_rewrites(kind, change, live, settled=True)
    for path, traces in fingerprint_pairs(kind, change.address, found).items():
        if known.get(path) != traces:
            private = kind.fields[path[0]].private
            trace = partial(fingerprint, change.address) if private else quote
            asked, stored = map(trace, found[path])
            if is_masked(found[path][0]):
                asked, stored = str(found[path][0]), "another value"
            yield f"DealPOS stored `{'.'.join(path)}` {asked} as {stored}"
    if unshown := _unshown_fields(written):
        named = ", ".join(f"`{name}`" for name in unshown)
        yield f"accepted; the API never returns {named}"


def redact(kind: Kind, change: Change, message: str) -> str:
    """Return `message` without customer data and secrets that a server may have repeated in it."""
    for name, spec in kind.fields.items():
        values = [(change.before or {}).get(name), (change.after or {}).get(name)]
        texts = [*hidden_texts(values), *(v for v in values if spec.private and type(v) is str)]
        for text in (text for text in texts if len(text) > 2):
            message = message.replace(text, "…")
    return message
