"""The description of a kind of catalogue object: fields with their facts, reads and calls.

A kind is data. Its file states what the API knows about it, and everything else (validation,
diff, order, cost, schema) follows from that description without naming the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, get_type_hints

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.codec import Codec
from dealpos_reconciler.core.model.field import Field, Reference, Wire, field_from_annotation
from dealpos_reconciler.core.model.pricing import Discount, ListedPrice, Offer
from dealpos_reconciler.core.model.store import SHOP

Value = Mapping[str, Any]
"""One object in canonical form: our field names, plain values, natural keys."""

Shown = tuple[tuple[str, str, type | None, Callable[[Any], Any], Any], ...]
"""The fields that a row shows: name, key, type as is, decoder, and the value of a null."""

_MAX_SHAPES = 100
"""Different sets of keys that are remembered of a kind; a server that makes up keys has more."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A read of many: all pages of one operation."""

    operation: str
    paged: bool = True
    constants: Value = field(default_factory=dict)
    fields: frozenset[str] = frozenset()
    """The fields that its rows show, where the API documents fewer of them than a read of one."""
    wider: Listing | None = None
    """The same objects with a filter that may show what is left out by default; it is a guess."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A read of at most `limit` named objects in one call."""

    operation: str
    key: str
    limit: int
    constants: Value = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Single:
    """A read of one named object."""

    operation: str
    key: str = "Code"
    field: str = ""
    """The field whose value is the key; empty for the identity."""
    unlike: frozenset[str] = frozenset()
    """Keys whose values differ from those of the other reads, and are not used."""


@dataclass(frozen=True, slots=True)
class Reads:
    """The reads that the API has for a kind.

    `prefer_listing` says that a shop has about as many of them as its files name (products, not
    customers). `hides` says that a listing or batch may leave out objects that exist, such as
    discontinued ones (dealpos-api.md §14 #3, #12, #21). Then `proof` tells which names exist, and
    where it is not offered, `single`. `other` reads by another field.
    """

    listing: Listing | None = None
    batch: Batch | None = None
    proof: Batch | None = None
    single: Single | None = None
    other: Single | None = None
    prefer_listing: bool = True
    hides: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One write operation: the fields it carries, and its body.

    `fields` travel when the value has them; `defaults` are what the API demands and a file may
    leave out. `body` wraps the encoded values where the body is not simply the first of them.
    """

    operation: str
    fields: tuple[str, ...] = ()
    defaults: Value = field(default_factory=dict)
    limit: int = 1
    body: Callable[[Sequence[Value]], Any] | None = None
    forms: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()
    """Spellings to try in turn where the documentation does not say which one is right."""
    warning: str | None = None
    """A warning for a call that DealPOS does not document, with what to do."""


class CarryOver(NamedTuple):
    """The object that a replacement creates, so that nothing of the live one is lost."""

    value: Value | None
    """The new object; None where the object must not be replaced."""
    note: str | None = None
    """The values carried over, for people; the reason where there is no replacement."""
    warning: str | None = None
    """Fields that the new object may lack because the API never returns them."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A kind whose objects live inside another's: nested in its files and carried by its calls.

    `create` and `update` describe one item of `key`, the array in the parent's bodies and rows.
    """

    kind: str
    key: str
    create: Call
    update: Call
    write: tuple[str, ...] = ()
    """The keys that name the parent in the object's own update."""
    follows: Mapping[str, str] = field(default_factory=dict)
    """Fields of a child that repeat a field of the parent unless a file says otherwise."""


@dataclass(frozen=True, eq=False)
class Kind:
    """Everything that is particular to one kind of object."""

    name: str
    model: type
    reads: Reads
    collection: str = ""
    """The key in a catalogue file; empty for what is only read."""
    home: str = SHOP
    """Where its objects live: `SHOP` or `PROVIDER`."""
    create: Call | None = None
    update: Call | None = None
    delete: Call | None = None
    delete_many: Call | None = None
    parent: Parent | None = None
    required: tuple[str, ...] = ()
    """Fields that a new object must have, besides its identity."""
    retire: str = ""
    """The flag that takes an object out of use without deleting it."""
    preset: Value = field(default_factory=dict)
    """Fields that a shop may set itself, alike in all new objects; with the likely values."""
    rename: str = ""
    """The write key that carries a new identity, where the API can rename."""
    tree: bool = False
    """True if the identity is a slash path."""
    validate: Callable[[Value], Iterable[tuple[tuple[str | int, ...], str]]] | None = None
    """Rules across fields of one object: path and complaint."""
    internal_fields: Mapping[str, Wire] = field(default_factory=dict)
    """Fields that are read and sent back but never compared, shown or written in a file."""
    normalise: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    """Gathers what a read scatters over several keys, before decoding."""
    carry_over: Callable[[Value, Value], CarryOver] = lambda after, live: CarryOver(after)
    """Takes the declared object and the live one; gives what a replacement is created with."""
    explain_replacement: Callable[[str, Any, Any], str | None] | None = None
    """Takes path and both sides of a change; gives why it must replace the object, or None."""
    label: Callable[[Value, Value], str] | None = None
    """Takes an object and its parent (empty without one); gives the name that people call it by."""
    fields_at_risk: Callable[[Value], Mapping[str, str]] | None = None
    """Fields that no read shows and a write could clear, with the way out."""
    prices: Callable[[Value], Mapping[str, Offer]] | None = None
    """Takes an object; gives its prices by outlet, the base price under the empty name."""
    discount: Callable[[Value], Discount | None] | None = None
    """Takes a promotion; gives its discount, or None where that is not known."""
    use_counts: tuple[str, str] = ("", "")
    """The fields that say how often a promotion can be used, and how many of those are left."""
    listed_prices: Callable[[Value], Sequence[ListedPrice]] = lambda value: ()  # from pricebooks
    expiry_field: str = ""  # the last day of a promotion
    secret: Callable[[Value], bool | None] | None = None
    """Takes a live object; tells whether its identity is a secret, None where that is not shown."""
    stock_read: Single | None = None
    """The read that shows how much of it is on hand; asked before a deletion."""
    must_match_on_readback: tuple[str, ...] = ()
    """Fields that must read back as declared, or the new object is taken away again."""
    type_field: str = ""  # a shop may treat objects of another type differently
    fields: Mapping[str, Field] = field(init=False)
    identity: str = field(init=False)
    referring_fields: tuple[tuple[str, tuple[Reference, ...]], ...] = field(init=False)
    read_fields: tuple[tuple[str, tuple[str, ...], Codec], ...] = field(init=False)
    """The fields that reads show, with the keys they come under."""
    _shapes: dict[tuple[str, ...], Shown] = field(init=False, repr=False, default_factory=dict)
    _identity_key: str = field(init=False)
    """The first key that a read may show the identity under."""
    is_private: bool = field(init=False)
    uncompared_fields: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        hints = get_type_hints(self.model, include_extras=True)
        fields = {name: field_from_annotation(name, hint) for name, hint in hints.items()}
        for name, wire in self.internal_fields.items():
            fields[name] = Field(name, wire, internal=True)
        if self.parent:
            fields[self.parent.kind] = Field(
                self.parent.kind,
                Wire(self.parent.write),
                immutable_reason="no documented way to move it to another parent",
                references=(Reference(self.parent.kind),),
            )
        specs = fields.values()
        vars(self).update(
            fields=fields,
            identity=next(f.name for f in specs if f.identity),
            referring_fields=tuple((f.name, f.references) for f in specs if f.references),
            read_fields=tuple((f.name, f.wire.read, f.wire.codec) for f in specs if f.wire.read),
            _identity_key=next((f.wire.read[0] for f in specs if f.identity and f.wire.read), ""),
            is_private=any(f.private for f in specs),
            uncompared_fields=frozenset(f.name for f in specs if f.uncompared_reason),
        )

    def listed_in(self, value: Iterable[str]) -> frozenset[str]:
        """Return the fields of `value` that only a listing shows."""
        return frozenset(name for name in value if self.fields[name].wire.listing_only)

    def encode(self, call: Call, value: Value) -> dict[str, Any]:
        """Return the keys and values that `call` sends for `value`."""
        body: dict[str, Any] = dict(call.defaults)
        for name in (name for name in call.fields if name in value):
            wire = self.fields[name].wire
            body.update(dict.fromkeys(wire.write, wire.codec.encode(value[name])))
        return body

    def decode(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the canonical value of `row`, without the fields whose keys it lacks."""
        value, name, raw = {}, "", None
        if self.normalise:
            row = self.normalise(row)
        try:
            for name, key, plain, decode, empty in self._columns_of(tuple(row)):
                raw = row[key]
                if type(raw) is plain:
                    value[name] = raw
                else:
                    value[name] = empty if raw is None else decode(raw)
        except ValueError as error:
            shown = "" if self.fields[name].private else f" (found {str(raw)[:40]!r})"
            raise ValueError(f"`{name}`: {error}{shown}") from None
        return value

    def _columns_of(self, keys: tuple[str, ...]) -> Shown:
        """Return the fields that a row with these keys shows; most rows of a read share them."""
        if (found := self._shapes.get(keys)) is None:
            present = frozenset(keys)
            found = tuple(
                (name, key, codec.plain, codec.decode, codec.empty)
                for name, ours, codec in self.read_fields
                if (key := next((k for k in ours if k in present), None)) is not None
            )
            if len(self._shapes) < _MAX_SHAPES:
                self._shapes[keys] = found
        return found

    @property
    def parent_kind(self) -> str | None:
        """The kind that objects of this one are nested in, and the field that names the parent."""
        return self.parent.kind if self.parent else None

    def parent_address(self, value: Value) -> Address | None:
        """Return the parent that a value names; None for a kind without parents."""
        return Address(above, value.get(above, "")) if (above := self.parent_kind) else None

    @cached_property
    def comparable_fields(self) -> frozenset[str]:
        """The fields that a file can hold and the shop can show."""
        return frozenset(
            name
            for name, field in self.fields.items()
            if field.comparable and field.wire.read and name != self.parent_kind
        )

    def is_retired(self, row: Any) -> bool:
        """Return whether a row shows an object out of use; one that is not understood does not."""
        return bool(self.retire and self.peek(self.retire, row))

    def identity_of(self, row: Any) -> str | None:
        """Return the natural key that a row shows, if it shows one."""
        if type(row) is dict and type(name := row.get(self._identity_key)) is str:
            return name  # nearly always
        found = self.peek(self.identity, row)
        return found if found is None or type(found) is str else str(found)

    def peek(self, name: str, row: Any) -> Any:
        """Return one field that a row shows; None where it shows none, or not a valid one."""
        wire = self.fields[name].wire
        for key in wire.read if type(row) is dict or isinstance(row, Mapping) else ():
            if (raw := row.get(key)) is not None:
                try:
                    return raw if type(raw) is wire.codec.plain else wire.codec.decode(raw)
                except ValueError:
                    return None
        return None


Kinds = Mapping[str, Kind]
