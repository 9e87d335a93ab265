"""Comparison of a written change with what a read shows of it afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dealpos_reconciler.core.diff.change import Change, FieldChange, digest
from dealpos_reconciler.core.diff.diff import equivalent_rewrites, find_differences
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Value

MAX_QUOTED_CHARACTERS = 80
"""A longer value is cut in a message."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The fields of a change that must be seen before it counts as verified."""

    visible: frozenset[str] = frozenset()
    """The changed fields that a read can show."""
    listing_only: frozenset[str] = frozenset()
    """The written fields that only a listing shows, such as the minimum amount of a coupon."""
    hidden: bool = False
    """True if a listing may leave out the object for another reason than a deletion."""

    @property
    def fields(self) -> frozenset[str]:
        """Every field that must be seen."""
        return self.visible | self.listing_only

    @property
    def after_single(self) -> Proof:
        """The proof that is left after a single read."""
        return Proof(listing_only=self.listing_only, hidden=self.hidden)


class Former(NamedTuple):
    """An object as it was before a write a moment ago."""

    names: tuple[str, ...]
    """The fields that the write has changed; none for a deletion."""
    digest: str
    """The digest of these fields, or of an absent object."""

    def is_shown(self, kind: Kind, address: Address, value: Value | None) -> bool:
        """Return whether a read shows the former object; `value` is None for an absent one."""
        absent = self.digest == digest(kind, address, None)
        if value is None or absent:
            return value is None and absent
        return not self.names or digest(kind, address, value, self.names) == self.digest


RecentWrites = Mapping[Address, Former]
"""The objects that were written a moment ago, as they were before."""


def proof_of(kind: Kind, change: Change) -> Proof:
    """Return the fields that must be seen before `change` counts as verified."""
    visible = frozenset(
        n for n in change.names if kind.fields[n].comparable and n != kind.parent_kind
    )
    listing_only = kind.listed_in((change.after or {}) if kind.must_match_on_readback else {})
    return Proof(visible, listing_only)


def describe_mismatch(
    kind: Kind,
    change: Change,
    live: Value,
    names: Collection[str] | None = None,
    *,
    settled: bool = False,
) -> str | None:
    """Return in words how `live` differs from what was written, or None.

    An equivalent rewrite by the server is no mismatch. With `names`, only these fields count. With
    `settled`, the values are believed to be stored, not to be old.
    """
    written = {n: v for n, v in change.provable(live).items() if names is None or n in names}
    equivalent = equivalent_rewrites(kind, change, live, settled=settled)
    found = (
        _describe_field(kind, field)
        for field in find_differences(kind, written, live)
        if field.path not in equivalent
    )
    return "; ".join(found) or None


def may_be_behind(kind: Kind, change: Change, live: Value, later: Collection[str] = ()) -> bool:
    """Return whether a read that differs from what was written may be older than the write.

    A former value tells so. `later` names fields that a later request than the one that created the
    object has written. An object that one request creates shows all of it or nothing.
    """
    former = change.before or change.replaces or {}
    written = change.provable(live)
    if kind.must_match_on_readback and any(
        name in former and former[name] != value and live.get(name) == value
        for name, value in written.items()
    ):
        return False
    equivalent = equivalent_rewrites(kind, change, live)
    found = find_differences(kind, written, live)
    differing = {field.path[0] for field in found if field.path not in equivalent}
    return differing <= {*later} or any(n in former and former[n] == live[n] for n in differing)


def _describe_field(kind: Kind, field: FieldChange) -> str:
    if kind.fields[field.path[0]].private or field.is_masked:
        return f"`{field.name}` reads back differently"
    sent, live = quote(field.after), quote(field.before)
    return f"`{field.name}` was sent as {sent} and reads back as {live}"


def describe_ignored_write(kind: Kind, change: Change, live: Value) -> str | None:
    """Return in words which field still has its old value, or None.

    An equivalent rewrite that equals the old value may be a write that the server ignored: with
    `kopi` live, a written `Kopi` that reads `kopi` is one or the other.
    """
    before = change.before or {}
    names = [path[0] for path in equivalent_rewrites(kind, change, live) if len(path) == 1]
    same = [name for name in names if before.get(name) == live[name]]
    return f"`{same[0]}` still has its old value" if same else None


def quote(value: object) -> str:
    """Return a value for a message: text in quotes, cut if it is long."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_QUOTED_CHARACTERS else f"{text[:MAX_QUOTED_CHARACTERS]}…"
