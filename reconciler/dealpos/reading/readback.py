"""Reads that confirm a write, each by the cheapest read that shows the objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import ABSENT, ListingStats, Live, Wanted
from reconciler.core.steps.usage import ReadChoice, choose_read
from reconciler.dealpos.client import Client
from reconciler.dealpos.reading.reader import MAX_PROOF_PAGES, Reader, RequestedFields
from reconciler.errors import Rejected, UnexpectedResponse


def read_written(
    client: Client, kinds: Kinds, wanted: Wanted, pages: Mapping[str, ListingStats]
) -> Live:
    """Read named objects again after a write."""
    reader = Reader(client, kinds)
    for name, objects in wanted.items():
        if objects:
            _read_again(reader, kinds[name], objects, pages.get(name))
    return reader.live


def read_deletions(
    client: Client, kinds: Kinds, wanted: Wanted, pages: Mapping[str, ListingStats]
) -> Live:
    """Read deleted objects once: the read shows them or not."""
    reader = Reader(client, kinds)
    for name, objects in wanted.items():
        choice = choose_read(kinds[name], len(objects), pages.get(name))
        try:
            _read_by(reader, kinds[name], objects, choice)
        except (Rejected, UnexpectedResponse) as error:
            reader.mark_unread(kinds[name], objects, error)
    return reader.live


def read_listing(
    client: Client, kinds: Kinds, kind: Kind, names: Iterable[str], listed: ListingStats | None
) -> Live:
    """Read named objects by a listing, which shows fields that no other read has."""
    reader = Reader(client, kinds)
    asked: RequestedFields = dict.fromkeys(names, frozenset())
    budget = listed.requests() if listed else 1
    reader.read_listing(kind, asked, to_the_end=True, budget=budget)
    if reader.find_missing(kind, asked) and kind.name not in reader.live.complete:
        # The only page may have been exactly full, and no answer tells so: without a second
        # listing a new object on page 2 would be taken for absent. This costs more than was
        # priced only where the list hides the coupon, as an expired one (dealpos-api.md §10).
        reader.read_listing(kind, asked)
    return reader.live


def _read_again(
    reader: Reader, kind: Kind, asked: RequestedFields, listed: ListingStats | None
) -> None:
    """Read named objects in the cheapest way; those it does not show by the other reads."""
    try:
        choice = choose_read(kind, len(asked), listed)
        _read_by(reader, kind, asked, choice)
        _read_missing(reader, kind, reader.find_missing(kind, asked), choice.read == "single")
        reader.read_missing_fields(kind, asked)
    except (Rejected, UnexpectedResponse) as error:
        reader.mark_unread(kind, asked, error)
    for name in reader.find_missing(kind, asked):
        # Written a moment ago and not shown counts as absent here: a verification must not pass.
        reader.live.put(Address(kind.name, name), ABSENT)


def _read_by(reader: Reader, kind: Kind, asked: RequestedFields, choice: ReadChoice) -> None:
    """Read named objects by the read that was chosen, within the requests that it was priced at."""
    if choice.read == "batch" and kind.reads.batch:
        reader.read_batches(kind, kind.reads.batch, asked)
    elif choice.read == "single":
        for name in sorted(asked):
            reader.read_single(kind, name)
    else:
        reader.read_listing(kind, asked, to_the_end=True, budget=choice.requests)


def _read_missing(reader: Reader, kind: Kind, missing: list[str], singly: bool) -> None:
    """Read by the other reads what the usual one hides, or a tenant does not offer."""
    if missing and kind.reads.single and not singly:
        for name in missing:
            reader.read_single(kind, name)
        missing = reader.find_missing(kind, missing)
    if missing and kind.reads.listing and kind.name not in reader.live.complete:
        reader.read_listing(kind, dict.fromkeys(missing, frozenset()), budget=MAX_PROOF_PAGES)
