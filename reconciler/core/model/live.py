"""What the files say, and what the shop says: the two sides of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from reconciler.core.model.kind import Kinds, Value


class Address(NamedTuple):
    """An object's name everywhere: `product/1003`, `category/Drinks/Coffee`."""

    kind: str
    name: str

    def __str__(self) -> str:
        """`kind/name`."""
        return f"{self.kind}/{self.name}"


def above(address: Address, kinds: Kinds) -> Iterator[Address]:
    """Every object above one in a tree, the nearest first; nothing for a kind that is none."""
    kind, name = address
    while kinds[kind].tree and "/" in name:
        name = name.rpartition("/")[0]
        yield Address(kind, name)


class Source(NamedTuple):
    """Where a file asks for something; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """An exception from a guardrail that a reviewer agreed to (`allow:` in a catalogue file)."""

    rule: str
    reason: str
    until: str
    """The last day on which it holds, `YYYY-MM-DD`."""
    source: Source
    address: Address | None = None
    """The object it is for; None for the plan as a whole."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the files say of one object. A field that is not in `value` is not managed."""

    value: Value
    source: Source
    was: str = ""
    """The identity it had before, where the file says that it was renamed."""
    moved: frozenset[str] = frozenset()
    """Fields that the server always rewrites, and whose value is not the one written last."""
    removed: str = ""
    """Why it is declared as retired though no file holds it: it is to be removed."""


@dataclass(frozen=True, slots=True)
class Removal:
    """That an object is wanted out of the shop: retired, or deleted where that is asked for."""

    source: Source
    delete: bool = False
    reason: str = "removed in the files"


@dataclass(frozen=True, slots=True)
class Prune:
    """A scope (`prune:` in reconciler.yaml) in which what the files do not declare is removed."""

    kinds: tuple[str, ...]
    source: Source
    categories: tuple[str, ...] = ()
    """Globs on the category that an object is in, or is; empty means any."""
    codes: tuple[str, ...] = ()
    """Globs on the object's own name; empty means any."""
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """What the shop says of one object. A field that is not in `value` was not shown."""

    value: Value
    children: Mapping[str, Value] | None = None
    """What a read of this object showed of the objects nested in it; None when it did not."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The shop does not have the object, on positive evidence."""


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that the files declare, by kind and identity."""

    objects: Mapping[str, Mapping[str, Declared]] = field(default_factory=dict)
    allowances: tuple[Allowance, ...] = ()
    """The exceptions from guardrails, in file order."""
    removals: Mapping[Address, Removal] = field(default_factory=dict)
    """What is wanted out of the shop."""
    prune: tuple[Prune, ...] = ()
    """Scopes in which that follows from what the files do not declare."""

    def get(self, address: Address) -> Declared | None:
        """What the files say of `address`, if they do."""
        return self.objects.get(address.kind, {}).get(address.name)

    def __iter__(self) -> Iterator[tuple[Address, Declared]]:
        """Every declared object, in the order of kinds and names."""
        for kind in sorted(self.objects):
            for name in sorted(self.objects[kind]):
                yield Address(kind, name), self.objects[kind][name]


@dataclass(frozen=True, slots=True)
class Listed:
    """What a whole listing of a kind was like: enough to tell what another one costs."""

    count: int
    """Rows that it had."""
    size: int = 0
    """Rows of its full pages, where it had several; 0 where it fitted on one."""

    def requests(self, default_size: int = 500) -> int:
        """Requests that show every row; the end needs no proof where the rows are known."""
        return max(-(-self.count // (self.size or default_size)), 1)


@dataclass(slots=True)
class Live:
    """Everything that was read from the shop.

    Three-valued: an object is Observed, Absent, or missing here, which means *not read* and is
    never taken for absent.
    """

    objects: dict[str, dict[str, Observed | Absent]] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    """Kinds whose listing was read to its end, so that unmanaged objects are known."""
    pages: dict[str, Listed] = field(default_factory=dict)
    """What the whole listings that were read were like."""
    reads: int = 0
    """Requests spent."""
    notes: list[str] = field(default_factory=list)
    unread: dict[Address, str] = field(default_factory=dict)
    """Why an object that was asked for could not be read."""
    stock: dict[Address, Mapping[str, int | Decimal]] = field(default_factory=dict)
    """How much of an object is on hand, by place, where a removal asked and a read showed it."""
    unlooked: dict[str, str] = field(default_factory=dict)
    """Kinds whose objects could not all be asked what they refer to, and why."""
    whole: set[Address] = field(default_factory=set)
    """Parents that a change touches and of which every child is known, those out of use too."""
    unseen: dict[Address, frozenset[str]] = field(default_factory=dict)
    """Fields that a write would carry and no read has shown: leaving them out may clear them."""

    def get(self, address: Address) -> Observed | Absent | None:
        """What is known of `address`; None when it was not read."""
        return self.objects.get(address.kind, {}).get(address.name)

    def put(self, address: Address, state: Observed | Absent) -> None:
        """Record what was found."""
        self.objects.setdefault(address.kind, {})[address.name] = state

    def unread_of(self, desired: Desired) -> set[Address]:
        """The declared objects that were not read."""
        return {
            Address(kind, name)
            for kind, objects in desired.objects.items()
            for name in objects.keys() - self.objects.get(kind, {}).keys()
        }

    def observed(self, kind: str) -> Iterator[tuple[str, Observed]]:
        """Every object of a kind that the shop has, as far as it was read."""
        for name, state in self.objects.get(kind, {}).items():
            if isinstance(state, Observed):
                yield name, state


Wanted = Mapping[str, Mapping[str, frozenset[str]]]
"""What a read must answer: kind, identity, and the fields that matter (none: existence)."""


def wanted(
    entries: Iterable[tuple[str, str, Iterable[str]]],
    table: dict[str, dict[str, frozenset[str]]] | None = None,
) -> Wanted:
    """Gather (kind, identity, fields) entries into `table`; fields of one object are joined."""
    table = {} if table is None else table
    for kind, name, fields in entries:
        names = table.setdefault(kind, {})
        known = names.get(name)
        if not known:
            names[name] = frozenset(fields)
        elif fields:
            names[name] = known.union(fields)
    return table


def overlay(below: Any, above: Any) -> Any:
    """`below` with what `above` says, to the depth of mappings inside `above`."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {**below, **{k: overlay(below.get(k), v) for k, v in above.items()}}
    return above
