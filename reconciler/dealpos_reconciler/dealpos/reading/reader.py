"""Listings, batches and single reads of any kind, merged into one `Live`.

`read` decides what to read and what a response proves; this module sends the requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice

from dealpos_reconciler import errors
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared
from dealpos_reconciler.core.model.kind import Batch, Kind, Kinds
from dealpos_reconciler.core.model.live import ListingStats, Live, Observed
from dealpos_reconciler.core.model.look_alike import fold_key, spell_key
from dealpos_reconciler.core.model.secret import conceal_spelling
from dealpos_reconciler.core.steps.step import split_batches
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.operations import (
    OPERATIONS,
    Route,
    describe_failure,
    may_mean_not_found,
)
from dealpos_reconciler.dealpos.reading.ahead import ListingsAhead
from dealpos_reconciler.dealpos.reading.live_builder import LiveBuilder
from dealpos_reconciler.dealpos.reading.other_field import read_by_other_field
from dealpos_reconciler.dealpos.reading.paging import DOCUMENTED_PAGE_ROWS, Until
from dealpos_reconciler.dealpos.rows import Row, Rows, parse_name, parse_rows, parse_single, unwrap

MAX_PROBE_READS = 3
"""Objects known to exist that are read singly before single reads are called not offered."""

MAX_PROOF_PAGES = 200
"""Pages of a listing that are read to prove an absence; a longer listing leaves it unknown."""

UNPAGED_ROWS = 1_000_000_000
"""Rows of the one page of a listing without pages."""

NameCheck = Callable[[Iterable[str]], object]
RequestedFields = Mapping[str, frozenset[str]]
"""Names of objects that a read must answer, each with the fields that matter."""


class Reader:
    """Reads objects of any kind into `live`."""

    def __init__(self, client: Client, kinds: Kinds) -> None:
        self.client = client
        self.kinds = kinds
        self.parents_first = sorted(kinds.values(), key=lambda k: (k.parent is not None, k.name))
        """All kinds in the order of reading: the rows of parents name their children."""
        self.ahead = ListingsAhead(client)
        self.live = Live()
        self.builder = LiveBuilder(self.live, kinds, client.store.mask_key)
        self.declared: Mapping[str, Mapping[str, Declared]] = {}
        """The declared objects by kind and name, for reads by another field than the identity."""
        self.denied: dict[str, set[str]] = {}
        """Names of which a read by another field has found nothing."""
        self.unlisted: dict[str, set[str]] = {}
        """Names that no listing or batch has answered for, so that only single reads can."""
        self.shown_wider: dict[str, set[str]] = {}  # by a listing with a wider filter
        self._says_not_found: set[str] = set()
        """Kinds whose single read has answered a plain "not found"."""
        self._not_found: dict[Address, frozenset[Route]] = {}
        """The routes by which a single read has not found an object."""
        self._failed: dict[str, dict[str, errors.OutcomeUnknown]] = {}
        """Single reads that failed, by kind and name, where that may mean "not found"."""

    def mark_unread(self, kind: Kind, names: Iterable[str], why: errors.ApiError | str) -> None:
        """Record why objects could not be read; those that were read keep what is known."""
        reason = why if isinstance(why, str) else describe_failure(kind, why)
        for name in names:
            address = Address(kind.name, name)
            if self.live.get(address) is None:
                self.live.read_errors[address] = reason

    def find_missing(self, kind: Kind, names: Iterable[str]) -> list[str]:
        """Return those of `names` that no read has shown, and none has failed for."""
        known, failed = self.live.objects.get(kind.name, {}), self.live.read_errors
        return [n for n in sorted(names) if n not in known and Address(kind.name, n) not in failed]

    def missing_fields(self, kind: Kind, asked: RequestedFields) -> dict[str, frozenset[str]]:
        """Return the requested fields that no read has shown, of every object in the shop."""
        states = self.live.objects.get(kind.name, {})
        missing = {
            name: fields - state.value.keys() - {kind.parent_kind}
            for name, fields in asked.items()
            if isinstance(state := states.get(name), Observed) and not fields <= state.value.keys()
        }
        return {name: fields for name, fields in sorted(missing.items()) if fields}

    def get_observed(self, kind: Kind, name: str) -> Observed | None:
        """Return what is known of an object that the shop has."""
        state = self.live.get(Address(kind.name, name))
        return state if isinstance(state, Observed) else None

    def read_many(
        self, kind: Kind, batch: Batch, asked: RequestedFields, rule_out: NameCheck = list
    ) -> None:
        """Read named objects by a listing where it has fewer pages than batches, else by batches.

        `rule_out` may call objects absent that the whole listing leaves out. One that leaves out
        what a batch then shows does not count as complete.
        """
        if budget := self.ahead.choose_budget(kind, asked.keys()):
            # dealpos-api.md §7: it is unclear whether variants are listed without a category.
            with suppress(errors.Rejected, errors.UnexpectedResponse):
                self.read_listing(kind, asked, budget=budget)
        if kind.name in self.live.complete:
            rule_out(self.find_missing(kind, asked))
        left = self.find_missing(kind, asked)
        self.read_batches(kind, batch, left)
        if len(self.find_missing(kind, left)) < len(left) and kind.name in self.live.complete:
            self.live.complete.discard(kind.name)
            self.live.listings.pop(kind.name, None)

    def read_listing(
        self,
        kind: Kind,
        asked: RequestedFields,
        *,
        to_the_end: bool = False,
        budget: int | None = None,
    ) -> None:
        """Read pages until all of `asked` is seen, or the listing costs more than `budget`.

        With `to_the_end` it is read as a whole, so that objects which no file declares are known.
        """
        listing = kind.reads.listing
        assert listing is not None
        largest = seen = 0
        keys: frozenset[str] = frozenset()
        until = Until(asked.keys(), to_the_end, budget)
        for shown in self.ahead.take(kind, until):
            before, (page, last, seen) = seen, shown
            self.ahead.start(kind, shown)
            largest = max(largest, len(page.rows))
            keys |= (shown_keys := page.keys)
            self.builder.add_rows(kind, page.rows, shown_keys)
            if last:
                self.live.complete.add(kind.name)
                # One documented page that was not filled does not show how many rows it can hold.
                is_full = seen > largest or largest > DOCUMENTED_PAGE_ROWS
                size = UNPAGED_ROWS if not listing.paged else largest if is_full else 0
                fields, untold = _fields_under(kind, keys), 0 < seen == before
                self.live.listings[kind.name] = ListingStats(seen, size, fields, untold)
        known = self.live.objects.get(kind.name, {})
        if asked and kind.name not in self.live.complete and asked.keys() <= known.keys():
            self.live.listings[kind.name] = ListingStats(seen, largest, _fields_under(kind, keys))

    def read_batches(self, kind: Kind, batch: Batch, names: Iterable[str]) -> None:
        """Read named objects, as many in one request as the API takes."""
        for chunk in split_batches(sorted(names), batch.limit):
            try:
                answer = self.client.call(batch.operation, {batch.key: list(chunk)})
            except errors.Rejected as error:
                if not may_mean_not_found(error):
                    raise
                # dealpos-api.md §13: a batch with an unknown name may be refused as a whole.
                self._read_listing_instead(kind, chunk)
                continue
            found = parse_rows(batch.operation, answer)
            self.builder.add_rows(kind, found.rows, found.keys)
            self.note_spellings(kind, chunk, found)

    def read_single(self, kind: Kind, name: str, *, exists: bool = False) -> bool:
        """Read one object; return False when the shop does not find it, which proves nothing.

        One that `exists` by another read, or was just written, shows which route finds objects.
        """
        if kind.name in self.client.routes.by_other_field:
            return read_by_other_field(self, kind, name)
        single, address = kind.reads.single, Address(kind.name, name)
        assert single is not None
        in_use = partial(self.client.routes.in_use, OPERATIONS[single.operation])
        if not exists and self._not_found.get(address, frozenset()).issuperset(in_use()):
            return False
        if self._read_by_identity(kind, name, exists):
            return True
        self._not_found[address] = frozenset(in_use())
        is_useless = exists and single.operation not in self.client.routes.shown
        if is_useless and kind.reads.other and read_by_other_field(self, kind, name):
            self.client.routes.by_other_field.add(kind.name)
            return True
        return False

    def _read_by_identity(self, kind: Kind, name: str, exists: bool) -> bool:
        single = kind.reads.single
        assert single is not None
        try:
            answer = self.client.call(single.operation, {single.key: name}, exists=exists)
        except errors.Rejected as error:
            if not may_mean_not_found(error):
                raise
            answer = None
        except errors.OutcomeUnknown as error:
            # dealpos-api.md §4: a 500 with a message, where other objects are found, may be how
            # this shop says "not found".
            may_mean_no = error.has_message and self.client.has_answered(single.operation)
            if may_mean_no and kind.name not in self._says_not_found:
                self._failed.setdefault(kind.name, {})[name] = error
            else:
                self.mark_unread(kind, [name], error)
            return False
        if answer is None:
            self._note_not_found(kind)
            return False
        if row := parse_single(answer, kind, name):
            self.builder.add_single(kind, row)
        elif (other := parse_name(answer, kind, name)) is not None:
            shown = unwrap(answer)
            self._note_spelling(kind, name, other, shown if isinstance(shown, list) else [shown])
        return row is not None

    def read_singles(self, kind: Kind, names: Iterable[str], *, exist: bool = False) -> None:
        """Read objects one by one; what the shop does not find stays missing."""
        for name in names:
            self.read_single(kind, name, exists=exist)

    def read_children(self, kind: Kind, names: Iterable[str]) -> list[str]:
        """Read parents by themselves that no read has shown with their children.

        Return those of which no read shows them; none for a kind without children.
        """
        if kind.name not in self.builder.children:
            return []
        closed = [n for n in names if (s := self.get_observed(kind, n)) and s.children is None]
        self.read_singles(kind, closed if kind.reads.single else (), exist=True)
        return [n for n in closed if not (s := self.get_observed(kind, n)) or s.children is None]

    def can_read_singly(self, kind: Kind) -> bool:
        """Return whether single reads are offered, so that "not found" means something."""
        single = kind.reads.single
        if single is None or single.operation in self.client.routes.shown:
            return single is not None
        # An object that exists shows it. Several are tried: one may have been removed since.
        known = [name for name, _ in islice(self.live.iterate_observed(kind.name), MAX_PROBE_READS)]
        return not known or any(self.read_single(kind, name, exists=True) for name in known)

    def read_missing_fields(self, kind: Kind, asked: RequestedFields) -> None:
        """Read objects again, by fuller reads, whose requested fields no read has shown."""
        gaps = self.missing_fields(kind, asked)
        if kind.reads.batch and gaps:
            self.read_batches(kind, kind.reads.batch, gaps)
            gaps = self.missing_fields(kind, asked)
        wider, singly = self.shown_wider, self.builder.read_singly
        hidden = wider.get(kind.name, set()) | singly.get(kind.name, set())
        lacks = any(kind.listed_in(gaps[name]) for name in gaps.keys() - hidden)
        if lacks and self.client.routes.reject_total():  # no page prints its rows (§10)
            self.read_listing(kind, asked, to_the_end=True)
            gaps = self.missing_fields(kind, asked)
        never_shown: set[str] = set()
        for name, fields in gaps.items() if kind.reads.single else ():
            # A field that one single read leaves out, all will: each would cost a request.
            if fields - never_shown:
                self.read_single(kind, name, exists=True)
                never_shown |= self.missing_fields(kind, {name: fields}).get(name, frozenset())
        self.builder.fill_empty_fields(kind)

    def _read_listing_instead(self, kind: Kind, names: Sequence[str]) -> None:
        """Read a listing instead of a refused batch; one listing answers for all batches."""
        if kind.name in self.live.complete:
            return
        try:
            self.read_listing(kind, dict.fromkeys(names, frozenset()), to_the_end=True)
        except (errors.Rejected, errors.UnexpectedResponse):
            self.unlisted.setdefault(kind.name, set()).update(names)

    def note_spellings(self, kind: Kind, asked: Sequence[str], found: Rows) -> None:
        """Note objects that a read by name answers under a name that was not asked for.

        Whether a shop tells letter case and outer blanks of a key apart is undocumented.
        """
        shown = {kind.identity_of(row) or "" for row in found.rows}
        others = {fold_key(name): name for name in shown.difference(asked)}
        for name in set(asked) - shown if others else ():
            if other := others.get(fold_key(name)):
                self._note_spelling(kind, name, other, found.rows)

    def _note_spelling(self, kind: Kind, name: str, other: str, rows: Iterable[Row]) -> None:
        """Note an object that the shop has under another spelling: it is not absent."""
        row = next(row for row in rows if kind.identity_of(row) == other)
        name, other = conceal_spelling(kind, name, other, row, self.client.store.mask_key)
        self.live.spellings[Address(kind.name, name)] = other
        spelled = spell_key(other, name)
        reason = f"the shop spells the {kind.identity} {spelled}: use the same spelling"
        self.live.read_errors[Address(kind.name, name)] = reason

    def _note_not_found(self, kind: Kind) -> None:
        """Note a plain "not found": a 500 of the same read then does not mean it as well."""
        assert kind.reads.single is not None
        if self.client.has_answered(kind.reads.single.operation):
            self._says_not_found.add(kind.name)
            for name, error in self._failed.pop(kind.name, {}).items():
                self.mark_unread(kind, [name], error)


def _fields_under(kind: Kind, keys: frozenset[str]) -> frozenset[str]:
    """Return the fields that rows with these keys show."""
    return frozenset(name for name, ours, _ in kind.read_fields if not keys.isdisjoint(ours))
