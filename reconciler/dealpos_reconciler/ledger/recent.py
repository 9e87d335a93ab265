"""The last writes of an apply, in `.reconciler/written.json`: lists may lag behind them.

The file is safe to delete: without it, a list that is behind is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta

from dealpos_reconciler.core.diff.change import Change, digest
from dealpos_reconciler.core.diff.readback import Former
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import now
from dealpos_reconciler.ledger.state_dir import StateDir

FILE = "written.json"
WINDOW = timedelta(minutes=10)
"""Time after a write in which a read that shows the former object is not believed by itself."""


def read_recent(state: StateDir, store: str) -> Mapping[Address, Former]:
    """Return the objects that were written a moment ago, with what they were before."""
    since = now(WINDOW)
    found = {}
    for name, entry in state.section(FILE, store).items():
        with suppress(ValueError, TypeError, KeyError):
            moment, fields, known = entry["at"], tuple(map(str, entry["fields"])), entry["before"]
            if moment > since and (address := state.parse(name)).kind in KINDS:
                found[address] = Former(fields, known)
    return found


def save_recent(state: StateDir, store: str, changes: Iterable[Change]) -> None:
    """Remember what the shop has just accepted, and forget what is older."""
    since, moment = now(WINDOW), now()
    known = state.section(FILE, store)
    kept = {n: e for n, e in known.items() if isinstance(e, dict) and str(e.get("at")) > since}
    for change in changes:
        kind, names = KINDS[change.address.kind], sorted(change.names)
        former = change.before or change.replaces
        kept[str(change.address)] = {
            "at": moment,
            "fields": names,
            "before": digest(kind, change.address, former, names),
        }
    if kept != known:
        state.save_section(FILE, store, kept)
