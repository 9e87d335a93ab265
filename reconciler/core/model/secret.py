"""Codes that open functions of the till: equal to what they are, and shown as a mask everywhere."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import Live, Observed
from reconciler.core.model.masked import SecretText, is_masked, reveal

AUTHORISES = (
    "the coupon in DealPOS authorises functions of the till, so its code is a secret. Change or "
    "delete it in DealPOS, and keep it out of the files"
)


def conceal_live(live: Live, desired: Desired, kinds: Kinds, key: bytes) -> None:
    """Put masks on the codes of live objects that authorise, and drop their texts.

    An undeclared object that does not show whether it authorises is taken to do so.
    """
    for kind in (kind for kind in kinds.values() if kind.secret):
        declared = desired.objects.get(kind.name, {})
        states = live.objects.get(kind.name, {})
        for name, state in list(states.items()):
            if isinstance(state, Observed) and _is_secret(kind, state.value, name in declared):
                code = SecretText(name, _mask(key, kind, name))
                del states[name]
                states[code] = replace(state, value=_reduce(kind, state.value, code))
    declared_names = ((kind, name) for kind, names in desired.objects.items() for name in names)
    for kind_name, name in (*declared_names, *desired.removals):
        # An object that the files name by a variable of the environment goes by that mask.
        states = live.objects.get(kind_name, {})
        if isinstance(name, SecretText) and name in states:
            states[name] = states.pop(name)

    for kind in (kind for kind in kinds.values() if kind.parent and kind.parent.follows):
        _conceal_repeated(live, desired, kind)


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
    return name if is_shown else SecretText(name, _mask(key, kind, name))


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


def _mask(key: bytes, kind: Kind, name: str) -> str:
    text = f"{kind.name}\0{reveal(name)}".encode()
    return f"#{hmac.new(key, text, hashlib.sha256).hexdigest()[:4]}"
