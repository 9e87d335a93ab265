"""Completeness: fields and children that a write would need and that no read has shown.

dealpos-api.md §14 #13: it is undocumented whether a write clears what it leaves out. dealpos-api.md
§6.2 and §14 #21: it is undocumented whether a product's update deletes the variants that it does
not list, and whether reads of a product include the discontinued ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Value
from reconciler.core.model.live import Observed
from reconciler.core.plan.children import hidden_children
from reconciler.dealpos.reading.live_builder import Children
from reconciler.dealpos.reading.reader import Reader
from reconciler.errors import Rejected, UnexpectedResponse


def mark_complete_parents(
    reader: Reader, desired: Desired, touched: Mapping[str, Collection[str]]
) -> None:
    """Record in Live which changed parents are known with all of their children.

    A type of read is complete if it has shown a retired child, and has not left out a child that
    a read of the child itself shows. `touched` are names of changed objects by kind.
    """
    missing = hidden_children(desired, reader.live, reader.kinds)
    for parent_kind, child in reader.builder.children.items():
        parents = {Address(parent_kind, name) for name in touched.get(parent_kind, ())}
        added = {name for parent in parents for name in missing.get(parent, ())}
        if added and child.parent:
            written = child.parent.update.fields
            carried = frozenset(n for n in written if child.fields[n].wire.read)
            # Fields that stay unread are recorded as unseen, which blocks the update.
            with suppress(Rejected, UnexpectedResponse):
                reader.read_missing_fields(child, dict.fromkeys(added, carried))
        hiding = {read for parent in missing for read in _reads_of_children(reader, parent)}
        complete = reader.builder.reads_showing_retired(reader.kinds[parent_kind]) - hiding
        reader.live.children_complete |= {
            p for p in parents if _reads_of_children(reader, p) & complete
        }


def refuse_blind_updates(
    reader: Reader, kind: Kind, desired: Desired, changing: Collection[str]
) -> None:
    """Make objects unknown whose update would overwrite something that no read has shown.

    An update that requires a key would send an empty one; a parent's update without its children
    could delete them (dealpos-api.md §6.2, §7).
    """
    call = kind.update
    if call is None:
        return
    required = [n for n in call.fields if set(kind.fields[n].wire.write) & set(call.defaults)]
    for name in sorted(changing):
        state = reader.get_observed(kind, name)
        if state is None:
            continue
        declared = desired.objects[kind.name][name].value
        missing = [f"`{n}`" for n in required if n not in state.value and n not in declared]
        if kind.name in reader.builder.children and state.children is None:
            missing.append(f"the {reader.builder.children[kind.name].collection}")
        if missing:
            reader.live.objects[kind.name].pop(name)
            fields = ", ".join(missing)
            reason = f"the API does not return {fields}, which an update would overwrite"
            reader.live.read_errors[Address(kind.name, name)] = reason


def note_unread_fields(
    reader: Reader, kind: Kind, names: Collection[str], desired: Desired
) -> None:
    """Record fields that a write of these objects or their children carries and no read shows."""
    call = kind.update or kind.create
    assert call is not None
    child = reader.builder.children.get(kind.name)
    added = hidden_children(desired, reader.live, reader.kinds) if child and names else {}
    empty: set[str] = set()
    for name in sorted(names):
        state = reader.get_observed(kind, name)
        if state is None:
            continue
        empty |= _unread_fields(reader, kind, name, call.fields, state.value)
        if child:
            _note_children(reader, child, state, added.get(Address(kind.name, name), ()))
    if empty:
        fields = ", ".join(f"`{n}`" for n in sorted(empty))
        reader.live.notes.append(
            f"{kind.name} {fields}: treated as empty. This shop leaves out empty fields, and "
            "returned none of these; a write leaves them out too"
        )


def _note_children(reader: Reader, child: Kind, parent: Observed, added: Collection[str]) -> None:
    """Record fields of children that their parent's update carries and no read shows."""
    assert child.parent is not None
    shown = parent.children or {}
    for name in (*shown, *added):
        row, state = shown.get(name, {}), reader.get_observed(child, name)
        value = {**row, **state.value} if state else row
        _unread_fields(reader, child, name, child.parent.update.fields, value)


def _unread_fields(
    reader: Reader, kind: Kind, name: str, carried: Iterable[str], value: Value
) -> frozenset[str]:
    """Return the fields that a call carries and no read has shown, where they count as empty.

    They do in a shop that leaves out empty keys, once its single read was asked. In any other
    shop they are recorded in Live as unseen, and none is returned.
    """
    fields = kind.fields
    missing = frozenset(
        n for n in carried if fields[n].wire.read and not fields[n].internal and n not in value
    )
    builder = reader.builder
    if not missing or (builder.omits_empty_keys and builder.read_singly.get(kind.name)):
        return missing
    address = Address(kind.name, name)
    reader.live.unread_fields[address] = (
        reader.live.unread_fields.get(address, frozenset()) | missing
    )
    return frozenset()


def _reads_of_children(reader: Reader, parent: Address) -> frozenset[str]:
    state = reader.get_observed(reader.kinds[parent.kind], parent.name)
    shown = state.children if state else None
    return shown.reads if isinstance(shown, Children) else frozenset()
