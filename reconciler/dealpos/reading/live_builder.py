"""Rows of answers into Live: decoded, joined with what is known, children told their parent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds, Value
from reconciler.core.model.live import Live, Observed
from reconciler.dealpos.rows import Row

MANY, SINGLE = "many", "single"
"""The two sorts of read that show an object."""


class Intake:
    """Takes rows of any read into one `Live`."""

    def __init__(self, live: Live, kinds: Kinds) -> None:
        self.live = live
        self.children = {kind.parent.kind: kind for kind in kinds.values() if kind.parent}
        self.owners: dict[tuple[str, str], str] = {}
        self.single_keys: dict[str, set[str]] = {}
        """Every key that a single read of a kind has shown."""
        self.singly: dict[str, set[str]] = {}
        self.joined: dict[str, list[Children]] = {}
        """Children, by the kind of their parent, as one sort of read showed them before another."""
        self.sparse = False
        """Whether this shop was seen to leave out what is empty: rows of one read differ in keys.

        One serialiser stands behind all reads (inference), so one read tells it of all.
        """

    def take(self, kind: Kind, rows: Sequence[Row], shape: frozenset[str]) -> None:
        """Add rows to what is known; a later row of the same object adds to the earlier.

        `shape` is every key that rows of this read have: a row that leaves one out holds null
        there. A row that cannot be understood makes its object unknown.
        """
        self.sparse = self.sparse or any(len(row) != len(shape) for row in rows)
        self._take(kind, rows, shape, MANY)

    def _take(self, kind: Kind, rows: Iterable[Row], shape: frozenset[str], read: str) -> None:
        empty = dict.fromkeys(shape)
        states = self.live.objects.setdefault(kind.name, {})
        for row in rows:
            name = kind.named(row)
            if name is None:
                continue
            try:
                value = kind.decode(row if len(row) == len(shape) else {**empty, **row})
                inner = self._inner(kind, name, row, read)
            except (ValueError, TypeError, AttributeError) as error:
                why = f"its answer was not understood: {error}"
                self.live.unread[Address(kind.name, name)] = why
                continue
            known = states.get(name)
            if isinstance(known, Observed):
                value = {**known.value, **value}
                inner = self._joined(kind, known.children, inner)
            if kind.parent and (kind.name, name) in self.owners:
                value[kind.parent.kind] = self.owners[kind.name, name]
            states[name] = Observed(value, inner)

    def take_single(self, kind: Kind, row: Row) -> None:
        """Add the row of a single read.

        A key that it leaves out holds nothing where the documentation says so (dealpos-api.md §10:
        a requirement that is not set means that there is none).
        """
        name = kind.named(row)
        unset = {f.wire.read[0] for f in kind.fields.values() if f.wire.unset}
        shown = self.single_keys.setdefault(kind.name, set(row))
        # What the documentation itself lets a row leave out tells nothing of the shop.
        self.sparse = self.sparse or not (unset or shown == row.keys())
        shown.update(row)
        self.singly.setdefault(kind.name, set()).add(name or "")
        self._take(kind, [row], frozenset(row) | unset, SINGLE)

    def fill(self, kind: Kind) -> None:
        """Take what single reads show of one object and not of another for null there."""
        shown = self.single_keys.get(kind.name, set())
        empty = {
            name: codec.empty for name, keys, codec in kind.readable if not shown.isdisjoint(keys)
        }
        states = self.live.objects.get(kind.name, {})
        for name in self.singly.get(kind.name, ()):
            known = states.get(name)
            if isinstance(known, Observed):
                states[name] = Observed({**empty, **known.value}, known.children)

    def candid(self, kind: Kind) -> frozenset[str]:
        """The sorts of read of a kind that have shown a retired child: they hide none."""
        present = (state.children for _, state in self.live.observed(kind.name))
        shown = (*self.joined.get(kind.name, ()), *present)
        # What two sorts have shown tells of neither; the parts of it were kept for that.
        parts = [part for part in shown if isinstance(part, Children) and len(part.reads) == 1]
        found: frozenset[str] = frozenset()
        for part in parts:
            if not part.reads <= found and any(map(part.kind.retired, part.rows.values())):
                found |= part.reads
        return found

    def _joined(
        self, kind: Kind, known: Mapping[str, Value] | None, shown: Mapping[str, Value] | None
    ) -> Mapping[str, Value] | None:
        """What two reads show of the children: either may show some that the other hides."""
        if not isinstance(known, Children) or not isinstance(shown, Children):
            return known if shown is None else shown
        if known.reads == shown.reads:
            return shown
        self.joined.setdefault(kind.name, []).extend((known, shown))
        return Children(shown.kind, {**known.rows, **shown.rows}, known.reads | shown.reads)

    def _inner(self, kind: Kind, owner: str, row: Row, read: str) -> Mapping[str, Value] | None:
        """The children that a row shows, each remembered with its parent."""
        child = self.children.get(kind.name)
        if child is None or child.parent is None:
            return None
        items = row.get(child.parent.key)
        if not isinstance(items, list):
            return None
        found = {name: item for item in items if (name := child.named(item)) is not None}
        for name in found:
            self.owners[child.name, name] = owner
        return Children(child, found, frozenset({read}))


class Children(Mapping[str, Value]):
    """The children of one parent's row, decoded when they are looked at: few ever are.

    What a row says of a child that cannot be understood is left out: the child's own reads say it.
    """

    def __init__(self, kind: Kind, rows: Mapping[str, Row], reads: frozenset[str]) -> None:
        self.kind = kind
        self.rows = rows
        self.reads = reads
        """The sorts of read that have shown them."""

    def __getitem__(self, name: str) -> Value:
        """The value of one child."""
        try:
            return self.kind.decode(self.rows[name])
        except (ValueError, TypeError, AttributeError):
            return {self.kind.identity: name}

    def __contains__(self, name: object) -> bool:
        """Whether a child is shown; nothing is decoded for that."""
        return name in self.rows

    def __iter__(self) -> Iterator[str]:
        """The names of the children."""
        return iter(self.rows)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.rows)
