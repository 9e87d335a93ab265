"""Values that DealPOS stores otherwise than declared, remembered so that no plan asks again.

A server may trim a name; a coupon of 100 uses that is replaced when 37 are spent is created with
63. In both cases the file says one value and the shop holds what stands for it. While both sides
are as they were, the object is as declared; if either moves, the two are compared again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.diff.change import Change, Path, fingerprint
from reconciler.core.model.address import Address
from reconciler.core.model.desired import Declared, Desired
from reconciler.core.model.field import Field
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import Live, Observed

Pair = tuple[Any, Any]
"""The declared value and the stored one, both as fingerprints."""

KnownRewrites = Mapping[Address, Mapping[Path, Pair]]
"""Per object and path, what the shop keeps otherwise."""

_MISSING = object()


def fingerprint_value(address: Address, field: Field, value: Any) -> Any:
    """Return a value as it is remembered: as JSON, or as the mark of a private one."""
    plain = json.loads(json.dumps(value, default=str))  # exact numbers stay exact
    return fingerprint(address, plain) if field.private else plain


def rewrites_of(kind: Kind, change: Change, live: Value) -> dict[Path, Pair]:
    """Return the newly written values of fields that the server always rewrites."""
    before = change.before or {}
    pairs: dict[Path, Pair] = {
        (name,): (value, live.get(name))
        for name, value in (change.after or {}).items()
        if kind.fields[name].derived and before.get(name) != value
    }
    return fingerprint_pairs(kind, change.address, pairs)


def carried_over_rewrites(
    kind: Kind, address: Address, carried: Mapping[str, Pair]
) -> dict[Path, Pair]:
    """Return the values that a replacement writes otherwise than declared, by field."""
    return fingerprint_pairs(kind, address, {(name,): pair for name, pair in carried.items()})


def fingerprint_pairs(kind: Kind, address: Address, pairs: Mapping[Path, Pair]) -> dict[Path, Pair]:
    """Return `pairs` of one object as traces."""
    traces = {}
    for path, (written, held) in pairs.items():
        field = kind.fields[path[0]]
        traces[path] = (
            fingerprint_value(address, field, written),
            fingerprint_value(address, field, held),
        )
    return traces


def mark_changed_derived_fields(desired: Desired, kept: KnownRewrites, kinds: Kinds) -> Desired:
    """Return `desired` with the derived fields whose value is not the one written last."""
    found: dict[Address, Declared] = {}
    for address, entries in kept.items():
        declared = desired.get(address)
        fields = kinds[address.kind].fields if declared and address.kind in kinds else {}
        changed = {
            field.name
            for path, (written, _) in entries.items()
            if declared and (field := fields.get(path[0])) and field.derived
            if field.name in declared.value
            if fingerprint_value(address, field, declared.value[field.name]) != written
        }
        if declared and changed:
            changed |= declared.changed_derived_fields
            found[address] = replace(declared, changed_derived_fields=frozenset(changed))
    if not found:
        return desired
    objects = {kind: dict(entries) for kind, entries in desired.objects.items()}
    for address, entry in found.items():
        objects[address.kind][address.name] = entry
    return replace(desired, objects=objects)


def apply_known_rewrites(
    live: Live, desired: Desired, kept: KnownRewrites, kinds: Kinds
) -> tuple[Live, list[str]]:
    """Return live with the declared value where both sides are as recorded, and the notes."""
    found: dict[Address, Observed] = {}
    count = 0
    for address, entries in kept.items():
        state, declared = live.get(address), desired.get(address)
        if declared is None or not isinstance(state, Observed):
            continue
        value = dict(state.value)
        for path, pair in entries.items():
            field = kinds[address.kind].fields.get(path[0])
            asked, held = _at(declared.value, path), _at(value, path)
            if field and not field.derived and _same(address, field, (asked, held), pair):
                value = _with(value, path, asked)
                count += 1
        found[address] = replace(state, value=value)
    if not count:
        return live, []
    objects = {kind: dict(states) for kind, states in live.objects.items()}
    for address, state in found.items():
        objects[address.kind][address.name] = state
    many = f"{count} values are" if count > 1 else "1 value is"
    note = f"{many} stored differently by DealPOS, as seen after an earlier apply; not changed"
    return replace(live, objects=objects), [note]


def _same(address: Address, field: Field, now: Pair, then: Pair) -> bool:
    if _MISSING in now or now[0] == now[1]:
        return False
    return tuple(fingerprint_value(address, field, value) for value in now) == then


def _at(value: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _with(value: Any, path: Path, leaf: Any) -> Any:
    """Return a copy of `value` with `leaf` at `path`, which exists."""
    if not path:
        return leaf
    return {**value, path[0]: _with(value[path[0]], path[1:], leaf)}
