"""Whole kinds, declared or not: what import and adopt write into files.

Two steps, because the first is cheap and tells what the second costs: first the listings, then
everything that they do not show. Objects that the files declare are not read any further.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from graphlib import TopologicalSorter
from math import ceil

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired, references_of
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.model.live import gather_wanted
from dealpos_reconciler.core.model.secret import authorises, conceal_live
from dealpos_reconciler.core.steps.usage import SECONDS_PER_REQUEST
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.operations import describe_failure
from dealpos_reconciler.dealpos.reading.paging import PAGE_SIZES, Until
from dealpos_reconciler.dealpos.reading.read import find
from dealpos_reconciler.dealpos.reading.readback import read_recent_singly
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.errors import OperationUnavailable, Rejected, UnexpectedResponse

Pick = Callable[[Address], bool]


class FullRead:
    """A read of whole kinds; `live` holds what is known so far, also after an interruption.

    `pick` chooses objects; without it, all objects that no file declares are read.
    """

    def __init__(
        self,
        client: Client,
        kinds: Kinds,
        chosen: Collection[str],
        desired: Desired,
        pick: Pick | None = None,
    ) -> None:
        self.pick = pick
        self.client = client
        self.kinds = kinds
        self.desired = desired
        self.reader = Reader(client, kinds)
        self.live = self.reader.live
        self.chosen = [kinds[name] for name in _reference_order(kinds) if name in chosen]
        self.unreadable: dict[str, str] = {}
        """Kinds of which no object could be read, with the reason."""
        self.finished: set[str] = set()
        """Kinds that were read as far as they will be."""

    def read_listings(self) -> None:
        """Read the listings of all kinds that have one of their own."""
        listed = [kind for kind in self.chosen if kind.parent is None]
        later = ((kind, Until(set(), to_the_end=True)) for kind in listed[1:] if kind.reads.listing)
        with self.reader.ahead.plan(later):
            for kind in listed:
                self._read_or_note(kind, self._read_listing)
        read_recent_singly(self.reader)
        self._conceal()

    def remaining_requests(self) -> int:
        """Return the requests that `read_rest` will send, as far as the listings tell."""
        readable = (kind for kind in self.chosen if kind.name not in self.unreadable)
        return sum(map(self._remaining_requests, readable))

    def new_counts(self) -> dict[str, int]:
        """Return how many objects of each kind the listings show that no file declares."""
        return {kind.name: len(self._new_names(kind)) for kind in self.chosen}

    def estimate_seconds(self, requests: int) -> float:
        """Return about how long so many more requests take, waiting included."""
        return self.client.window.seconds_until_sent(requests) + requests * SECONDS_PER_REQUEST

    def read_rest(self) -> None:
        """Read what the listings do not show, then the objects that all of it refers to."""
        try:
            for kind in self.chosen:
                if kind.name not in self.unreadable:
                    self._read_or_note(kind, self._read_details)
        finally:
            self._conceal()

    def _conceal(self) -> None:
        conceal_live(self.live, self.desired, self.kinds, self.client.store.mask_key)

    def is_complete(self, address: Address) -> bool:
        """Return whether all was read of an object that a read of its kind can show."""
        kind = self.kinds[address.kind]
        child = self.reader.builder.children.get(kind.name)
        if address in self.live.read_errors or (child and child.name not in self.finished):
            return False
        if kind.name in self.finished or kind not in self.chosen:
            return True
        shown = self.reader.builder.read_singly.get(kind.name, set())
        asked = {address.name: kind.comparable_fields}
        return address.name in shown or not self.reader.missing_fields(kind, asked)

    def _read_or_note(self, kind: Kind, read: Callable[[Kind], None]) -> None:
        """Read a kind; note it as unreadable where that fails, so that the others go on."""
        try:
            read(kind)
        except (Rejected, UnexpectedResponse) as error:
            if error.operation == "token":
                raise
            self.unreadable[kind.name] = describe_failure(kind, error)

    def _read_listing(self, kind: Kind) -> None:
        if kind.reads.listing is None:
            raise OperationUnavailable(kind.name, 0, f"the API has no list of {kind.collection}")
        self.reader.read_listing(kind, {}, to_the_end=True)

    def _read_details(self, kind: Kind) -> None:
        if kind.parent:
            self._read_children(kind)
        else:
            asked = dict.fromkeys(self._new_names(kind), kind.comparable_fields)
            self.reader.read_missing_fields(kind, asked)
        self._read_referred(kind)
        self.finished.add(kind.name)

    def _read_children(self, kind: Kind) -> None:
        """Read the children that their parents' rows name, in the cheapest way."""
        assert kind.parent is not None
        parent = self.kinds[kind.parent.kind]
        shown = [name for name, _ in self.live.iterate_observed(parent.name)]
        new = [name for name in shown if self._is_new(Address(parent.name, name))]
        for name in self.reader.read_children(parent, new):
            reason = f"the API did not return its {kind.collection}"
            self.live.read_errors[Address(parent.name, name)] = reason
        asked = dict.fromkeys(self._new_names(kind), kind.comparable_fields)
        if kind.reads.batch:
            self.reader.read_many(kind, kind.reads.batch, asked)
        if kind.reads.single:
            self.reader.read_singles(kind, self.reader.find_missing(kind, asked), exist=True)
        self.reader.read_missing_fields(kind, asked)
        reason = f"its {parent.name} names it, and the API did not return it"
        self.reader.mark_unread(kind, self.reader.find_missing(kind, asked), reason)

    def _new_names(self, kind: Kind) -> list[str]:
        """Return the names that the listings have shown and the files do not declare."""
        if kind.parent is None:
            # No message of the server about a secret code is ever provoked.
            shown = (
                Address(kind.name, name)
                for name, state in self.live.iterate_observed(kind.name)
                if not authorises(kind, state.value)
            )
            return [a.name for a in shown if self._is_new(a) and (not self.pick or self.pick(a))]
        return [
            child.name
            for above, state in self.live.iterate_observed(kind.parent.kind)
            for child in (Address(kind.name, name) for name in state.children or ())
            if self._is_new(child) and self._is_chosen(child, Address(kind.parent.kind, above))
        ]

    def _is_chosen(self, child: Address, parent: Address) -> bool:
        return self.pick(child) or self.pick(parent) if self.pick else self._is_new(parent)

    def _is_new(self, address: Address) -> bool:
        return address.name not in self.desired.objects.get(address.kind, ())

    def _remaining_requests(self, kind: Kind) -> int:
        new = self._new_names(kind)
        if kind.parent is None:
            asked = dict.fromkeys(new, kind.comparable_fields)
            return len(self.reader.missing_fields(kind, asked)) if kind.reads.single else 0
        listed = self.live.listings.get(kind.parent.kind)
        size = (listed.size if listed else 0) or self.client.routes.tenant.size or PAGE_SIZES[0]
        pages = ceil(len(new) / size) if kind.reads.listing else len(new)
        parents = self.live.iterate_observed(kind.parent.kind)
        return pages + sum(state.children is None for _, state in parents)

    def _read_referred(self, kind: Kind) -> None:
        """Read objects that the read ones refer to and that were not read themselves."""
        waiting = {other.name for other in self.chosen} - self.finished - {kind.name}
        requested = [
            (*target, self.kinds[target.kind].comparable_fields if self._is_new(target) else ())
            for target in set(self._iterate_referred(kind))
            if target.kind not in waiting and self.live.get(target) is None
        ]
        find(self.reader, gather_wanted(requested))

    def _iterate_referred(self, kind: Kind) -> Iterator[Address]:
        """Yield what the new and the declared objects of a kind refer to.

        Declared ones add only references to kinds that no listing is worth: the customers of
        coupons.
        """
        for name in self._new_names(kind):
            if state := self.reader.get_observed(kind, name):
                yield from (target for target, _ in references_of(kind, state.value))
        for declared in self.desired.objects.get(kind.name, {}).values():
            for target, _ in references_of(kind, declared.value):
                if not self.kinds[target.kind].reads.prefer_listing and self._is_new(target):
                    yield target


def _reference_order(kinds: Kinds) -> Iterable[str]:
    """Return the names of kinds after those that they refer to, parents included."""
    graph = {
        name: {r.kind for _, references in kind.referring_fields for r in references} - {name}
        for name, kind in sorted(kinds.items())
    }
    return TopologicalSorter(graph).static_order()
