"""The last audit of a shop, in `.reconciler/`, for the board.

The file is safe to delete. It holds the words of an audit: no customer data and no secret.
"""

from __future__ import annotations

import glob
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from dealpos_reconciler.core.audit import CALM, Audit, AuditFinding
from dealpos_reconciler.core.diff.change import PENDING
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.model.store import PROVIDER
from dealpos_reconciler.core.money import moved_sales
from dealpos_reconciler.core.schedule import list_schedule
from dealpos_reconciler.ledger import TIME_FORMAT, now
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.render.board.values import MAX_ROWS, ComingRow, DriftRow, KnownAudit
from dealpos_reconciler.render.findings import WITHOUT_DETAILS, describe, describe_margins
from dealpos_reconciler.render.view import place, place_of
from dealpos_reconciler.render.words import ObjectLabels, plural, with_label
from dealpos_reconciler.workflows.board.runs import read_section, save_section

AUDIT_FILE = "audit.json"


class Seen(TypedDict, total=False):
    """One object that was not as declared; only the first ones have more than state and since."""

    state: str
    since: str
    below_cost: bool
    name: str
    place: str
    details: list[str]
    margins: list[str]
    commands: list[str]


class Remembered(TypedDict):
    """The file of the last audit."""

    at: str
    counts: dict[str, int]
    objects: dict[str, Seen]
    coming: list[dict[str, str]]


_REMEMBERED = TypeAdapter(Remembered)


def remember_audit(
    state: StateDir,
    audit: Audit,
    desired: Desired,
    kinds: Kinds,
) -> None:
    """Remember an audit of the whole shop; objects that were known keep the time of their drift."""
    before = _read(state, audit.store)
    found = _see(audit, kinds, before["objects"] if before else {}, now())
    made: Remembered = {
        "at": now(),
        "counts": audit.counts(),
        "objects": found,
        "coming": [
            *(_describe_end(*each) for each in _find_ends(desired, kinds)),
            *_find_dated_changes(desired),
        ],
    }
    save_section(state, audit.store, AUDIT_FILE, made)


def remember_part(state: StateDir, audit: Audit, kinds: Kinds, judged: Collection[Address]) -> None:
    """Bring the remembered audit up to date for the objects that a smaller one has `judged`."""
    known = _read(state, audit.store)
    if known is None:
        return
    names = set(map(str, judged))
    found = _see(audit, kinds, known["objects"], now())
    objects = {name: seen for name, seen in known["objects"].items() if name not in names}
    moved = Counter(seen["state"] for seen in (objects | found).values())
    moved.subtract(seen["state"] for seen in known["objects"].values())
    counts = Counter(known["counts"])
    counts.update(moved)
    counts["unchanged"] -= moved.total()
    made = {"objects": objects | found, "counts": {n: max(c, 0) for n, c in counts.items()}}
    save_section(state, audit.store, AUDIT_FILE, {**known, **made})


def _see(audit: Audit, kinds: Kinds, known: Mapping[str, Seen], moment: str) -> dict[str, Seen]:
    """Return what is to be remembered of findings, the most urgent first."""
    findings = [found for found in audit.findings if found.state not in CALM]
    losses = {found.address for found in findings if _is_loss(found, kinds)}
    findings.sort(key=lambda found: found.address not in losses)
    seen: dict[str, Seen] = {}
    for number, found in enumerate(findings):
        name = str(found.address)
        since = known.get(name, {}).get("since", moment)
        one: Seen = {"state": found.state, "since": since}
        if found.address in losses:
            one["below_cost"] = True
        if number < MAX_ROWS:
            one.update(_describe(found, kinds, audit.labels))
        seen[name] = one
    return seen


def _is_loss(found: AuditFinding, kinds: Kinds) -> bool:
    return (
        any(s.falls_below_cost for s in moved_sales(found.moved, kinds)) if found.moved else False
    )


def _describe(found: AuditFinding, kinds: Kinds, labels: ObjectLabels) -> Seen:
    margins = list(describe_margins(found, kinds))
    lines = [] if found.state in WITHOUT_DETAILS else describe(found, kinds, labels)
    return {
        "name": with_label(found.address, labels),
        "place": place(place_of(found)),
        "details": [line for line in lines if line not in margins],
        "margins": margins,
        "commands": list(_commands(found, kinds)),
    }


def _commands(found: AuditFinding, kinds: Kinds) -> Iterator[str]:
    """Yield the commands that end the drift of an object that a command line can name."""
    name = str(found.address)
    if is_masked(found.address.name) or not name.isprintable():
        return
    # A code may hold the signs of a pattern, and stands for itself.
    target = shlex.quote(glob.escape(name))
    is_pending = any(field.origin == PENDING for field in found.fields)
    is_elsewhere = kinds[found.address.kind].home == PROVIDER
    if found.state == "drifted" and not (is_pending or is_elsewhere):
        yield f"reconciler adopt {target}"
    if found.state in ("drifted", "missing", "pending_removal"):
        yield f"reconciler apply --target {target}"


def _find_ends(desired: Desired, kinds: Kinds) -> Iterator[tuple[Address, str, str]]:
    """Yield the coupons of the shop that have a last day, with that day and their line."""
    for kind in kinds.values():
        if not kind.expiry_field or kind.home == PROVIDER:
            continue
        for name, declared in desired.objects.get(kind.name, {}).items():
            if day := declared.value.get(kind.expiry_field):
                yield Address(kind.name, name), str(day), place(declared.source)


def _find_dated_changes(desired: Desired) -> Iterator[dict[str, str]]:
    """Yield the days on which dated values change, each with the number of changes."""
    coming = (change for change in list_schedule(desired) if not change.is_past)
    for day, found in groupby(coming, key=lambda change: change.day):
        changes = list(found)
        name = plural(len(changes), "dated change")
        yield {"at": day, "name": name, "place": place(changes[0].source), "event": "due"}


def _describe_end(address: Address, day: str, where: str) -> dict[str, str]:
    return {"at": day, "name": str(address), "place": where}


def read_audit(state: StateDir, store: str, seen: Mapping[Address, datetime]) -> KnownAudit | None:
    """Return the audit that is remembered; None where none is.

    `seen` are earlier moments at which drift was first seen, by address.
    """
    known = _read(state, store)
    if known is None:
        return None
    rows = []
    for address, found in known["objects"].items():
        if "name" not in found:
            continue
        first = seen.get(Address.parse(address)) if "/" in address else None
        times = [found["since"], *([f"{first:{TIME_FORMAT}}"] if first else [])]
        rows.append(
            DriftRow(
                found["name"],
                found["state"],
                min(times),
                tuple(found.get("details", ())),
                tuple(found.get("margins", ())),
                found.get("below_cost", False),
                found.get("place", ""),
                tuple(found.get("commands", ())),
            )
        )
    rows.sort(key=lambda row: not row.below_cost)
    losses = sum(found.get("below_cost", False) for found in known["objects"].values())
    return KnownAudit(known["at"], known["counts"], tuple(rows), losses)


def read_ends(state: StateDir, store: str, first: str, last: str) -> Iterable[ComingRow]:
    """Yield the coupons whose last day is from `first` to `last`, and dated changes then."""
    known = _read(state, store)
    for end in known["coming"] if known else ():
        if first <= end.get("at", "")[:10] <= last:
            event = end.get("event", "ends")
            yield ComingRow(end["at"], event, end.get("name", ""), end.get("place", ""))


def _read(state: StateDir, store: str) -> Remembered | None:
    try:
        return _REMEMBERED.validate_python(read_section(state, AUDIT_FILE, store))
    except ValidationError:
        return None
