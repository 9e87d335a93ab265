"""Whether the children that reads of a parent show are all that it has.

It is undocumented whether these reads leave out what is out of use (dealpos-api.md §14 #21 asks it
of lists), and what a parent's update does to a child that it does not name (dealpos-api.md §6.2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind
from reconciler.core.plan.children import left_out
from reconciler.dealpos.reading.live_builder import Children
from reconciler.dealpos.reading.reader import Reader
from reconciler.errors import Rejected, Unreadable


def settle(reader: Reader, desired: Desired, touched: Mapping[str, Collection[str]]) -> None:
    """Put into Live which of the parents that a change touches show all of their children.

    Evidence is a child out of use that the same sort of read has shown: that sort hides none. One
    that only a read by its own name finds proves the opposite. `touched` are names by kind.
    """
    missing = left_out(desired, reader.live, reader.kinds)
    for above, child in reader.intake.children.items():
        owners = {Address(above, name) for name in touched.get(above, ())}
        joined = {name for owner in owners for name in missing.get(owner, ())}
        if joined:
            _deepen(reader, child, joined)
        hiding = {read for owner in missing for read in _reads(reader, owner)}
        showing = reader.intake.candid(reader.kinds[above]) - hiding
        reader.live.whole |= {owner for owner in owners if _reads(reader, owner) & showing}


def _deepen(reader: Reader, child: Kind, names: Collection[str]) -> None:
    """Read all that a parent's update carries of children which that parent's row does not show."""
    assert child.parent is not None
    fields = child.fields
    carried = frozenset(n for n in child.parent.update.fields if fields[n].wire.read)
    # What stays unread is noted as unseen: the update is withheld then.
    with suppress(Rejected, Unreadable):
        reader.details(child, dict.fromkeys(names, carried))


def _reads(reader: Reader, owner: Address) -> frozenset[str]:
    """The sorts of read that have shown the children of a parent."""
    state = reader.observed(reader.kinds[owner.kind], owner.name)
    shown = state.children if state else None
    return shown.reads if isinstance(shown, Children) else frozenset()
