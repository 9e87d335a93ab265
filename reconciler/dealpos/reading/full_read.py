"""Everything that a shop shows of some kinds, declared or not: what an import writes down.

In two steps, because the first is cheap and tells what the second costs: the listings, then what
they do not show. What the files declare already is read no deeper.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from graphlib import TopologicalSorter
from math import ceil

from reconciler.core.model.address import Address
from reconciler.core.model.desired import Desired
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import Live
from reconciler.core.model.references import names
from reconciler.core.steps.usage import SECONDS_PER_REQUEST
from reconciler.dealpos.client import Client
from reconciler.dealpos.reading import read as live
from reconciler.dealpos.reading.paging import SIZES
from reconciler.dealpos.reading.reader import Asked, Reader, refusal
from reconciler.errors import NotOffered, Rejected, Unreadable

Pick = Callable[[Address], bool]


class Everything:
    """A reading of `chosen` kinds. `live` is what is known so far, also after a cut."""

    def __init__(
        self,
        client: Client,
        kinds: Kinds,
        chosen: Collection[str],
        desired: Desired,
        pick: Pick | None = None,
    ) -> None:
        self.pick = pick
        """What of it is wanted; None for all that no declared object holds."""
        self.client = client
        self.kinds = kinds
        self.desired = desired
        self.reader = Reader(client, kinds)
        self.chosen = [kinds[name] for name in _order(kinds) if name in chosen]
        self.unreadable: dict[str, str] = {}
        """Kinds of which nothing could be read, and why."""
        self.finished: set[str] = set()
        """Kinds of which all is read that will be."""

    @property
    def names(self) -> list[str]:
        """The kinds that are read as a whole, by name."""
        return [kind.name for kind in self.chosen]

    @property
    def live(self) -> Live:
        """What was read."""
        return self.reader.live

    def listings(self) -> None:
        """The listings of all kinds that have one of their own."""
        for kind in self.chosen:
            if kind.parent is None:
                self._guarded(kind, self._listing)

    def cost(self) -> int:
        """Requests that `deepen` will spend, as far as the listings tell."""
        return sum(self._price(kind) for kind in self.chosen if kind.name not in self.unreadable)

    def counts(self) -> dict[str, int]:
        """How many objects of each kind the listings have shown that no file declares."""
        return {kind.name: len(self._new(kind)) for kind in self.chosen}

    def seconds(self, requests: int) -> float:
        """About how long so many more requests take, waiting for the window included."""
        return self.client.window.seconds_until_sent(requests) + requests * SECONDS_PER_REQUEST

    def deepen(self) -> None:
        """What the listings do not show, then what all that refers to."""
        for kind in self.chosen:
            if kind.name not in self.unreadable:
                self._guarded(kind, self._details)

    def complete(self, address: Address) -> bool:
        """Whether all was read of an object that a read of its kind can show."""
        kind = self.kinds[address.kind]
        child = self.reader.intake.children.get(kind.name)
        if address in self.live.unread or (child and child.name not in self.finished):
            return False
        if kind.name in self.finished or kind not in self.chosen:
            return True
        shown = self.reader.intake.singly.get(kind.name, set())
        asked = self._asked(kind, [address.name])
        return address.name in shown or not self.reader.lacking(kind, asked)

    def _guarded(self, kind: Kind, read: Callable[[Kind], None]) -> None:
        try:
            read(kind)
        except (Rejected, Unreadable) as error:
            if error.operation == "token":
                raise
            self.unreadable[kind.name] = refusal(kind, error)

    def _listing(self, kind: Kind) -> None:
        if kind.reads.listing is None:
            raise NotOffered(kind.name, 0, "there is no listing of them")
        self.reader.listing(kind, {}, to_the_end=True)

    def _details(self, kind: Kind) -> None:
        if kind.parent:
            self._nested(kind)
        else:
            self.reader.details(kind, self._asked(kind, self._new(kind)))
        self._referred(kind)
        self.finished.add(kind.name)

    def _nested(self, kind: Kind) -> None:
        """Children: named by their parents' rows, read in the cheapest way."""
        assert kind.parent is not None
        owner = self.kinds[kind.parent.kind]
        for name, state in tuple(self.live.observed(owner.name)):
            if state.children is None and self._fresh(owner, name):
                self._open(owner, name, kind)
        asked = self._asked(kind, self._new(kind))
        if kind.reads.batch:
            self.reader.many(kind, kind.reads.batch, asked)
        for name in self.reader.missing(kind, asked) if kind.reads.single else ():
            self.reader.single(kind, name)
        self.reader.details(kind, asked)
        for name in self.reader.missing(kind, asked):
            self.live.unread[Address(kind.name, name)] = "its parent names it, and no read shows it"

    def _open(self, owner: Kind, name: str, kind: Kind) -> None:
        """Read a parent whose row did not show its children."""
        if owner.reads.single:
            self.reader.single(owner, name)
        state = self.reader.observed(owner, name)
        if state is None or state.children is None:
            why = f"no read of this shop shows its {kind.collection}"
            self.live.unread[Address(owner.name, name)] = why

    def _new(self, kind: Kind) -> list[str]:
        """The names that the listings have shown and the files do not declare."""
        if kind.parent is None:
            names = (name for name, _ in self.live.observed(kind.name) if self._fresh(kind, name))
            return [n for n in names if self.pick is None or self.pick(Address(kind.name, n))]
        owner = self.kinds[kind.parent.kind]
        return [
            name
            for above, state in self.live.observed(owner.name)
            for name in state.children or ()
            if self._fresh(kind, name) and self._inside(kind, name, owner, above)
        ]

    def _inside(self, kind: Kind, name: str, owner: Kind, above: str) -> bool:
        """Whether a child is wanted, by itself or with its parent."""
        if self.pick is None:
            return self._fresh(owner, above)
        return self.pick(Address(kind.name, name)) or self.pick(Address(owner.name, above))

    def _fresh(self, kind: Kind, name: str) -> bool:
        return name not in self.desired.objects.get(kind.name, ())

    def _asked(self, kind: Kind, names: Iterable[str]) -> Asked:
        return dict.fromkeys(names, kind.comparable_fields)

    def _price(self, kind: Kind) -> int:
        new = self._new(kind)
        if kind.parent is None:
            lacking = self.reader.lacking(kind, self._asked(kind, new))
            return len(lacking) if kind.reads.single else 0
        listed = self.live.pages.get(kind.parent.kind)
        size = (listed.size if listed else 0) or self.client.routes.tenant.size or SIZES[0]
        pages = ceil(len(new) / size) if kind.reads.listing else len(new)
        closed = sum(1 for _, s in self.live.observed(kind.parent.kind) if s.children is None)
        return pages + closed

    def _referred(self, kind: Kind) -> None:
        """What is named by what was read, and was not read itself.

        Of what is declared already only the names that no listing is worth: the customers of
        coupons.
        """
        waiting = {other.name for other in self.chosen} - self.finished - {kind.name}
        entries: dict[str, dict[str, frozenset[str]]] = {}
        for target in {*self._named(kind), *self._named_before(kind)}:
            if target.kind not in waiting and self.live.get(target) is None:
                other = self.kinds[target.kind]
                deep = other.comparable_fields if self._fresh(other, target.name) else frozenset()
                entries.setdefault(target.kind, {})[target.name] = deep
        live.seek(self.reader, entries)

    def _named(self, kind: Kind) -> Iterator[Address]:
        for name in self._new(kind):
            state = self.reader.observed(kind, name)
            yield from (target for target, _ in names(kind, state.value if state else {}))

    def _named_before(self, kind: Kind) -> Iterator[Address]:
        for declared in self.desired.objects.get(kind.name, {}).values():
            for target, _ in names(kind, declared.value):
                other = self.kinds[target.kind]
                if not other.reads.listed and self._fresh(other, target.name):
                    yield target


def _order(kinds: Kinds) -> Iterable[str]:
    """Kinds after those that they refer to, parents included."""
    graph = {
        name: {r.kind for _, references in kind.referring for r in references} - {name}
        for name, kind in sorted(kinds.items())
    }
    return TopologicalSorter(graph).static_order()
