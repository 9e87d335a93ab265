"""Values that a shop sets itself in a new object, so that no update has to repeat them.

No page says what a new variant is where its creation does not say it (dealpos-api.md §7). The first
object that an operation creates is read back; the others are expected to be as that one is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dealpos_reconciler.core.diff.births import find_births, find_incomplete_fields
from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.core.model.kind import Call, Kind, Kinds, Value
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.steps.step import Step

MIN_LEARNED_FOR = 2
"""New objects for which one is created alone, to learn what the shop sets itself."""

MAX_NAMES = 3
"""New objects that a note names."""

Known = Mapping[str, Value]
"""The values that a new object has shown and its creation had not carried, by operation."""


class Creation(NamedTuple):
    """The new objects of one request, as it creates them."""

    changes: Sequence[Change]
    births: frozenset[Address]
    """The objects that are created out of use, because an update has to complete them."""
    assumed: Mapping[Address, Value]
    """The declared values that the shop is expected to set itself."""
    doubted: Sequence[Change] | None
    """The objects as they are created if the shop turns out to set other values."""

    @property
    def relied(self) -> Collection[Address]:
        """The objects that no update completes."""
        return self.assumed.keys() - self.births


@dataclass(frozen=True, slots=True)
class Presets:
    """The values that a shop sets itself: known ones, and likely ones."""

    known: Known = field(default_factory=dict)
    common: Mapping[str, Value] = field(default_factory=dict)
    """The values that most live objects have, by kind."""

    def create(
        self, kind: Kind, changes: Sequence[Change], call: Call, alone: Mapping[str, Address]
    ) -> Creation:
        """Return new objects as one request of `call` creates them.

        Until the operation has shown what it sets, nothing relies on it but what follows the object
        that is created `alone`.
        """
        operation = call.operation
        assumed = {c.address: v for c in changes if (v := self._find_assumed(kind, c, call))}
        is_known = operation in self.known
        relied = assumed.keys() - {alone.get(operation)} if is_known or operation in alone else ()
        births = find_births(kind, [c for c in changes if c.address not in relied], call)
        made = [births.get(change.address, change) for change in changes]
        doubted = None
        if relied and not is_known:
            every = find_births(kind, changes, call)
            doubted = [every.get(change.address, change) for change in changes]
        return Creation(made, frozenset(births), assumed, doubted)

    def split(
        self, kind: Kind, changes: Sequence[Change], call: Call, alone: Mapping[str, Address]
    ) -> tuple[Sequence[Change], Sequence[Change]]:
        """Return the new objects of one request, and those that come after the one `alone`."""
        made, one = self.create(kind, changes, call, alone), alone.get(call.operation)
        if one not in made.births:
            return changes, ()
        waiting = made.births.union(made.relied if made.doubted else ()) - {one}
        now = [change for change in changes if change.address not in waiting]
        return now, [change for change in changes if change.address in waiting]

    def _find_assumed(self, kind: Kind, change: Change, call: Call) -> Value:
        """Return the values that `call` cannot carry, if the shop may set all of them itself."""
        after, missing = change.after or {}, find_incomplete_fields(kind, change, call)
        if after.get(kind.retire) or not missing <= kind.preset.keys():
            return {}
        assumed = {name: after[name] for name in sorted(missing)}
        known = self.known.get(call.operation)
        if known is not None:
            return assumed if shows(known, assumed) else {}
        return assumed if shows({**kind.preset, **self.common.get(kind.name, {})}, assumed) else {}


def shows(value: Value, assumed: Value) -> bool:
    """Return whether an object shows all values that are assumed of it."""
    return all(name in value and value[name] == wanted for name, wanted in assumed.items())


def is_confirmed(step: Step, known: Known) -> bool:
    """Return whether an operation has shown the values that the objects of a step rely on."""
    shown = known.get(step.operation, {})
    return all(shows(shown, step.assumed[address]) for address in step.relied)


def learn(kind: Kind, sent: Collection[str], value: Value) -> Value:
    """Return what a new object shows of the values that a shop sets itself.

    A map is one only where it is empty: its entries are the object's own.
    """
    seen = ((n, value[n]) for n in kind.preset if n in value and n not in sent)
    return {name: shown for name, shown in seen if not shown or not isinstance(shown, Mapping)}


def find_common(plan: Plan, live: Live, kinds: Kinds) -> dict[str, Value]:
    """Return the values that most live objects have, of the kinds of which there are new ones."""
    new = {change.address.kind for change in plan.changes if change.action is Action.CREATE}
    found: dict[str, Value] = {}
    for kind in (kinds[name] for name in sorted(new) if kinds[name].preset):
        values = [state.value for _, state in live.iterate_observed(kind.name)]
        counts = {
            name: Counter(v[name] for v in values if name in v and _is_choice(v[name]))
            for name in kind.preset
        }
        found[kind.name] = {n: many.most_common(1)[0][0] for n, many in counts.items() if many}
    return found


def find_unlearned(steps: Sequence[Step], known: Known) -> set[str]:
    """Return the operations that create one object alone, to learn what the shop sets itself."""
    counts = Counter(step.operation for step in steps for _ in step.assumed)
    return {name for name, n in counts.items() if n >= MIN_LEARNED_FOR and name not in known}


def note_assumed(steps: Sequence[Step]) -> Iterator[str]:
    """Yield a note on new objects that may need an update that the usage does not count."""
    doubtful = [step for step in steps if step.doubted]
    relied = sorted(address for step in doubtful for address in step.relied)
    if relied:
        fields = {name for step in doubtful for a in step.relied for name in step.assumed[a]}
        named = ", ".join(f"`{name}`" for name in sorted(fields))
        yield (
            f"{join_some(relied, MAX_NAMES)}: created without {named}, which DealPOS is expected "
            "to set as declared. The first new object shows if it does; if not, up to "
            f"{len(relied)} more requests follow"
        )


def _is_choice(value: object) -> bool:
    """Return whether a value is a flag or a word, of which a shop has a usual one."""
    return isinstance(value, bool) or (isinstance(value, str) and bool(value))
