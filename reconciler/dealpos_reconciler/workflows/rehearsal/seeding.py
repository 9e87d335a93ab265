"""The shop as it was read, as a seed document of the twin: each value under a key of the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import references_of
from dealpos_reconciler.core.model.field import Field
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.model.masked import reveal, reveal_all
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.kinds import SHOP_KINDS

UNKNOWN = "(unknown)"
"""The parent of objects whose parent was not read, and the category of such a parent."""

Document = dict[str, list[dict[str, Any]]]


def make_document(live: Live, plan: Plan, keys: Mapping[str, Set[str]]) -> Document:
    """Return the objects that reads have shown, and those that they name, as a seed document.

    `keys` are the keys that a seed document knows, by kind. A field that no read showed is left
    out, so that the twin has its default. What an update may clear unseen has some value.
    """
    document: Document = {}
    unseen = find_unseen(live, plan)
    named = find_named(live, plan)
    for kind in (kind for kind in SHOP_KINDS.values() if kind.name in keys and not kind.parent):
        rows = {
            reveal(str(name)): encode_row(
                kind, {**unseen.get(Address(kind.name, name), {}), **state.value}, keys[kind.name]
            )
            for name, state in live.iterate_observed(kind.name)
        }
        for name in named.get(kind.name, ()):
            rows.setdefault(name, encode_row(kind, {kind.identity: name}, keys[kind.name]))
        for child in (child for child in SHOP_KINDS.values() if child.parent_kind == kind.name):
            _nest(kind, child, live, keys, rows, unseen)
        document[kind.collection] = list(rows.values())
    return document


def find_named(live: Live, plan: Plan) -> Mapping[str, set[str]]:
    """Return the objects that others refer to and that were not read, by kind.

    They exist, as their references do; nothing else is known of them.
    """
    found: dict[str, set[str]] = {}
    for kind in SHOP_KINDS.values():
        values = [*live.values_of(kind).values()] if kind.referring_fields else []
        values += [c.after for c in plan.changes if c.address.kind == kind.name and c.after]
        for value in values:
            for target, _ in references_of(kind, value):
                if live.get(target) is None:
                    found.setdefault(target.kind, set()).add(reveal(target.name))
    return found


def find_unseen(live: Live, plan: Plan) -> Mapping[Address, Value]:
    """Return a value for each field of updated objects that the API never returns.

    DealPOS may have one, and an update that clears it would go unnoticed.
    """
    found = {}
    changed = {change.address for change in plan.changes}
    for change in plan.changes:
        kind = SHOP_KINDS[change.address.kind]
        if change.before is None or kind.update is None:
            continue
        names = {name for name, field in kind.fields.items() if field.write_only}
        if kind.fields_at_risk:
            names &= kind.fields_at_risk(change.before).keys()
        text: str | None = UNKNOWN
        if names and kind.fields_at_risk:
            others = sorted(live.names_of(kind) - {a.name for a in changed if a.kind == kind.name})
            text = next(iter(others), None)
        values = {
            name: _stand_in(kind.fields[name], text)
            for name in sorted(names - change.before.keys())
        }
        address = Address(kind.name, change.renamed_from or change.address.name)
        found[address] = {name: value for name, value in values.items() if value is not None}
    return found


def _stand_in(field: Field, text: str | None) -> Any:
    """Return a value that a field may have; `text` where it is the name of another object."""
    empty = field.wire.codec.empty
    return text if empty == "" else True if empty is False else 1


def _nest(
    kind: Kind,
    child: Kind,
    live: Live,
    keys: Mapping[str, Set[str]],
    rows: dict[str, dict[str, Any]],
    unseen: Mapping[Address, Value],
) -> None:
    """Put the objects of `child` into the rows of their parents."""
    assert child.parent is not None
    for name, value in live.values_of(child).items():
        value = {**unseen.get(Address(child.name, name), {}), **value}
        owner = reveal(str(value.get(kind.name) or UNKNOWN))
        row = rows.setdefault(owner, encode_row(kind, {kind.identity: owner}, keys[kind.name]))
        items = row.setdefault(child.parent.key, [])
        items.append(encode_row(child, value, keys[child.name]))
    for row in rows.values():
        for name, references in kind.referring_fields:
            # A product has a category; where no read shows it, none can be right.
            if not any(reference.keys for reference in references):
                for key in kind.fields[name].wire.write:
                    row[key] = row.get(key) or UNKNOWN


def encode_row(kind: Kind, value: Value, keys: Set[str]) -> dict[str, Any]:
    """Return the values of an object under those of the API's keys that are in `keys`."""
    row: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, shown in value.items():
        wire = kind.fields[name].wire
        sent = reveal_all(wire.codec.encode(shown))
        key = next((key for key in (*wire.read, *wire.write) if key in keys), None)
        if key is not None:
            row[key] = sent
        elif sent:
            rest.update(dict.fromkeys(wire.write, sent))
    if rest and kind.create and kind.create.forms:
        spelled = kind.create.forms[0](rest)
        row.update({key: sent for key, sent in spelled.items() if key in keys})
    return row


def decode_row(kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an object as the twin holds it, those that no read shows included."""
    value = dict(kind.decode(row))
    for name, key in _find_written(kind):
        if name not in value and row.get(key) is not None:
            value[name] = kind.fields[name].wire.codec.decode(row[key])
    return value


def _find_written(kind: Kind) -> Iterator[tuple[str, str]]:
    for name, field in kind.fields.items():
        yield from ((name, key) for key in field.wire.write if not field.wire.read)
