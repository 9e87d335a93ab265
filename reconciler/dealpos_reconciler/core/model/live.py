"""The live state: everything that was read from the shop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Kind, Value


@dataclass(slots=True)
class Observed:
    """The live values of one object. A field that is not in `value` was not shown.

    Nothing changes its values; see `Declared`.
    """

    value: Value
    children: Mapping[str, Value] | None = None
    """The objects nested in this one, as a read of it showed them; None when it did not."""
    matched: Value | None = field(default=None, compare=False, repr=False)
    """A declared value that this one was found to contain, so that it is not compared again."""

    def contains(self, declared: Value) -> bool:
        """Return whether all that is declared is live, as it is of nearly every object."""
        if self.matched is not declared:
            if not declared.items() <= self.value.items():
                return False
            self.matched = declared
        return True


@dataclass(frozen=True, slots=True)
class Absent:
    """The shop does not have the object, on positive evidence."""


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class ListingStats:
    """The size of a whole listing, from which the cost of another one follows."""

    count: int
    """Rows that it had."""
    size: int = 0
    """Rows of its full pages, where it had several; 0 where it fitted on one."""
    fields: frozenset[str] = frozenset()
    """The fields that its rows have shown; none where it had no row."""
    untold: bool = False
    """True if nothing told its end but a page more, without a new row."""

    def requests(self, default_size: int = 500, *, to_the_end: bool = False) -> int:
        """Return the requests that show every row, and `to_the_end` that there is no other."""
        pages = max(-(-self.count // (self.size or default_size)), 1)
        return pages + (to_the_end and self.untold)


@dataclass(slots=True)
class Live:
    """Everything that was read from the shop.

    Three-valued: an object is Observed, Absent, or missing here, which means *not read* and is
    never taken for absent.
    """

    objects: dict[str, dict[str, Observed | Absent]] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    """Kinds whose listing was read to its end, so that unmanaged objects are known."""
    listings: dict[str, ListingStats] = field(default_factory=dict)
    reads: int = 0
    """Requests spent."""
    notes: list[str] = field(default_factory=list)
    read_errors: dict[Address, str] = field(default_factory=dict)
    """The reason why an object that was asked for could not be read."""
    spellings: dict[Address, str] = field(default_factory=dict)
    """The names under which the shop answers reads of these objects, where it spells them so."""
    unlisted: set[Address] = field(default_factory=set)
    """Objects that no listing has shown, but another read."""
    doubles: set[Address] = field(default_factory=set)
    """Names that two objects have: the API would change or delete either."""
    stock: dict[Address, Mapping[str, int | Decimal]] = field(default_factory=dict)
    """The stock of an object by place, where a removal needs it and a read showed it."""
    references_unknown: dict[str, str] = field(default_factory=dict)
    """Kinds whose objects could not all be asked what they refer to, and why."""
    children_complete: set[Address] = field(default_factory=set)
    """Parents that a change touches and of which every child is known, those out of use too."""
    unread_fields: dict[Address, frozenset[str]] = field(default_factory=dict)
    """Fields that a write would carry and no read has shown: leaving them out may clear them."""
    blind_updates: dict[Address, str] = field(default_factory=dict)
    """The reason why an object must not be updated: the update would overwrite what is unread."""

    def include(self, other: Live) -> None:
        """Add the objects of kinds that were read elsewhere."""
        self.objects |= other.objects
        self.complete |= other.complete
        self.read_errors |= other.read_errors

    def get(self, address: Address) -> Observed | Absent | None:
        """Return the state of an object; None when it was not read."""
        return self.objects.get(address.kind, {}).get(address.name)

    def put(self, address: Address, state: Observed | Absent) -> None:
        """Record what was found."""
        self.objects.setdefault(address.kind, {})[address.name] = state

    def unread_addresses(self, desired: Desired) -> set[Address]:
        """Return the declared objects that were not read."""
        return {
            Address(kind, name)
            for kind, objects in desired.objects.items()
            for name in objects.keys() - self.objects.get(kind, {}).keys()
        }

    def children_of(self, kind: Kind) -> KnownValues:
        """Return every object of `kind` that a read of its parent showed; its value names that."""
        nested: dict[str, tuple[str, Mapping[str, Value]]] = {}
        if kind.parent:
            for owner, state in self.iterate_observed(kind.parent.kind):
                nested.update(dict.fromkeys(state.children or (), (owner, state.children or {})))
        return KnownValues(kind, nested, {})

    def values_of(self, kind: Kind) -> KnownValues:
        """Return the value of every object of a kind, nested or not, as far as reads showed it."""
        return KnownValues(
            kind, self.children_of(kind).nested, dict(self.iterate_observed(kind.name))
        )

    def names_of(self, kind: Kind) -> set[str]:
        """Return the names of the live objects of a kind, nested or not, as far as reads showed."""
        names = {name for name, _ in self.iterate_observed(kind.name)}
        if kind.parent:
            names.update(*(s.children or () for _, s in self.iterate_observed(kind.parent.kind)))
        return names

    def iterate_observed(self, kind: str) -> Iterator[tuple[str, Observed]]:
        """Yield every object of a kind that the shop has, as far as it was read."""
        for name, state in self.objects.get(kind, {}).items():
            if isinstance(state, Observed):
                yield name, state


@dataclass(frozen=True, slots=True)
class KnownValues(Mapping[str, Value]):
    """The values of one kind by name, each made when it is looked at: few ever are."""

    kind: Kind
    nested: Mapping[str, tuple[str, Mapping[str, Value]]]
    """The parent and its children, by the name of a child."""
    states: Mapping[str, Observed]

    def __getitem__(self, name: str) -> Value:
        """Return a value; what a read of the object showed comes before the read of its parent."""
        if (found := self.nested.get(name)) is None:
            return dict(self.states[name].value)
        owner, children = found
        value = {**children[name], self.kind.parent_kind or "": owner}
        return {**value, **self.states[name].value} if name in self.states else value

    def __contains__(self, name: object) -> bool:
        return name in self.nested or name in self.states

    def __iter__(self) -> Iterator[str]:
        return iter({**self.nested, **self.states})

    def __len__(self) -> int:
        return len({**self.nested, **self.states})


Wanted = Mapping[str, Mapping[str, frozenset[str]]]
"""The objects and fields that a read must answer, by kind and identity; none: existence."""


def gather_wanted(
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
    """Return `below` overlaid with `above`, to the depth of mappings inside `above`."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{k: overlay(below.get(k), v) for k, v in above.items()}}
    return above
