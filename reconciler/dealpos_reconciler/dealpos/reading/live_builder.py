"""Merging the rows of all reads into one `Live`, children with their parents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.model.masked import SecretText
from dealpos_reconciler.core.model.secret import conceal_name
from dealpos_reconciler.dealpos.rows import Row
from dealpos_reconciler.errors import UnexpectedResponse

MAX_OBJECTS = 500_000
"""Objects of one kind that are kept; the largest shop that was measured has 100,000."""

MANY, SINGLE = "many", "single"
"""The two types of read that show an object."""


class LiveBuilder:
    """Adds the rows of any read to one `Live`."""

    def __init__(self, live: Live, kinds: Kinds, mask_key: bytes) -> None:
        self.live = live
        self.mask_key = mask_key
        self.children = {kind.parent.kind: kind for kind in kinds.values() if kind.parent}
        self.parents: dict[tuple[str, str], str] = {}
        """The parent of each child, by the child's kind and name."""
        self.single_keys: dict[str, set[str]] = {}
        """Every key that a single read of a kind has shown."""
        self.read_singly: dict[str, set[str]] = {}
        """Names of the objects of each kind that single reads have shown."""
        self.partial_children: dict[str, list[Children]] = {}
        """Children as one type of read showed them before the other, by the kind of the parent."""
        self.ids: dict[tuple[str, str], object] = {}
        """The ID of each object that pages and batches have shown, by kind and name."""
        self.existing: dict[str, set[str] | None] = {}
        """Names that exist, as the read of `Reads.proof` told; None where it told nothing."""
        self.omits_empty_keys = False
        """True where this shop was seen to leave out empty keys: rows of one read differ in keys.

        One serialiser stands behind all reads (inference), so one read is enough to say it of all.
        """

    def add_rows(self, kind: Kind, rows: Sequence[Row], keys: frozenset[str]) -> None:
        """Add rows to what is known; a later row of the same object adds to the earlier.

        `keys` are all keys of this read: a row without one of them holds null there. A row that
        cannot be decoded makes its object unknown.
        """
        self.omits_empty_keys = self.omits_empty_keys or any(len(row) != len(keys) for row in rows)
        self._add(kind, rows, keys, MANY)
        if self.live.unlisted:
            names = map(kind.identity_of, rows)
            self.live.unlisted.difference_update(Address(kind.name, n) for n in names if n)

    def add_single(self, kind: Kind, row: Row) -> None:
        """Add the row of a single read.

        A missing key means null for the fields that are marked so: a coupon without requirements
        has none of their keys (dealpos-api.md §10; inference).
        """
        name = kind.identity_of(row)
        optional = {f.wire.read[0] for f in kind.fields.values() if f.wire.omitted_when_empty}
        shown = self.single_keys.setdefault(kind.name, set(row))
        # A key that the documentation lets a row leave out says nothing of this shop.
        self.omits_empty_keys = self.omits_empty_keys or not (optional or shown == row.keys())
        shown.update(row)
        self.read_singly.setdefault(kind.name, set()).add(name or "")
        if not isinstance(self.live.get(Address(kind.name, name or "")), Observed):
            self.live.unlisted.add(Address(kind.name, name or ""))
        self._add(kind, [row], frozenset(row) | optional, SINGLE)

    def fill_empty_fields(self, kind: Kind) -> None:
        """Set fields to null that single reads show of one object and leave out of another."""
        shown = self.single_keys.get(kind.name, set())
        fields = kind.read_fields
        empty = {name: codec.empty for name, keys, codec in fields if not shown.isdisjoint(keys)}
        states = self.live.objects.get(kind.name, {})
        for name in self.read_singly.get(kind.name, ()):
            known = states.get(name)
            if isinstance(known, Observed):
                states[name] = Observed({**empty, **known.value}, known.children)

    def reads_showing_retired(self, kind: Kind) -> frozenset[str]:
        """Return the types of read of a kind that include retired children.

        A type that has returned one retired child is taken to return all of them.
        """
        present = (state.children for _, state in self.live.iterate_observed(kind.name))
        seen = (*self.partial_children.get(kind.name, ()), *present)
        # Children merged from both types prove nothing of either; their parts were kept for that.
        parts = [part for part in seen if isinstance(part, Children) and len(part.reads) == 1]
        found: frozenset[str] = frozenset()
        for part in parts:
            if not part.reads <= found and any(map(part.kind.is_retired, part.rows.values())):
                found |= part.reads
        return found

    def _add(self, kind: Kind, rows: Iterable[Row], keys: frozenset[str], read: str) -> None:
        empty = dict.fromkeys(keys)
        states = self.live.objects.setdefault(kind.name, {})
        here: set[str] = set()
        for row in rows:
            name = kind.identity_of(row)
            if name is None:
                continue
            if read == MANY and self._is_double(kind, name, row, here):
                self.live.doubles.add(Address(kind.name, name))
            try:
                value = kind.decode(row if len(row) == len(keys) else {**empty, **row})
                children = self._children_in(kind, name, row, read)
            except (ValueError, TypeError, AttributeError) as error:
                code = conceal_name(kind, name, row, self.mask_key)
                why = "" if isinstance(code, SecretText) else f": {error}"
                reason = f"the response has a value that cannot be read{why}. Check it in DealPOS"
                self.live.read_errors[Address(kind.name, code)] = reason
                continue
            known = states.get(name)
            if isinstance(known, Observed):
                value = {**known.value, **value}
                children = self._merge_children(kind, known.children, children)
            if kind.parent and (kind.name, name) in self.parents:
                value[kind.parent.kind] = self.parents[kind.name, name]
            states[name] = Observed(value, children)
            if len(states) > MAX_OBJECTS or len(self.parents) > MAX_OBJECTS:
                child = self.children.get(kind.name)
                many = kind if len(states) > MAX_OBJECTS or child is None else child
                detail = f"the shop has returned more than {MAX_OBJECTS:,} {many.collection}"
                raise UnexpectedResponse(kind.name, detail)

    def _is_double(self, kind: Kind, name: str, row: Row, here: set[str]) -> bool:
        """Return whether another object has this name; `here` are the names of this page.

        A row may be on two pages because an object was added meanwhile. Its ID tells so, where
        there is one; without it, one page alone is believed.
        """
        if (own := row.get("ID")) is not None:
            return bool(self.ids.setdefault((kind.name, name), own) != own)
        double = name in here
        here.add(name)
        return double

    def _merge_children(
        self, kind: Kind, known: Mapping[str, Value] | None, shown: Mapping[str, Value] | None
    ) -> Mapping[str, Value] | None:
        """Return the children that either of two reads shows: each may hide some."""
        if not isinstance(known, Children) or not isinstance(shown, Children):
            return known if shown is None else shown
        if known.reads == shown.reads:
            return shown
        self.partial_children.setdefault(kind.name, []).extend((known, shown))
        return Children(shown.kind, {**known.rows, **shown.rows}, known.reads | shown.reads)

    def _children_in(
        self, kind: Kind, parent: str, row: Row, read: str
    ) -> Mapping[str, Value] | None:
        """Return the children in a row, and remember their parent; None where it shows none."""
        child = self.children.get(kind.name)
        items = row.get(child.parent.key) if child and child.parent else None
        if child is None or not isinstance(items, list):
            return None
        found = {name: item for item in items if (name := child.identity_of(item)) is not None}
        for name in found:
            self.parents[child.name, name] = parent
        return Children(child, found, frozenset({read}))


class Children(Mapping[str, Value]):
    """The children in one parent's row, decoded only when they are looked at: few ever are.

    A child that cannot be decoded has its name alone: the read of the child itself reports it.
    """

    def __init__(self, kind: Kind, rows: Mapping[str, Row], reads: frozenset[str]) -> None:
        self.kind = kind
        self.rows = rows
        self.reads = reads
        """The types of read that have shown them."""

    def __getitem__(self, name: str) -> Value:
        try:
            return self.kind.decode(self.rows[name])
        except (ValueError, TypeError, AttributeError):
            return {self.kind.identity: name}

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)
