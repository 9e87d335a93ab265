"""Reads that confirm a write, each by the cheapest read that shows the objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import ABSENT, ListingStats, Live, gather_wanted
from reconciler.core.steps.usage import ReadChoice, choose_read, count_apart
from reconciler.dealpos.client import Client
from reconciler.dealpos.reading.reader import MAX_PROOF_PAGES, Reader, RequestedFields
from reconciler.errors import Rejected, UnexpectedResponse


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

    def count_requests(self, addresses: Iterable[Address]) -> int:
        """Return the requests that reading written objects again takes."""
        counts = Counter(address.kind for address in addresses)
        return sum(
            self._choose_read(self.kinds[name], count, count).requests
            for name, count in counts.items()
        )

    def _choose_read(self, kind: Kind, count: int, apart: int) -> ReadChoice:
        choice = choose_read(kind, count, self.pages.get(kind.name), apart)
        if self.prefer_single and kind.reads.single and choice.read == "listing":
            return ReadChoice("single", count)
        return choice

    def read(
        self,
        addresses: Iterable[Address],
        fields: Mapping[Address, frozenset[str]] | None = None,
        *,
        exist: bool = True,
    ) -> Live:
        """Read written objects, with the fields that a verification compares.

        `exist` is false for objects that the shop may not have.
        """
        reader = Reader(self.client, self.kinds)
        wanted = gather_wanted((a.kind, a.name, (fields or {}).get(a, ())) for a in addresses)
        for name, asked in wanted.items():
            kind = self.kinds[name]
            choice = self._choose_read(kind, len(asked), count_apart(kind, asked))
            _read_again(reader, kind, asked, choice, exist)
            shown = reader.builder.read_singly.get(name, set())
            self.read_singly = {Address(name, each) for each in shown}
        return reader.live

    def read_deletions(self, addresses: Iterable[Address]) -> Live:
        """Read deleted objects once: the read shows them or not."""
        reader = Reader(self.client, self.kinds)
        for name, asked in gather_wanted((a.kind, a.name, ()) for a in addresses).items():
            kind = self.kinds[name]
            choice = self._choose_read(kind, len(asked), count_apart(kind, asked, gone=True))
            try:
                _read_cheaply(reader, kind, asked, choice, exist=False)
            except (Rejected, UnexpectedResponse) as error:
                reader.mark_unread(kind, asked, error)
        return reader.live

    def read_listing(self, kind: Kind, names: Sequence[str]) -> Live:
        """Read written objects by a listing, which shows fields that no other read has."""
        reader = Reader(self.client, self.kinds)
        asked: RequestedFields = dict.fromkeys(names, frozenset())
        listed = self.pages.get(kind.name)
        reader.read_listing(kind, asked, to_the_end=True, budget=listed.requests() if listed else 1)
        if reader.find_missing(kind, asked) and kind.name not in reader.live.complete:
            # The only page may have been exactly full, and no answer tells so: without a second
            # listing a new object on page 2 would be taken for absent. This costs more than was
            # priced only where the list hides the coupon, as an expired one (dealpos-api.md §10).
            reader.read_listing(kind, asked)
        return reader.live


def _read_again(
    reader: Reader, kind: Kind, asked: RequestedFields, choice: ReadChoice, exist: bool
) -> None:
    """Read named objects in the cheapest way; those it does not show by the other reads."""
    try:
        _read_cheaply(reader, kind, asked, choice, exist)
        missing = reader.find_missing(kind, asked)
        if missing and kind.reads.single and choice.read != "single":
            reader.read_singles(kind, missing, exist=exist)
            missing = reader.find_missing(kind, missing)
        if missing and kind.reads.listing and kind.name not in reader.live.complete:
            reader.read_listing(kind, dict.fromkeys(missing, frozenset()), budget=MAX_PROOF_PAGES)
        reader.read_missing_fields(kind, asked)
    except (Rejected, UnexpectedResponse) as error:
        reader.mark_unread(kind, asked, error)
    for name in reader.find_missing(kind, asked):
        # Written a moment ago and not shown counts as absent here: a verification must not pass.
        reader.live.put(Address(kind.name, name), ABSENT)


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
