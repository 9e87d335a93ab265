"""The reads that the API has, into one Live: listings, batches, single objects.

What to read, and what an answer proves, is decided in `live`; here it is only done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from math import ceil

from reconciler.core.model.address import Address
from reconciler.core.model.kind import Batch, Kind, Kinds, Listing
from reconciler.core.model.live import Listed, Live, Observed
from reconciler.core.steps.step import split_batches
from reconciler.dealpos.client import Client
from reconciler.dealpos.operations import OPERATIONS
from reconciler.dealpos.reading.live_builder import Intake
from reconciler.dealpos.reading.paging import USUAL, dearer, pages
from reconciler.dealpos.rows import Rows, parse_name, parse_rows, parse_single
from reconciler.errors import ApiError, Doubtful, NotOffered, Rejected, Unreadable

WITNESSES = 3
"""So many objects that were listed are looked for before single reads are called not offered."""

LONG = 200
"""Pages of a listing that are read to prove that something is absent; more is unknown."""

CHEAP = 2
"""So many batches are read without asking whether a listing would cost less."""

UNPAGED = 1_000_000_000
"""Rows of the one page of a listing without pages."""

NOT_FOUND = frozenset({400, 404})
"""What a single read may answer for a name that does not exist (API §4: undocumented)."""


def _size(listing: Listing, seen: int, largest: int) -> int:
    """Rows that a page of a listing is known to hold; 0 where one usual page was not filled."""
    if not listing.paged:
        return UNPAGED
    return largest if seen > largest or largest > USUAL else 0


def refusal(kind: Kind, error: ApiError) -> str:
    """Why objects of a kind could not be read, without what may be personal."""
    if not any(field.private for field in kind.fields.values()):
        return str(error)
    # What a server says of a customer may name the customer.
    said = f"HTTP {error.status}" if isinstance(error, Rejected) else "not understood"
    if said == "HTTP 403":
        said += f": permission denied: the API client needs {OPERATIONS[error.operation].right}"
    return f"{error.operation}: {said}"


Asked = Mapping[str, frozenset[str]]
"""Names that a read must answer, each with the fields that matter."""


class Reader:
    """Reads objects of any kind into `live`."""

    def __init__(self, client: Client, kinds: Kinds) -> None:
        self.client = client
        self.kinds = kinds
        self.live = Live()
        self.intake = Intake(self.live, kinds)
        self.unlisted: dict[str, set[str]] = {}
        """Names that no read of many has answered for, so that only single reads can."""
        self._denying: set[str] = set()
        """Kinds of which single reads have said in plain words that an object is not there."""
        self._failed: dict[str, dict[str, Doubtful]] = {}
        """Single reads that failed, by kind, where that may be how this shop says so."""

    def unread(self, kind: Kind, names: Iterable[str], error: ApiError) -> None:
        """Remember why objects could not be read; those that were keep what is known."""
        why = refusal(kind, error)
        for name in names:
            address = Address(kind.name, name)
            if self.live.get(address) is None:
                self.live.unread[address] = why

    def missing(self, kind: Kind, names: Iterable[str]) -> list[str]:
        """Those of `names` that no read has shown, and none has failed for."""
        known = self.live.objects.get(kind.name, {})
        return [
            name
            for name in sorted(names)
            if name not in known and Address(kind.name, name) not in self.live.unread
        ]

    def many(self, kind: Kind, batch: Batch, asked: Asked) -> None:
        """A listing where its pages are fewer than the batches would be, else the batches."""
        dear = ceil(len(asked) / batch.limit)
        if kind.reads.listing and dear > CHEAP and not dearer(self.client, kind):
            # dealpos-api.md §7: listing every variant without a category is not clearly supported.
            with suppress(Rejected, Unreadable):
                self.listing(kind, asked, budget=dear)
        left = self.missing(kind, asked)
        self.batches(kind, batch, left)
        if len(self.missing(kind, left)) < len(left) and kind.name in self.live.complete:
            # The listing left out what the batches show: it proves nothing.
            self.live.complete.discard(kind.name)
            self.live.pages.pop(kind.name, None)

    def listing(
        self, kind: Kind, asked: Asked, *, to_the_end: bool = False, budget: int | None = None
    ) -> None:
        """Read pages until all that is asked for is seen, `to_the_end`, or dearer than `budget`.

        What the files declare is read to the end where that is cheap, so that live-only objects
        are known.
        """
        listing = kind.reads.listing
        assert listing is not None
        wanted_names = set(asked)
        spent = largest = 0

        def enough(seen: set[str], page: Rows) -> bool:
            if not to_the_end and wanted_names <= seen:
                return True
            ahead = page.expected_pages - spent
            return budget is not None and (spent >= budget or ahead > budget)

        for page, last, seen in pages(self.client, kind, enough):
            spent += 1
            largest = max(largest, len(page.rows))
            self.intake.take(kind, page.rows, page.keys)
            if last:
                self.live.complete.add(kind.name)
                self.live.pages[kind.name] = Listed(seen, _size(listing, seen, largest))

    def batches(self, kind: Kind, batch: Batch, asked: Iterable[str]) -> None:
        """Read named objects, as many in one call as the API takes."""
        for names in split_batches(sorted(asked), batch.limit):
            try:
                answer = self.client.call(batch.operation, {batch.key: list(names)})
            except Rejected as error:
                if error.status not in NOT_FOUND and not isinstance(error, NotOffered):
                    raise
                # dealpos-api.md §13: a batch with an unknown name may be refused as a whole.
                self._instead(kind, names)
                continue
            found = parse_rows(batch.operation, answer)
            self.intake.take(kind, found.rows, found.keys)

    def _instead(self, kind: Kind, names: Sequence[str]) -> None:
        """A listing instead of a refused batch; one listing answers for all of them."""
        if kind.name in self.live.complete:
            return
        try:
            self.listing(kind, dict.fromkeys(names, frozenset()), to_the_end=True)
        except (Rejected, Unreadable):
            self.unlisted.setdefault(kind.name, set()).update(names)

    def single(self, kind: Kind, name: str) -> bool:
        """Read one object; False when the shop does not find it (which proves nothing yet)."""
        single = kind.reads.single
        assert single is not None
        try:
            answer = self.client.call(single.operation, {single.key: name})
        except Rejected as error:
            if error.status in NOT_FOUND or isinstance(error, NotOffered):
                return self._denied(kind)
            raise
        except Doubtful as error:
            # A 500 with a message, where other objects are found, is how this shop says no.
            no = error.told and self.client.has_answered(single.operation)
            if no and kind.name not in self._denying:
                self._failed.setdefault(kind.name, {})[name] = error
            else:
                self.unread(kind, [name], error)
            return False
        if answer is None:
            return self._denied(kind)
        row = parse_single(answer, kind, name)
        if row is None:
            if (other := parse_name(answer, kind)) is not None:
                why = f"the shop answers with `{other}`: write the {kind.identity} as the shop does"
                self.live.unread[Address(kind.name, name)] = why
            return False
        self.intake.take_single(kind, row)
        return True

    def _denied(self, kind: Kind) -> bool:
        """A single read finds nothing; a shop that says so in plain words means no other by a 500.

        Gives False, as such a read does.
        """
        assert kind.reads.single is not None
        if self.client.has_answered(kind.reads.single.operation):
            self._denying.add(kind.name)
            for name, error in self._failed.pop(kind.name, {}).items():
                self.unread(kind, [name], error)
        return False

    def finds(self, kind: Kind) -> bool:
        """Whether single reads are offered, so that "not found" means something.

        Told by an object that exists; where the shop shows none, nothing speaks against it.
        """
        single = kind.reads.single
        if single is None or self.client.has_answered(single.operation):
            return single is not None
        # Several are asked for: one that was listed may have been removed since.
        known = [name for name, _ in islice(self.live.observed(kind.name), WITNESSES)]
        return not known or any(self.single(kind, name) for name in known)

    def lacking(self, kind: Kind, asked: Asked) -> dict[str, frozenset[str]]:
        """The fields that are asked for and not shown, of every object that the shop has."""
        lacking = {}
        untold = {kind.parent.kind} if kind.parent else set()
        for name, state in self.live.observed(kind.name):
            fields = asked.get(name, frozenset())
            if not fields <= state.value.keys():
                lacking[name] = fields - state.value.keys() - untold
        return {name: fields for name, fields in sorted(lacking.items()) if fields}

    def details(self, kind: Kind, asked: Asked) -> None:
        """Read again, deeper, the fields that are asked for and no read has shown."""
        if kind.reads.batch and (lacking := self.lacking(kind, asked)):
            self.batches(kind, kind.reads.batch, lacking)
        if kind.reads.single is None:
            return
        hopeless: set[str] = set()
        for name, fields in self.lacking(kind, asked).items():
            if not fields - hopeless:
                continue
            self.single(kind, name)
            # What one single read does not show, no other will: it costs a request each.
            hopeless |= self.lacking(kind, {name: fields}).get(name, frozenset())
        self.intake.fill(kind)

    def observed(self, kind: Kind, name: str) -> Observed | None:
        """What is known of an object that the shop has."""
        state = self.live.get(Address(kind.name, name))
        return state if isinstance(state, Observed) else None
