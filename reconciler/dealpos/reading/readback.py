"""Reading back what was written a moment ago, as `core.cost.confirming` prices it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil

from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import ABSENT, Listed, Live, Wanted
from reconciler.core.steps.cost import confirming
from reconciler.dealpos.client import Client
from reconciler.dealpos.reading.reader import LONG, Asked, Reader
from reconciler.errors import Rejected, Unreadable


def confirm(client: Client, kinds: Kinds, wanted_: Wanted, listed: Mapping[str, Listed]) -> Live:
    """Named objects again, after a write: as `core.cost.confirming` prices it."""
    reader = Reader(client, kinds)
    for name, objects in wanted_.items():
        if objects:
            _again(reader, kinds[name], objects, listed.get(name))
    return reader.live


def confirm_gone(
    client: Client, kinds: Kinds, wanted_: Wanted, listed: Mapping[str, Listed]
) -> Live:
    """Deleted objects, by the read that `core.cost.confirming` prices: it shows them or not."""
    reader = Reader(client, kinds)
    for name, objects in wanted_.items():
        try:
            _most_cheaply(reader, kinds[name], objects, listed.get(name))
        except (Rejected, Unreadable) as error:
            reader.unread(kinds[name], objects, error)
    return reader.live


def confirm_listed(
    client: Client, kinds: Kinds, kind: Kind, names: Iterable[str], listed: Listed | None
) -> Live:
    """Named objects as a listing shows them: some fields no other read has."""
    reader = Reader(client, kinds)
    asked: Asked = dict.fromkeys(names, frozenset())
    budget = listed.requests() if listed else 1
    reader.listing(kind, asked, to_the_end=True, budget=budget)
    if reader.missing(kind, asked) and kind.name not in reader.live.complete:
        # The one page that there was had just been full, and nothing told that it was. It costs
        # more than was quoted only where a coupon is written that its list hides: an expired one.
        reader.listing(kind, asked)
    return reader.live


def _again(reader: Reader, kind: Kind, asked: Asked, listed: Listed | None) -> None:
    """Read named objects in the way that `core.cost.confirming` prices.

    Where that does not show all of them, the other reads are asked too.
    """
    try:
        singly = _most_cheaply(reader, kind, asked, listed)
        _otherwise(reader, kind, reader.missing(kind, asked), singly)
        reader.details(kind, asked)
    except (Rejected, Unreadable) as error:
        reader.unread(kind, asked, error)
    for name in reader.missing(kind, asked):
        # Written a moment ago and not shown: as good as absent for a verification.
        reader.live.put(Address(kind.name, name), ABSENT)


def _most_cheaply(reader: Reader, kind: Kind, asked: Asked, listed: Listed | None) -> bool:
    """Read as priced; gives whether that was one by one."""
    spend = confirming(kind, len(asked), listed)
    if kind.reads.batch and spend == ceil(len(asked) / kind.reads.batch.limit):
        reader.batches(kind, kind.reads.batch, asked)
    elif kind.reads.single and spend == len(asked):
        for name in sorted(asked):
            reader.single(kind, name)
        return True
    else:
        reader.listing(kind, asked, to_the_end=True, budget=spend)
    return False


def _otherwise(reader: Reader, kind: Kind, missing: list[str], singly: bool) -> None:
    """What the usual read hides, or a tenant does not offer, the others may show."""
    if missing and kind.reads.single and not singly:
        for name in missing:
            reader.single(kind, name)
        missing = reader.missing(kind, missing)
    if missing and kind.reads.listing and kind.name not in reader.live.complete:
        reader.listing(kind, dict.fromkeys(missing, frozenset()), budget=LONG)
