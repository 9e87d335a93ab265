"""The words of a plan: actions, the change of one field, the change of one object."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.masked import (
    Path,
    is_masked,
    masked_paths,
    put_at,
    reveal_all,
    value_at,
)


class Action(Enum):
    """The actions on an object by severity; a change takes the worst of its fields."""

    NOOP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    RETIRE = "retire"
    DELETE = "delete"

    @property
    def symbol(self) -> str:
        """The sign that stands for it in a plan; readable without colour."""
        return " +~±○-"[self.severity]

    @property
    def severity(self) -> int:
        """Rank in the order of the members."""
        return _RANKS[self]

    @property
    def verbs(self) -> list[str]:
        """Terraform's words for it, which policy tools already read."""
        return {"replace": ["delete", "create"], "retire": ["update"]}.get(self.value, [self.value])


_RANKS = {action: rank for rank, action in enumerate(Action)}

PENDING, DRIFTED, CONFLICT = ORIGINS = ("pending", "drifted", "conflict")
"""Which side changed since the last apply: the files, the shop, or both; the gravest word last."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that changes; None stands for a value that is not there."""

    path: Path
    before: Any
    after: Any
    action: Action = Action.UPDATE
    reason: str | None = None
    """The reason of a forced action, such as a replacement."""
    origin: str | None = None
    """Which side moved since the last apply: one of ORIGINS; None where that is not known."""

    @property
    def is_masked(self) -> bool:
        """True if a side comes from the environment, so that the other tells what it was."""
        return is_masked(self.before) or is_masked(self.after)

    @property
    def name(self) -> str:
        """The path as text: `outlet_prices.Bandung.price`."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Change:
    """The planned change of one object.

    `after` is live overlaid with declared: what a full update must send. `reason` is for people
    and must never decide anything. `basis` is a digest of the live fields the change rests on.
    """

    address: Address
    action: Action
    reason: str
    fields: tuple[FieldChange, ...]
    before: Value | None
    after: Value | None
    source: Source | None = None
    basis: str = ""
    renamed_from: str = ""
    """The identity the object has in the shop until this change is applied, if another."""
    carried: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Fields that a replacement writes otherwise than declared: (declared, written)."""
    implied: tuple[Address, ...] = ()
    """Objects that the server also creates, which no file declares."""
    unproven: frozenset[str] = frozenset()
    """Fields of `after` that the shop may keep or not: neither is held against it."""
    unread_fields_at_risk: tuple[str, ...] = ()
    """Fields that an update of its own could clear: only its parent's update may carry it."""
    replaces: Value | None = None
    """The object that an interrupted replacement deleted, where this creation finishes it."""
    interrupted: str = ""
    """Set where this change completes an interrupted creation: how that is known."""
    remarks: tuple[str, ...] = ()
    """Facts of the live object that a reader of the change should know, such as its uses."""
    hidden_falls: tuple[str, ...] = ()
    """Outlets where it falls below cost by hidden prices of a saved plan; empty: the base price."""

    @property
    def names(self) -> frozenset[str]:
        """The fields in which something changes."""
        return frozenset(field.path[0] for field in self.fields)

    @property
    def masked(self) -> tuple[Path, ...]:
        """The ways to the values that come from the environment."""
        return tuple(masked_paths({**(self.before or {}), **(self.after or {})}))

    @property
    def origin(self) -> str | None:
        """The most careful word of its fields; None where none is known."""
        known = [field.origin for field in self.fields if field.origin]
        return max(known, key=ORIGINS.index, default=None)

    @property
    def needs_reason(self) -> bool:
        """True if its fields alone do not explain it."""
        return bool(self.interrupted) or self.action in (Action.REPLACE, Action.DELETE)

    @property
    def is_replacement(self) -> bool:
        """True if an object is deleted for it, by this run or an interrupted one."""
        return self.action is Action.REPLACE or self.replaces is not None

    def provable(self, live: Value) -> Value:
        """Return the values that must read back as written.

        What the shop may keep is one of them where it has become another value than the former.
        """
        former = self.before or {}
        kept = {name for name in self.unproven if live.get(name) == former.get(name)}
        return {k: v for k, v in (self.after or {}).items() if k not in kept}


RENAMED = "renamed"
CARRIED = "remaining uses"


def comes_into_use(kind: Kind, change: Change) -> bool:
    """Return whether a change brings an object into use that was absent or retired."""
    out = change.before is None or bool(change.before.get(kind.retire))
    return out and change.after is not None and not change.after.get(kind.retire)


def digest(
    kind: Kind,
    address: Address,
    value: Value | None,
    names: Iterable[str] = (),
    hidden: Container[str] = (),
) -> str:
    """Return a short fingerprint of a value (or of some of its fields), equal for equal content.

    Private and `hidden` fields enter it as their marks, so that nobody can search for what it was
    made of.
    """
    if value is None:
        return "absent"
    picked = {
        name: fingerprint(address, value[name])
        if kind.fields[name].private or name in hidden or is_masked(value[name])
        else value[name]
        for name in names or value
        if name in value
    }
    canonical = json.dumps(picked, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def fingerprint(address: Address, value: Any) -> str:
    """Return the text that stands for a private value and differs when the value does.

    Sixteen bits, salted with the address: enough to see a change, too few to search for a name
    or a number that fits.
    """
    salted = f"{address}\0{reveal_all(value)}".encode()
    return f"#{hashlib.sha256(salted).hexdigest()[:4]}"


@dataclass(frozen=True, slots=True)
class Marker:
    """Makes the marks that stand for secret values in one plan."""

    salt: str
    key: bytes = field(default=b"", repr=False)
    """The key of the environment; without one, the salt in the plan is the key."""

    def mark(self, address: object, value: Any) -> str:
        """Return the mark of a value of the object at an address."""
        text = f"{self.salt}\0{address}\0{reveal_all(value)}".encode()
        return hmac.new(self.key or self.salt.encode(), text, hashlib.sha256).hexdigest()

    @property
    def key_mark(self) -> str | None:
        """The mark of the key itself, by which a run finds out that it has another one."""
        return self.mark("", "the key") if self.key else None


def mark_at(value: Value, paths: Iterable[Path], mark: Callable[[Any], str]) -> dict[str, Any]:
    """Return a value with marks in the place of what is at `paths`."""
    marked = dict(value)
    for path in paths:
        if value_at(marked, path) not in (None, ""):
            marked = put_at(marked, path, mark(value_at(marked, path)))
    return marked


def create_object(
    kind: Kind, address: Address, value: Value, reason: str, source: Source | None
) -> Change:
    """Return the change that creates an object."""
    fields, basis = new_fields(kind, value), digest(kind, address, None)
    return Change(address, Action.CREATE, reason, fields, None, value, source, basis)


def new_fields(kind: Kind, declared: Value) -> tuple[FieldChange, ...]:
    """Return every declared value of a new object, as changes from nothing."""
    return tuple(
        FieldChange(path, None, value, Action.CREATE, kind.fields[name].uncompared_reason)
        for name, declared_value in declared.items()
        if name != kind.identity
        for path, value in iterate_leaves((name,), declared_value)
    )


def iterate_leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield every value below `path` that is not a mapping; an empty mapping is a value too."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from iterate_leaves((*path, key), inner)
    elif value is not None:
        yield path, value
