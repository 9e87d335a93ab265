"""Listings of a large shop, read in the background while the files are still being parsed.

Which listings a plan will need follows from the files, and for a large catalogue a look at their
text tells it. A survey is only ever a head start: whatever it did not read, `live` reads.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import ceil
from pathlib import Path

from reconciler.catalogue.parser import MAX_BYTES
from reconciler.core.model.kind import Kind, Kinds
from reconciler.dealpos.client import Client
from reconciler.dealpos.reading.paging import NOT_BEGUN, Asking, Begun, dearer
from reconciler.errors import ReconcilerError

LARGE = 400
"""Objects of one kind from which a head start is worth a thread."""


class Survey:
    """Reads listings in the background; `pages` gives what it has of a kind."""

    def __init__(self, client: Client, kinds: Kinds, paths: Iterable[Path]) -> None:
        counts = outline(kinds, paths)
        self.client = client
        self.worth = [
            kind for kind in kinds.values() if _worth(kind, counts) and not dearer(client, kind)
        ]
        self.counts = counts
        self.found: dict[str, Begun] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        if self.worth:
            self._thread.start()

    def pages(self, kind: Kind) -> Begun:
        """The first pages of a kind's listing, waiting for those on their way."""
        if self._thread.ident is not None:
            self._thread.join()
        return self.found.pop(kind.name, NOT_BEGUN)

    def abandon(self) -> None:
        """Read no further: the answers are not wanted any more."""
        self._stop.set()
        if self._thread.ident is not None:
            self.client.watcher.wake()

    def _read(self) -> None:
        try:
            for kind in self.worth:
                self._listing(kind)
        except ReconcilerError:
            return  # whoever needs the answer asks again, and reports what happens then

    def _listing(self, kind: Kind) -> None:
        batch = kind.reads.batch
        budget = ceil(self.counts[kind.name] / batch.limit) if batch else None
        asking, found = Asking(self.client, kind), []
        for page in asking.answers():
            found.append(page)
            # Another kind may teach another size meanwhile.
            self.found[kind.name] = Begun(found, asking.size)
            too_dear = budget is not None and page.promises > budget
            if len(found) >= page.promises or too_dear or self._stop.is_set():
                return


def _worth(kind: Kind, counts: Mapping[str, int]) -> bool:
    reads = kind.reads
    if reads.listing is None or not reads.listed or not counts.get(kind.name):
        return False
    return max(counts.values()) >= LARGE and (not reads.batch or counts[kind.name] >= LARGE)


def outline(kinds: Kinds, paths: Iterable[Path]) -> dict[str, int]:
    """About how many objects of each kind the files declare, by the look of their text."""
    tops = {k.collection.encode(): k for k in kinds.values() if k.collection and not k.parent}
    inner = {kind.parent.kind: kind for kind in kinds.values() if kind.parent}
    counts = {kind.name: 0 for kind in kinds.values() if kind.collection}
    for path in paths:
        try:
            raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
        except OSError:
            continue  # the loader says so, with its place
        # Text from one top-level key to the next; what stands before the first is comment.
        raw = b"\n" + raw
        starts = sorted((raw.find(b"\n" + key + b":"), key) for key in tops)
        starts = [(start, key) for start, key in starts if start >= 0]
        for (start, key), (end, _) in pairwise([*starts, (len(raw), b"")]):
            kind = tops[key]
            dash = _ENTRY.search(raw, start, end)
            own = raw.count(b"\n" + dash[1] + b"- ", start, end) if dash else 0
            counts[kind.name] += own
            if child := inner.get(kind.name):
                named = raw.count(f"{child.identity}: ".encode(), start, end)
                counts[child.name] += max(named - own, 0)
    return counts


_ENTRY = re.compile(rb"\n([ \t]*)- ")
