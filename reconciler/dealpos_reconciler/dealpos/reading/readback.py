"""Reads of what was written a moment ago, each by the cheapest read that shows the objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from dealpos_reconciler.core.diff.change import digest
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.model.live import ABSENT, ListingStats, Live, Observed, gather_wanted
from dealpos_reconciler.core.steps.readbacks import (
    Group,
    ReadChoice,
    choose_read,
    choose_readback,
    find_apart,
)
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.reading.reader import MAX_PROOF_PAGES, Reader, RequestedFields
from dealpos_reconciler.errors import Rejected, UnexpectedResponse

NO_END = "the list did not end, so that what it leaves out may exist"


class Readback:
    """Reads objects again that were written a moment ago, or should be.

    `pages` tells how long the whole listings were that the plan has read.
    """

    def __init__(self, client: Client, kinds: Kinds, pages: Mapping[str, ListingStats]) -> None:
        self.client = client
        self.kinds = kinds
        self.pages = pages
        self.read_singly: set[Address] = set()
        """The objects that a single read has shown in the last call."""
        self.prefer_single = False
        """True once lists are seen to be behind: single reads may be ahead of them."""

    def count_requests(self, groups: Mapping[str, Group]) -> int:
        """Return the requests that reading written objects again takes."""
        return sum(self._choose(self.kinds[n], group).requests for n, group in groups.items())

    def _choose(self, kind: Kind, group: Group) -> ReadChoice:
        choice = choose_readback(kind, group, self.pages.get(kind.name))
        if not (self.prefer_single and kind.reads.single and choice.read == "listing"):
            return choice
        if group.needs_list:
            singly = len(_find_unread(group))
            return ReadChoice("listing", choice.requests - choice.apart + singly, singly)
        return ReadChoice("single", len(group.proofs))

    def read(
        self,
        addresses: Iterable[Address],
        fields: Mapping[Address, frozenset[str]] | None = None,
        *,
        exist: bool = True,
    ) -> Live:
        """Read a few objects in the middle of a run, with these fields.

        `exist` is false for objects that the shop may not have.
        """
        reader = Reader(self.client, self.kinds)
        wanted = gather_wanted((a.kind, a.name, (fields or {}).get(a, ())) for a in addresses)
        for name, asked in wanted.items():
            kind = self.kinds[name]
            choice = ReadChoice("single", len(asked))
            if not kind.must_match_on_readback:
                choice = choose_read(kind, len(asked), self.pages.get(name))
            with _mark_unread(reader, kind, asked):
                _read_cheaply(reader, kind, asked, choice, exist)
                _read_rest(reader, kind, asked, choice, exist)
            self._finish(reader, kind, asked)
        return reader.live

    def read_back(self, kind: Kind, group: Group) -> Live:
        """Read written objects of a kind at the end of a run.

        Those that were kept and are not shown are absent in the result.
        """
        reader = Reader(self.client, self.kinds)
        choice = self._choose(kind, group)
        kept = {n: proof.visible for n, proof in group.proofs.items() if n not in group.gone}
        gone = dict.fromkeys(sorted(group.gone), frozenset[str]())
        with _mark_unread(reader, kind, group.proofs):
            if choice.read == "listing" and (gone or group.needs_list):
                # What was deleted is in no list: only the end of the list tells so.
                reader.read_listing(kind, kept | gone)
                self._read_hidden(reader, kind, group)
            elif choice.read == "single":
                _read_cheaply(reader, kind, kept, choice, exist=True)
                _read_cheaply(reader, kind, gone, choice, exist=False)
            else:
                _read_cheaply(reader, kind, kept | gone, choice, exist=True)
            if not group.needs_list:
                _read_rest(reader, kind, kept, choice, exist=True)
            elif self.prefer_single:
                _read_singly_too(reader, kind, _find_unread(group))
            reader.read_missing_fields(kind, kept)
        self._finish(reader, kind, kept)
        return reader.live

    def _read_hidden(self, reader: Reader, kind: Kind, group: Group) -> None:
        """Read the deleted objects singly that a listing may leave out though they exist."""
        hidden = find_apart(kind, group, self.pages.get(kind.name)) & group.gone
        if kind.reads.single:
            reader.read_singles(kind, sorted(hidden))
            hidden = group.gone - hidden
        else:
            hidden = group.gone
        if kind.name not in reader.live.complete:
            reader.mark_unread(kind, reader.find_missing(kind, hidden), NO_END)

    def _finish(self, reader: Reader, kind: Kind, kept: RequestedFields) -> None:
        """Note what single reads have shown, and call absent what no read shows.

        It was written a moment ago, and a verification must not pass.
        """
        for name in reader.find_missing(kind, kept):
            reader.live.put(Address(kind.name, name), ABSENT)
        shown = reader.builder.read_singly.get(kind.name, set())
        self.read_singly = {Address(kind.name, name) for name in shown}


@contextmanager
def _mark_unread(reader: Reader, kind: Kind, names: Iterable[str]) -> Iterator[None]:
    """Record why objects could not be read."""
    try:
        yield
    except (Rejected, UnexpectedResponse) as error:
        reader.mark_unread(kind, names, error)


def _find_unread(group: Group) -> list[str]:
    """Return the objects that no single read has shown since they were written."""
    return sorted(n for n, proof in group.proofs.items() if proof.visible or n in group.gone)


def _read_rest(
    reader: Reader, kind: Kind, asked: RequestedFields, choice: ReadChoice, exist: bool
) -> None:
    """Read objects that the chosen read does not show by the other reads, and missing fields."""
    missing = reader.find_missing(kind, asked)
    if missing and kind.reads.single and choice.read != "single":
        reader.read_singles(kind, missing, exist=exist)
        missing = reader.find_missing(kind, missing)
    if missing and kind.reads.listing and kind.name not in reader.live.complete:
        reader.read_listing(kind, dict.fromkeys(missing, frozenset()), budget=MAX_PROOF_PAGES)
    reader.read_missing_fields(kind, asked)


def _read_cheaply(
    reader: Reader, kind: Kind, asked: RequestedFields, choice: ReadChoice, exist: bool
) -> None:
    """Read named objects within the requests of the chosen read."""
    if choice.read == "batch" and kind.reads.batch:
        reader.read_batches(kind, kind.reads.batch, asked)
    elif choice.read == "single":
        reader.read_singles(kind, sorted(asked), exist=exist)
    else:
        reader.read_listing(kind, asked, to_the_end=True, budget=choice.requests - choice.apart)


def _read_singly_too(reader: Reader, kind: Kind, names: Iterable[str]) -> None:
    """Read objects singly that a list does not show, or still shows: it may be behind."""
    for name in names:
        address = Address(kind.name, name)
        if not reader.read_single(kind, name) and isinstance(reader.live.get(address), Observed):
            reader.live.put(address, ABSENT)


def read_recent_singly(reader: Reader) -> None:
    """Read objects singly that were written a moment ago and are shown as before.

    Lists may be behind single reads (dealpos-api.md §13).
    """
    live = reader.live
    for address, former in reader.client.recent.items():
        kind, state = reader.kinds[address.kind], live.get(address)
        value = state.value if isinstance(state, Observed) else None
        is_known = state is not None and address not in live.read_errors
        is_double = address in live.doubles and value is not None
        if not (is_known and kind.reads.single) or not (
            is_double or former.is_shown(kind, address, value)
        ):
            continue
        with suppress(Rejected, UnexpectedResponse):
            is_found = reader.read_single(kind, address.name)
            if not is_found and not former.names and address not in live.read_errors:
                live.put(address, ABSENT)
            if former.digest != digest(kind, address, None):
                live.doubles.discard(address)  # the list shows the replaced one beside the new one
