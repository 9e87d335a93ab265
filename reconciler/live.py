"""The cheapest reads that answer the question, as Live: observed, absent, or not read.

Absence needs evidence: a whole listing or a batch that leaves the object out, and, where those
may hide retired objects, a single read that does not find it either (facts §4, §14 #3, #12, #21).
An error is never taken for absence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import ceil

from reconciler.client import Client
from reconciler.core.cost import confirming
from reconciler.core.diff import compare
from reconciler.core.kind import Batch, Kind, Kinds
from reconciler.core.lower import batches
from reconciler.core.references import targets
from reconciler.core.state import (
    ABSENT,
    Address,
    Declared,
    Desired,
    Live,
    Observed,
    Wanted,
    wanted,
)
from reconciler.errors import ApiError, Rejected, Unreadable
from reconciler.intake import Intake
from reconciler.paging import Rows, pages, rows_of, single_of
from reconciler.survey import Survey

FEW = 10
"""So many single reads are tried before a listing of unknown length."""

CHEAP = 2
"""So many batches are read without asking whether a listing would cost less."""

LONG = 200
"""Pages of a listing that are read to prove that something is absent; more is unknown."""

_NOT_FOUND = frozenset({400, 404})


def read(client: Client, desired: Desired, kinds: Kinds, survey: Survey | None = None) -> Live:
    """What the shop has of everything that the files declare or refer to.

    `survey` may have read some listings already.
    """
    reader = _Reader(client, kinds, survey)
    asked = _asked(desired, kinds)
    # Children learn their parent from the parent's rows, so parents are read first.
    for kind in sorted(kinds.values(), key=lambda k: (k.parent is not None, k.name)):
        if asked.get(kind.name):
            reader.kind(kind, asked[kind.name], declared=kind.name in desired.objects)
    reader.families(desired)
    reader.live.reads = client.requests
    return reader.live


def confirm(client: Client, kinds: Kinds, wanted_: Wanted, page_counts: Mapping[str, int]) -> Live:
    """Named objects again, after a write: as `core.cost.confirming` prices it."""
    reader = _Reader(client, kinds)
    for name, objects in wanted_.items():
        kind = kinds[name]
        if objects:
            reader.again(kind, objects, page_counts.get(name))
    return reader.live


def _asked(desired: Desired, kinds: Kinds) -> Wanted:
    entries: list[tuple[str, str, Iterable[str]]] = []
    # Most objects of a kind declare the same keys, so the sets of them are few.
    shapes: dict[tuple[str, ...], frozenset[str]] = {}
    for address, declared in desired:
        kind = kinds[address.kind]
        shape = (kind.name, *declared.value)
        if shape not in shapes:
            shapes[shape] = frozenset(n for n in declared.value if kind.fields[n].comparable)
        entries.append((address.kind, address.name, shapes[shape]))
        if declared.was:
            entries.append((address.kind, declared.was, ()))
    entries += [
        (kind, name, ()) for kind, names in targets(desired, kinds).items() for name in names
    ]
    return wanted(entries)


class _Reader:
    def __init__(self, client: Client, kinds: Kinds, survey: Survey | None = None) -> None:
        self.client = client
        self.survey = survey
        self.kinds = kinds
        self.live = Live()
        self.intake = Intake(self.live, kinds)
        self.children = {kind.parent.kind: kind for kind in kinds.values() if kind.parent}

    def kind(self, kind: Kind, asked: Mapping[str, frozenset[str]], *, declared: bool) -> None:
        """Read what is asked of one kind; what cannot be read becomes unknown, with the reason."""
        try:
            if kind.reads.batch:
                self._many(kind, kind.reads.batch, asked)
            elif not kind.reads.listed and len(asked) <= FEW:
                self._singles(kind, asked)
            else:
                self._listing(kind, asked, to_the_end=declared and kind.reads.listed)
            self._settle(kind, asked)
            self._details(kind, asked)
        except (Rejected, Unreadable) as error:
            if error.operation == "token":
                raise
            self._unread(kind, asked, error)

    def again(
        self, kind: Kind, asked: Mapping[str, frozenset[str]], page_count: int | None
    ) -> None:
        """Read named objects in the way that `core.cost.confirming` prices."""
        spend = confirming(kind, len(asked), page_count)
        try:
            if kind.reads.batch and spend == ceil(len(asked) / kind.reads.batch.limit):
                self._batches(kind, kind.reads.batch, asked)
            elif kind.reads.single and spend == len(asked):
                self._singles(kind, asked)
            else:
                self._listing(kind, asked, to_the_end=True)
        except (Rejected, Unreadable) as error:
            self._unread(kind, asked, error)
        for name in asked:
            address = Address(kind.name, name)
            if self.live.get(address) is None and address not in self.live.unread:
                # Written a moment ago and not shown: as good as absent for a verification.
                self.live.put(address, ABSENT)

    def _unread(self, kind: Kind, asked: Iterable[str], error: ApiError) -> None:
        for name in asked:
            address = Address(kind.name, name)
            if self.live.get(address) is None:
                self.live.unread[address] = str(error)

    def _many(self, kind: Kind, batch: Batch, asked: Mapping[str, frozenset[str]]) -> None:
        """A listing where its pages are fewer than the batches would be, else the batches."""
        dear = ceil(len(asked) / batch.limit)
        if kind.reads.listing and dear > CHEAP:
            # facts §7: listing every variant without a category is not clearly supported.
            with suppress(Rejected, Unreadable):
                self._listing(kind, asked, budget=dear)
        seen = self.live.objects.get(kind.name, {})
        self._batches(kind, batch, [name for name in asked if name not in seen])

    def _listing(
        self,
        kind: Kind,
        asked: Mapping[str, frozenset[str]],
        *,
        to_the_end: bool = False,
        budget: int | None = None,
    ) -> None:
        """Read pages until all that is asked for is seen, `to_the_end`, or dearer than `budget`.

        What the files declare is read to the end where that is cheap, so that live-only objects
        are known.
        """
        listing = kind.reads.listing
        assert listing is not None
        wanted_names = set(asked)
        spent = 0

        def enough(seen: set[str], page: Rows) -> bool:
            if budget is not None:
                ahead = page.promises - spent
                return spent >= budget or ahead > budget
            return not to_the_end and wanted_names <= seen

        begun = self.survey.pages(kind) if self.survey else []
        for page, last in pages(self.client, kind, listing, enough, begun):
            spent += 1
            self.intake.take(kind, page.rows, page.shape)
            if last:
                self.live.complete.add(kind.name)
                self.live.pages[kind.name] = spent

    def _batches(self, kind: Kind, batch: Batch, asked: Iterable[str]) -> None:
        for names in batches(sorted(asked), batch.limit):
            try:
                answer = self.client.call(batch.operation, {batch.key: list(names)})
            except Rejected as error:
                if error.status not in _NOT_FOUND:
                    raise
                # facts §13: a batch with an unknown name may be refused as a whole.
                self._listing(kind, dict.fromkeys(names, frozenset()))
                continue
            found = rows_of(batch.operation, answer)
            self.intake.take(kind, found.rows, found.shape)

    def _singles(self, kind: Kind, names: Iterable[str]) -> None:
        for name in sorted(names):
            self._single(kind, name)

    def _single(self, kind: Kind, name: str) -> bool:
        """Read one object; False when the shop does not find it (which proves nothing yet)."""
        single = kind.reads.single
        assert single is not None
        try:
            answer = self.client.call(single.operation, {single.key: name})
        except Rejected as error:
            if error.status in _NOT_FOUND:
                return False
            raise
        row = single_of(answer, kind, name)
        if row is None:
            return False
        # A key that the deepest read leaves out holds nothing (facts §10: a requirement that is
        # not set means that there is none).
        shape = {key for f in kind.fields.values() if f.wire.detail for key in f.wire.read[:1]}
        self.intake.take(kind, [row], frozenset(row) | shape)
        return True

    def _settle(self, kind: Kind, asked: Mapping[str, frozenset[str]]) -> None:
        """Decide what the cheap reads did not show: absent, found after all, or unknown."""
        missing = [
            name
            for name in sorted(asked)
            if self.live.get(Address(kind.name, name)) is None
            and Address(kind.name, name) not in self.live.unread
        ]
        if not missing:
            return
        if not kind.reads.listed and kind.name not in self.live.complete:
            # Only single reads so far, and those prove nothing: the listing decides.
            nobody: Mapping[str, frozenset[str]] = dict.fromkeys(missing, frozenset())
            self._listing(kind, nobody, budget=LONG)
            missing = [n for n in missing if self.live.get(Address(kind.name, n)) is None]
            if kind.name not in self.live.complete:
                reason = "a single read did not find it, and the listing was too long to settle it"
                self.live.unread |= {Address(kind.name, name): reason for name in missing}
                return
        elif kind.reads.hides and not self._hides_nothing(kind):
            self._learn(kind, len(missing))
            missing = [name for name in missing if not self._single(kind, name)]
        for name in missing:
            self.live.put(Address(kind.name, name), ABSENT)

    def _learn(self, kind: Kind, missing: int) -> None:
        """Find the route of single reads with an object that exists.

        Until it is known, "not found" could mean "not offered", and each miss costs every route.
        """
        single = kind.reads.single
        known = next((name for name, _ in self.live.observed(kind.name)), None)
        if single and known and missing > 1 and not self.client.answered(single.operation):
            self._single(kind, known)

    def _hides_nothing(self, kind: Kind) -> bool:
        """Whether reads of many have shown that they leave no retired object out.

        They have when they showed one, or when the shop has nothing at all to hide.
        """
        if not kind.retire:
            return False
        listed = kind.parent.kind if kind.parent else kind.name
        if listed in self.live.complete and not any(self.live.observed(listed)):
            return True
        return any(state.value.get(kind.retire) for _, state in self.live.observed(kind.name))

    def _details(self, kind: Kind, asked: Mapping[str, frozenset[str]]) -> None:
        """Read again, deeper, what the files want compared and no read of many has shown."""
        if kind.reads.batch and (lacking := self._lacking(kind, asked)):
            self._batches(kind, kind.reads.batch, lacking)
        if kind.reads.single is None:
            return
        hopeless: set[str] = set()
        for name, fields in self._lacking(kind, asked).items():
            if not fields - hopeless:
                continue
            self._single(kind, name)
            # What one single read does not show, no other will: it costs a request each.
            hopeless |= self._lacking(kind, {name: fields}).get(name, frozenset())

    def _lacking(
        self, kind: Kind, asked: Mapping[str, frozenset[str]]
    ) -> dict[str, frozenset[str]]:
        """The fields that are asked for and not shown, of every object that the shop has."""
        lacking = {}
        untold = {kind.parent.kind} if kind.parent else set()
        for name, state in self.live.observed(kind.name):
            fields = asked.get(name, frozenset())
            if not fields <= state.value.keys() and (
                fields := fields - state.value.keys() - untold
            ):
                lacking[name] = fields
        return {name: fields for name, fields in sorted(lacking.items()) if fields}

    def families(self, desired: Desired) -> None:
        """Read the parents whose update must carry children that no row has shown yet."""
        for parent_name, child in self.children.items():
            parent = self.kinds[parent_name]
            for name in sorted(self._changing(parent, child, desired)):
                state = self.live.get(Address(parent_name, name))
                if isinstance(state, Observed) and state.children is None:
                    self._single(parent, name)

    def _changing(self, parent: Kind, child: Kind, desired: Desired) -> set[str]:
        changing = set()
        for name, declared in desired.objects.get(parent.name, {}).items():
            if self._differs(parent, name, declared):
                changing.add(name)
        for name, declared in desired.objects.get(child.name, {}).items():
            if self._differs(child, name, declared):
                changing.add(declared.value[parent.name])
        return changing

    def _differs(self, kind: Kind, name: str, declared: Declared) -> bool:
        state = self.live.get(Address(kind.name, name))
        return isinstance(state, Observed) and bool(compare(kind, declared.value, state.value))
