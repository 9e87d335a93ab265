"""When reads of many prove by themselves that what they leave out is absent."""

from __future__ import annotations

from reconciler.core.model.kind import Kind
from reconciler.dealpos.reading.paging import SMALL
from reconciler.dealpos.reading.reader import Reader


def proven(reader: Reader, kind: Kind, missing: list[str]) -> bool:
    """Whether the reads of many prove by themselves that what they leave out is absent.

    They must hide no retired objects, and hold still: when an object is removed while pages are
    read, another one slips from a page to come onto one that was read (dealpos-api.md §13:
    stability is
    undocumented). A listing that then shows the same objects a second time has lost none.
    """
    if not _shows_retired(reader, kind):
        return False
    if kind.reads.batch or kind.name in reader.unlisted:
        return True  # asked for by name
    listed = reader.live.pages.get(kind.name)
    if listed is None:
        return False  # not read to its end: a shop may show its first page alone
    if listed.requests(SMALL) == 1:
        return True  # all on one page
    if len(missing) <= listed.requests(SMALL):
        return False  # one by one costs no more
    reader.listing(kind, dict.fromkeys(missing, frozenset()), to_the_end=True)
    same = reader.live.pages.get(kind.name) == listed
    return same and listed.count == sum(1 for _ in reader.live.observed(kind.name))


def _shows_retired(reader: Reader, kind: Kind) -> bool:
    """Whether reads of many have shown a retired object: then they hide none."""
    retired = kind.retire
    return bool(retired) and any(
        state.value.get(retired) for _, state in reader.live.observed(kind.name)
    )
