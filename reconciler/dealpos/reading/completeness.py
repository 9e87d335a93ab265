"""What a write would rest on and no read has shown: refused, or noted in Live for the plan.

Whether a write clears what it leaves out is undocumented (dealpos-api.md §14 #13), so a field that
a write carries and no read has shown may be cleared by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Value
from reconciler.core.model.live import Observed
from reconciler.core.plan.children import left_out
from reconciler.dealpos.reading.reader import Reader


def refuse(reader: Reader, kind: Kind, desired: Desired, changing: Collection[str]) -> None:
    """Plan nothing that would overwrite what no read has shown.

    An update that demands a key would send an empty one; a parent's update without its children
    could lose them (dealpos-api.md §6.2, §7).
    """
    call = kind.update
    if call is None:
        return
    demanded = [n for n in call.fields if set(kind.fields[n].wire.write) & set(call.defaults)]
    for name in sorted(changing):
        state = reader.observed(kind, name)
        if state is None:
            continue
        declared = desired.objects[kind.name][name].value
        blind = [f"`{n}`" for n in demanded if n not in state.value and n not in declared]
        if kind.name in reader.intake.children and state.children is None:
            blind.append(f"the {reader.intake.children[kind.name].collection}")
        if blind:
            reader.live.objects[kind.name].pop(name)
            why = f"this shop does not show {', '.join(blind)}, which an update would overwrite"
            reader.live.unread[Address(kind.name, name)] = why


def note(reader: Reader, kind: Kind, names: Collection[str], desired: Desired) -> None:
    """Note what a write of these objects would carry and no read shows, children included."""
    call = kind.update or kind.create
    assert call is not None
    child = reader.intake.children.get(kind.name)
    joined = left_out(desired, reader.live, reader.kinds) if child and names else {}
    assumed: set[str] = set()
    for name in sorted(names):
        state = reader.observed(kind, name)
        if state is None:
            continue
        assumed |= _missing(reader, kind, name, call.fields, state.value)
        if child:
            _note_children(reader, child, state, joined.get(Address(kind.name, name), ()))
    if assumed:
        named = ", ".join(f"`{n}`" for n in sorted(assumed))
        reader.live.notes.append(
            f"this shop leaves out what is empty and showed no {named} of a {kind.name}: "
            "a write leaves them out too"
        )


def _note_children(reader: Reader, child: Kind, parent: Observed, joined: Collection[str]) -> None:
    """What a parent's update would carry of its children and no read shows."""
    assert child.parent is not None
    shown = parent.children or {}
    for name in (*shown, *joined):
        row, state = shown.get(name, {}), reader.observed(child, name)
        value = {**row, **state.value} if state else row
        _missing(reader, child, name, child.parent.update.fields, value)


def _missing(
    reader: Reader, kind: Kind, name: str, carried: Iterable[str], value: Value
) -> frozenset[str]:
    """The fields that a call carries and no read has shown, where they count as empty.

    They do in a shop that was seen to leave out what is empty, once its fullest read was asked; in
    any other they are noted in Live as unseen, and nothing is given.
    """
    fields = kind.fields
    missing = frozenset(
        n for n in carried if fields[n].wire.read and not fields[n].hidden and n not in value
    )
    if not missing or (reader.intake.sparse and reader.intake.singly.get(kind.name)):
        return missing
    address = Address(kind.name, name)
    reader.live.unseen[address] = reader.live.unseen.get(address, frozenset()) | missing
    return frozenset()
