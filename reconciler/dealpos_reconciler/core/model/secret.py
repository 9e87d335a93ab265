"""Codes that open functions of the till: equal to what they are, and shown as a mask everywhere."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired, ancestors
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import ABSENT, Absent, Live, Observed
from dealpos_reconciler.core.model.look_alike import fold_key
from dealpos_reconciler.core.model.masked import (
    SecretText,
    is_masked,
    mask,
    masked_paths,
    path_below,
    put_at,
    reveal,
    reveal_all,
    value_at,
)

AUTHORISES = (
    "the coupon in DealPOS authorises functions of the till, so its code is a secret. Change or "
    "delete it in DealPOS, and keep it out of the files"
)


SECRET = "secret"
"""The key of an entry that hides the code which it declares."""
_DIGITS = 8
"""Digits of the mask of a declared object: ledger and journal know the object by it."""
HIDDEN = "(secret)"
"""The mask of texts that may repeat a secret code."""


def conceal_entry(kind: Kind, node: MutableMapping[str, Any], key: bytes) -> None:
    """Put masks on the code and the texts of an entry of a file."""
    code = node.get(kind.identity)
    if isinstance(code, str) and not isinstance(code, SecretText):
        node[kind.identity] = SecretText(code, mask_code(key, kind, code, _DIGITS))
    node.update(_hide_texts(kind, node))


def _hide_texts(kind: Kind, value: Value) -> Value:
    """Return the texts of an object that may repeat its secret code, under a mask."""
    terms = {kind.identity, *kind.must_match_on_readback}
    hidden = {n: text for n, text in value.items() if n in kind.fields and n not in terms}
    return {n: SecretText(t, HIDDEN) for n, t in hidden.items() if isinstance(t, str)}


def mask_address(written: str, kinds: Kinds, key: bytes) -> str:
    """Return the text of an address under the mask that its object has as a secret one."""
    kind, _, name = reveal(written).partition("/")
    if kind not in kinds or isinstance(written, SecretText):
        return written
    return SecretText(written, f"{kind}/{mask_code(key, kinds[kind], name, _DIGITS)}")


def conceal_live(live: Live, desired: Desired, kinds: Kinds, key: bytes) -> None:
    """Put masks on the codes of live objects that authorise, and drop their texts.

    An undeclared object that does not show whether it authorises is taken to do so.
    """
    for kind in (kind for kind in kinds.values() if kind.secret):
        declared = desired.objects.get(kind.name, {})
        states = live.objects.get(kind.name, {})
        for name, state in list(states.items()):
            if isinstance(state, Observed) and _is_secret(kind, state.value, name in declared):
                code = SecretText(name, mask_code(key, kind, name))
                del states[name]
                states[code] = replace(state, value=_reduce(kind, state.value, code))
        _conceal_look_alikes(kind, live, desired)
    if desired.has_masks:
        _conceal_values(live, desired, key)
    _conceal_names(live, desired, kinds, key)
    for kind in (kind for kind in kinds.values() if kind.parent and kind.parent.follows):
        _conceal_repeated(live, desired, kind)


def _conceal_look_alikes(kind: Kind, live: Live, desired: Desired) -> None:
    """Put the mask of a live code that authorises on the names that look like it and tell it.

    A declared one is recorded as another spelling of the code, and nothing is known of it.
    """
    states, declared = live.objects.get(kind.name, {}), desired.objects.get(kind.name, {})
    codes = {fold_key(name): name for name in states if isinstance(name, SecretText)}
    removed = (name for of, name in desired.removals if of == kind.name) if codes else ()
    for name in {*states, *declared, *removed} if codes else ():
        code = codes.get(fold_key(name))
        if code is None or isinstance(name, SecretText) or name == code:
            continue
        masked, state = SecretText(name, code.mask), states.pop(name, None)
        if name in declared:
            live.spellings[Address(kind.name, masked)] = code
        elif isinstance(state, Observed):
            states[masked] = replace(state, value=_reduce(kind, state.value, masked))
        if state is ABSENT:
            states[masked] = ABSENT


def _conceal_values(live: Live, desired: Desired, key: bytes) -> None:
    for kind_name, objects in desired.objects.items():
        states = live.objects.get(kind_name, {})
        for name, declared in objects.items():
            found = declared.was if declared.was in states else name
            state = states.get(found)
            if isinstance(state, Observed) and is_masked(declared.value):
                value = conceal_value(Address(kind_name, name), state.value, declared.value, key)
                states[found] = replace(state, value=value)


def conceal_value(address: Address, value: Value, declared: Value, key: bytes) -> Value:
    """Return live values under masks where the declared ones have some: one would tell the other.

    A value that differs has a mark that is made with the key.
    """
    for path in masked_paths(declared):
        asked, shown = value_at(declared, path), value_at(value, path)
        if asked == shown:
            value = put_at(value, path, asked)
        elif shown not in (None, ""):
            marked = _mark(key, f"{address}\0{'.'.join(path)}\0{reveal_all(shown)}")
            masked = [mask(item, marked) for item in shown] if isinstance(shown, list) else shown
            value = put_at(value, path, mask(masked, marked))
    return value


def _conceal_names(live: Live, desired: Desired, kinds: Kinds, key: bytes) -> None:
    """Put the masks of the names in the files on what the shop shows under these names."""
    moved = (
        (kind, was)
        for kind, names in desired.objects.items()
        for was in (d.was for d in names.values() if kinds[kind].rename)
        if was
    )
    found = (*desired.masked_addresses(), *moved, *desired.removals)
    masked = [Address(*a) for a in found if isinstance(a[1], SecretText)]
    covers: dict[str, dict[str, SecretText]] = {}
    for kind_name, name in chain(masked, *(ancestors(address, kinds) for address in masked)):
        if isinstance(name, SecretText):
            covers.setdefault(kind_name, {}).setdefault(reveal(name), name)
    for kind_name, known in covers.items():
        _cover_look_alikes(known, live, kinds[kind_name], key)
    for kind in kinds.values() if covers else ():
        states = live.objects.get(kind.name, {})
        for name, state in list(states.items()):
            del states[name]
            covered = _cover(name, covers.get(kind.name, {}))
            states[covered] = _cover_references(kind, covered, state, covers)
    for kind_name, name in desired.removals:
        state = live.objects.get(kind_name, {}).get(name, ABSENT)
        if isinstance(name, SecretText) and isinstance(state, Observed) and kinds[kind_name].secret:
            value = {**state.value, **_hide_texts(kinds[kind_name], state.value)}
            live.objects[kind_name][name] = replace(state, value=value)


def _cover_look_alikes(known: dict[str, SecretText], live: Live, kind: Kind, key: bytes) -> None:
    """Add marks for live names that look like one under a mask, which they would tell."""
    folds = set(map(fold_key, known))
    for name in live.names_of(kind):
        if type(name) is str and name not in known and fold_key(name) in folds:
            known[name] = SecretText(name, mask_code(key, kind, name))


def _cover_references(
    kind: Kind, name: str, state: Observed | Absent, covers: Mapping[str, Mapping[str, SecretText]]
) -> Observed | Absent:
    value = dict(state.value) if isinstance(state, Observed) else {}
    if isinstance(name, SecretText) and kind.identity in value:
        value[kind.identity] = name
    for field, references in kind.referring_fields:
        for reference in references if field in value else ():
            if known := covers.get(reference.kind):
                value[field] = reference.rename_in(value[field], partial(_cover, known=known))
    return replace(state, value=value) if isinstance(state, Observed) else state


def _cover(name: str, known: Mapping[str, SecretText]) -> str:
    """Return a name under the mask that it, or the nearest one above it in a tree, has."""
    if isinstance(name, SecretText):
        return name
    above = name
    while above not in known and "/" in above:
        above = above.rpartition("/")[0]
    return path_below(known[above], name[len(above) :]) if above in known else name


def _conceal_repeated(live: Live, desired: Desired, kind: Kind) -> None:
    """Put masks on what objects repeat of their parents, where it comes from the environment."""
    assert kind.parent is not None
    masked = {
        owner: {ours: declared.value[theirs] for ours, theirs in kind.parent.follows.items()}
        for owner, declared in desired.objects.get(kind.parent.kind, {}).items()
        if all(is_masked(declared.value.get(name)) for name in kind.parent.follows.values())
    }
    states = live.objects.get(kind.name, {}) if masked else {}
    for name, state in states.items():
        if isinstance(state, Observed):
            owned = masked.get(state.value.get(kind.parent.kind, ""), {})
            same = {n: value for n, value in owned.items() if state.value.get(n) == value}
            states[name] = replace(state, value={**state.value, **same}) if same else state


def conceal_name(kind: Kind, name: str, row: Any, key: bytes, *, doubt: bool = True) -> str:
    """Return the name that a row shows, under a mask where it is a secret, or `doubt` remains."""
    shown = {field: kind.peek(field, row) for field in kind.must_match_on_readback}
    known = {field: value for field, value in shown.items() if value is not None}
    found = kind.secret(known) if kind.secret else False
    is_shown = found is False or (found is None and not doubt)
    return name if is_shown else SecretText(name, mask_code(key, kind, name))


def conceal_spelling(kind: Kind, name: str, other: str, row: Any, key: bytes) -> tuple[str, str]:
    """Return a declared name and its spelling in the shop, both under masks where one is secret."""
    other = conceal_name(kind, other, row, key, doubt=False)
    if isinstance(other, SecretText):
        return SecretText(name, other.mask), other
    is_secret = isinstance(name, SecretText)
    return name, SecretText(other, mask_code(key, kind, other)) if is_secret else other


def conceal_declared(desired: Desired, live: Live) -> Desired:
    """Return the declarations and removals under the masks that their live objects have."""
    masks = {
        Address(kind, name): Address(kind, name)
        for kind, states in (*live.objects.items(), *live.spellings)
        for name in (states if isinstance(states, dict) else (states,))
        if isinstance(name, SecretText)
    }
    if not masks:
        return desired
    objects = {
        kind: {masks.get(Address(kind, n), Address(kind, n)).name: d for n, d in named.items()}
        for kind, named in desired.objects.items()
    }
    removals = {masks.get(a, a): removal for a, removal in desired.removals.items()}
    return replace(desired, objects=objects, removals=removals)


def authorises(kind: Kind, value: Value) -> bool:
    """Return whether an object is known to open functions of the till."""
    return bool(kind.secret and kind.secret(value))


def tells_code(name: str, other: str) -> bool:
    """Return whether a name tells a code that authorises: it looks like it, and has its mask."""
    return isinstance(other, SecretText) and str(name) == str(other)


def find_authorising(desired: Desired, live: Live, kinds: Kinds) -> list[tuple[Address, str]]:
    """Return the undeclared objects that open functions of the till, and how far they reach."""
    return sorted(
        (address, _describe_reach(kind, value))
        for kind in kinds.values()
        for address, value in (iterate_undeclared(kind, desired, live) if kind.secret else ())
        if authorises(kind, value)
    )


def iterate_undeclared(kind: Kind, desired: Desired, live: Live) -> Iterator[tuple[Address, Value]]:
    """Yield the live objects of a kind that the files neither declare nor remove."""
    names = live.names_of(kind) - desired.objects.get(kind.name, {}).keys()
    values = live.values_of(kind) if names else {}
    for address in (Address(kind.name, name) for name in names):
        if address not in desired.removals:
            yield address, values[address.name]


def _describe_reach(kind: Kind, value: Value) -> str:
    limit, expiry = value.get(kind.use_counts[0]), value.get(kind.expiry_field)
    parts = [f"limit {limit:,}" if limit is not None else "", f"expires {expiry}" if expiry else ""]
    return ", ".join(filter(None, parts)) or "no limit is shown"


def _is_secret(kind: Kind, value: Value, is_declared: bool) -> bool:
    found = kind.secret(value) if kind.secret else False
    return found is True or (found is None and not is_declared)


def _reduce(kind: Kind, value: Value, code: SecretText) -> Value:
    """Return what a secret code refers to and how far it reaches; its texts may repeat the code."""
    kept = {*kind.must_match_on_readback, *kind.use_counts}
    return {**{name: known for name, known in value.items() if name in kept}, kind.identity: code}


def mask_code(key: bytes, kind: Kind, name: str, digits: int = 4) -> str:
    """Return the mark that stands for a code."""
    return _mark(key, f"{kind.name}\0{reveal(name)}", digits)


def _mark(key: bytes, text: str, digits: int = 4) -> str:
    return f"#{hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:digits]}"
