"""Values that DealPOS stores otherwise than declared, remembered so that no plan asks again.

A server may trim a name; a coupon of 100 uses that is replaced when 37 are spent is created with
63. In both cases the file says one value and the shop holds what stands for it. While both sides
are as they were, the object is as declared; if either moves, the two are compared again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dealpos_reconciler.core.diff.change import Change, fingerprint
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.field import Field
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.model.masked import Path, is_masked, put_at, reveal_all, value_at

Pair = tuple[Any, Any]
"""The declared value and the stored one, both as fingerprints."""

KnownRewrites = Mapping[Address, Mapping[Path, Pair]]
"""Per object and path, what the shop keeps otherwise."""

_MISSING = object()


def fingerprint_value(address: Address, field: Field, value: Any, hidden: bool = False) -> Any:
    """Return a value as it is remembered: as JSON, or as the mark of a private or hidden one."""
    hidden = hidden or field.private or is_masked(value)
    plain = json.loads(json.dumps(reveal_all(value), default=str))  # exact numbers stay exact
    return fingerprint(address, plain) if hidden else plain


def fingerprint_pair(address: Address, field: Field, pair: Pair) -> Pair:
    """Return both values of a pair as they are remembered."""
    one, other = (fingerprint_value(address, field, v, is_masked(pair[0])) for v in pair)
    return one, other


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
    fields = kind.fields
    return {path: fingerprint_pair(address, fields[path[0]], pair) for path, pair in pairs.items()}


def mark_changed_derived_fields(desired: Desired, kept: KnownRewrites, kinds: Kinds) -> Desired:
    """Return `desired` with the derived fields whose value is not the one written last."""
    objects = {kind: dict(entries) for kind, entries in desired.objects.items()}
    for address, entries in kept.items():
        if (declared := desired.get(address)) is None:
            continue
        fields = kinds[address.kind].fields
        changed = {
            field.name
            for path, (written, _) in entries.items()
            if (field := fields.get(path[0])) and field.derived and field.name in declared.value
            if fingerprint_value(address, field, declared.value[field.name]) != written
        }
        if changed:
            changed |= declared.changed_derived_fields
            marked = replace(declared, changed_derived_fields=frozenset(changed))
            objects[address.kind][address.name] = marked
    return replace(desired, objects=objects)


def as_declared(
    kind: Kind, address: Address, declared: Value, live: Value, pairs: Mapping[Path, Pair]
) -> tuple[Value, list[Path]]:
    """Return a live value with the declared one where both are as recorded, and these places."""
    found = []
    for path, pair in pairs.items():
        field = kind.fields.get(path[0])
        now = value_at(declared, path, _MISSING), value_at(live, path, _MISSING)
        if field is None or field.derived or _MISSING in now or now[0] == now[1]:
            continue
        if fingerprint_pair(address, field, now) == pair:
            live = put_at(live, path, now[0])
            found.append(path)
    return live, found


def apply_known_rewrites(
    live: Live, desired: Desired, kept: KnownRewrites, kinds: Kinds
) -> tuple[Live, list[str]]:
    """Return live with the declared value where both sides are as recorded, and the notes."""
    objects = {kind: dict(states) for kind, states in live.objects.items()}
    count = limits = 0
    for address, entries in kept.items():
        state, declared = live.get(address), desired.get(address)
        if declared is None or not isinstance(state, Observed):
            continue
        kind = kinds[address.kind]
        value, found = as_declared(kind, address, declared.value, state.value, entries)
        limits += (kind.use_counts[0],) in found
        count += len(found)
        objects[address.kind][address.name] = replace(state, value=value)
    return replace(live, objects=objects) if count else live, [*_notes(count - limits, limits)]


def _notes(values: int, limits: int) -> Iterator[str]:
    if values:
        many = f"{values} values are" if values > 1 else "1 value is"
        yield f"{many} stored differently by DealPOS, as seen after an earlier apply; not changed"
    if limits:
        many = f"{limits} limits are" if limits > 1 else "1 limit is"
        yield f"{many} lower than declared by the uses before a replacement; not changed"
