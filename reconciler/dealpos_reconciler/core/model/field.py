"""Field marks (`Identity`, `WriteOnly`, …) and the `Field` that is built from an annotation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Required, get_args, get_origin, get_type_hints

from dealpos_reconciler.core.model.codec import TEXT, Codec

DECLARE = "Declare the value that it has in DealPOS"
"""The way out where a write could clear what no read shows."""


@dataclass(frozen=True, slots=True)
class Wire:
    """The keys of a field in requests and answers, and its codec.

    Several `write` keys are all sent: where the documentation contradicts itself, a server that
    follows either spelling is served. `unset` marks a field that a single read leaves out when it
    holds nothing, as documented; `listed` one that only a listing shows.
    """

    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    codec: Codec = TEXT
    omitted_when_empty: bool = False
    listing_only: bool = False


def one_key(key: str, codec: Codec = TEXT) -> Wire:
    """Return the wire of a field that has one name in requests and answers."""
    return Wire((key,), (key,), codec)


def sent_key(key: str, codec: Codec = TEXT) -> Wire:
    """Return the wire of a field that no read shows."""
    return Wire((key,), (), codec)


@dataclass(frozen=True, slots=True)
class Identity:
    """The natural key: what the API itself identifies the object by."""


@dataclass(frozen=True, slots=True)
class Uncompared:
    """The live value is never compared."""

    reason: str


class Runtime(Uncompared):
    """The till changes it: sent when the object is created, never compared."""


class Derived(Uncompared):
    """The server rewrites what is written: sent, compared only by what was written last."""


@dataclass(frozen=True, slots=True)
class WriteOnly(Uncompared):
    """No read returns it: sent, noted, never compared."""

    reason: str = "the API never returns it"


@dataclass(frozen=True, slots=True)
class Private:
    """Customer data: shown as a fingerprint everywhere."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The field holds sums of money, which a shop without small coins may round."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A file may give the field steps, each from a day on."""


@dataclass(frozen=True, slots=True)
class Unique:
    """No two objects should have the same value."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The field names other objects: its text or list, its list `under` a key, a mapping's keys."""

    kind: str
    keys: bool = False
    under: str = ""

    def targets(self, value: Any) -> Iterator[tuple[str, tuple[str | int, ...]]]:
        """Yield each name that `value` refers to, with its path inside the field."""
        if self.keys:
            yield from ((name, (name,)) for name in value)
        elif self.under:
            named = value.get(self.under, ()) if isinstance(value, Mapping) else ()
            yield from ((name, (self.under, index)) for index, name in enumerate(named))
        elif isinstance(value, list):
            yield from ((name, (index,)) for index, name in enumerate(value))
        elif value:
            yield value, ()

    def collect(self, values: Iterable[Any], into: set[str]) -> None:
        """Add each name that one of `values` refers to."""
        if self.keys:
            into.update(*values)
            return
        for value in values:
            if self.under or isinstance(value, list):
                into.update(name for name, _ in self.targets(value))
            elif value:
                into.add(value)

    def rename_in(self, value: Any, move: Callable[[str], str]) -> Any:
        """Return `value` with `move` applied to each name that this reference finds in it."""
        if self.keys:
            return {move(name): entry for name, entry in value.items()}
        if self.under:
            names = value.get(self.under) if isinstance(value, Mapping) else None
            return {**value, self.under: sorted(map(move, names))} if names else value
        if isinstance(value, list):
            return sorted(map(move, value))
        return move(value) if value else value


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind, and all that is known of it."""

    name: str
    wire: Wire
    identity: bool = False
    private: bool = False
    unique: bool = False
    internal: bool = False
    """Read and sent back where the API wants it; no key of a file, never compared or shown."""
    immutable_reason: str | None = None
    runtime: bool = False
    """The till's own value: an update sends back what is live, never what a file says."""
    derived: bool = False
    """The server always rewrites it: compared by what was written last, where that is known."""
    uncompared_reason: str | None = None
    """The reason why the live value is never compared."""
    references: tuple[Reference, ...] = ()
    money: bool = False
    keyed: bool = False
    """A map with keys of its own, such as outlets: layers merge it by key."""

    @property
    def comparable(self) -> bool:
        """True if a difference between file and shop can be seen at all."""
        return not (self.uncompared_reason or self.internal or self.identity)

    @property
    def write_only(self) -> bool:
        """True if no read returns it, so that only a ledger knows what it is."""
        return bool(self.uncompared_reason) and not (self.runtime or self.derived)


def field_from_annotation(name: str, annotation: Any) -> Field:
    """Return the field that a model's annotation describes."""
    if get_origin(annotation) is Required:
        (annotation,) = get_args(annotation)
    base, *marks = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    found: dict[type, Any] = {type(mark): mark for mark in marks}
    return Field(
        name,
        found.get(Wire, Wire()),
        identity=Identity in found,
        private=Private in found,
        unique=Unique in found,
        runtime=Runtime in found,
        derived=Derived in found,
        uncompared_reason=next((m.reason for m in marks if isinstance(m, Uncompared)), None),
        references=tuple(mark for mark in marks if isinstance(mark, Reference)),
        money=Sum in found,
        keyed=get_origin(base) is dict,
    )


@cache
def find_needed_members(model: type) -> frozenset[str]:
    """Return the members of maps that may be dated and that every entry of their map needs."""
    found = set()
    for hint in get_type_hints(model).values():
        for shape in get_args(hint):
            for name in getattr(shape, "__required_keys__", ()):
                inner = get_type_hints(shape, include_extras=True)[name]
                inner = get_args(inner)[0] if get_origin(inner) is Required else inner
                if any(isinstance(mark, Dated) for mark in get_args(inner)):
                    found.add(name)
    return frozenset(found)
