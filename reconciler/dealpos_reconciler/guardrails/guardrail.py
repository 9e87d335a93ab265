"""A guardrail: a rule that finds changes which must not be applied unreviewed.

A rule speaks about what the plan changes: what has been so in the shop for years stops nobody. It
sees values alone; today's date is one of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import ClassVar, Literal, NamedTuple

from dealpos_reconciler.core.dated import index_at
from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.diff.rename import apply_renames
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance, Desired, references_of
from dealpos_reconciler.core.model.kind import Kind, Kinds, Value
from dealpos_reconciler.core.model.live import Live, Observed
from dealpos_reconciler.core.model.masked import value_at
from dealpos_reconciler.core.model.pricing import ListedPrice
from dealpos_reconciler.core.money import Amount, Sale, sales
from dealpos_reconciler.core.plan.plan import Plan, Violation


@dataclass(frozen=True)
class PlanContext:
    """The facts that guardrails look at: a plan, and both sides of it."""

    plan: Plan
    desired: Desired
    live: Live
    kinds: Kinds
    today: str
    """`YYYY-MM-DD`."""
    partial: bool = False
    """True if only a part of what the files declare was looked at."""
    former: Mapping[Address, Value] = field(default_factory=dict)
    """Objects that interrupted replacements deleted and the plan creates again."""
    applied: Collection[Address] = frozenset()
    """Objects that were in the shop as declared once."""
    other_stores: Sequence[str] = ()
    """The shops that the folder was applied to, where this one is none of them."""
    events: Mapping[Address, Sequence[ListedPrice]] = field(default_factory=dict)
    """The running promotion events of objects whose prices change, where they were read."""
    instant: datetime | None = None
    """The instant of a coming step; None for the plan itself."""

    @cached_property
    def changes(self) -> Mapping[Address, Change]:
        """The planned changes, by object."""
        return {change.address: change for change in self.plan.changes}

    @cached_property
    def sales(self) -> Sequence[tuple[Change, Sequence[Sale]]]:
        """Every change of what is sold, with the places where it is sold."""
        found = ((change, tuple(sales(change, self.kinds))) for change in self.plan.changes)
        return [(change, places) for change, places in found if places]

    @cached_property
    def _live(self) -> Live:
        """The shop under the names that renames give."""
        return apply_renames(self.live, self.desired, self.kinds)[0]

    @cached_property
    def _nested(self) -> Mapping[str, Mapping[str, Value]]:
        """The nested objects as reads of their parents showed them, by kind and name."""
        return {kind.name: self._live.children_of(kind) for kind in self.kinds.values()}

    def before(self, address: Address) -> Value | None:
        """Return the live object; None if it is absent or unknown."""
        if address in self.changes:
            return self.changes[address].before
        state = self._live.get(address)
        if isinstance(state, Observed):
            return state.value
        return self._nested[address.kind].get(address.name)

    def was(self, change: Change) -> Value | None:
        """Return the object before a change, or before the replacement that it finishes."""
        return self.former.get(change.address) if change.before is None else change.before

    def owner(self, kind: Kind, address: Address) -> Address | None:
        """Return the parent of an object, live or else declared (dealpos-api.md §14 #18)."""
        if kind.parent is None:
            return None
        declared = self.desired.get(address)
        for value in (self.after(address), declared.value if declared else None):
            if value and (name := value.get(kind.parent.kind)):
                return Address(kind.parent.kind, name)
        return None

    def category_of(self, address: Address) -> Address | None:
        """Return the category that an object is in, by itself or by its parent."""
        owner = self.owner(self.kinds[address.kind], address) or address
        found = references_of(self.kinds[owner.kind], self.after(owner) or {})
        return next((target for target, _ in found if self.kinds[target.kind].tree), None)

    def after(self, address: Address) -> Value | None:
        """Return the object as the plan leaves it; None if it is absent or unknown."""
        if address in self.changes:
            return self.changes[address].after
        return self.before(address)

    def known_addresses(self, kind: Kind) -> Iterator[Address]:
        """Yield every object of a kind that is live, as far as it was read, or planned."""
        names = dict.fromkeys(self._nested[kind.name])
        names |= dict.fromkeys(name for name, _ in self._live.iterate_observed(kind.name))
        names |= dict.fromkeys(a.name for a in self.changes if a.kind == kind.name)
        return (Address(kind.name, name) for name in names)

    def count_before(self, kind: Kind) -> int:
        """Return the number of live objects of a kind, as far as they were read."""
        names = set(self._nested[kind.name])
        names.update(name for name, _ in self._live.iterate_observed(kind.name))
        for address, change in self.changes.items():
            if address.kind == kind.name:
                (names.discard if change.before is None else names.add)(address.name)
        return len(names)

    def sold_value(self, address: Address) -> Value | None:
        """Return the object as the plan leaves it; None if it is not in use then, or unknown."""
        value = self.after(address)
        return value if self.in_use(address, value) else None

    def in_use(self, address: Address, value: Value | None) -> bool:
        """Return whether an object with this value is there, and not retired."""
        retire = self.kinds[address.kind].retire
        return value is not None and not (retire and value.get(retire))


class RuleFinding(NamedTuple):
    """A violation as the rule finds it."""

    message: str
    """One plain sentence: what would happen, and the limit that it breaks."""
    address: Address | None = None
    """The object whose change it is; None for the plan as a whole."""
    path: tuple[str, ...] = ()
    """Where in that object."""
    measure: tuple[Amount | None, Amount | None, str | None] = (None, None, None)
    """The measured amount, the limit, and the unit of both."""


class Guardrail(ABC):
    """A rule. Its name is that of its file, its fields are its options, its docstring explains."""

    __slots__ = ()
    in_files: ClassVar[Literal["", "warning", "error"]] = ""
    """The report of `validate`: an error for values that are wrong by themselves, a warning for
    values that are wrong if the object is new, nothing for a rule that needs the shop."""
    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    @abstractmethod
    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield every finding of the rule against the plan."""


Guardrails = Mapping[str, Guardrail]
"""The rules that are on, by name."""

Place = Callable[[Source, tuple[str | int, ...]], Source]
"""Gives the place of a path inside an object that starts at a place."""


def path_of(change: Change, outlet: str, value: object) -> tuple[str, ...]:
    """Return the path of the field that declares `value` at an outlet; empty without one."""
    for each in change.fields:
        at_outlet = outlet in each.path if outlet else len(each.path) == 1
        if at_outlet and each.after == value:
            return each.path
    return ()


def run_guardrails(
    rules: Guardrails,
    context: PlanContext,
    place: Place,
    coming: Iterable[tuple[str, PlanContext]] = (),
) -> tuple[tuple[Violation, ...], list[str]]:
    """Return the violations of a plan, and notes on the exceptions that it does not need.

    The rules run on the steps that are `coming` too, each with its day. An exception covers a
    violation of a coming step if it holds on that day.
    """
    violations: list[Violation] = []
    used: set[int] = set()
    allowances: dict[tuple[str, Address | None], list[Allowance]] = {}
    for allowance in context.desired.allowances:
        allowances.setdefault((allowance.rule, allowance.address), []).append(allowance)
    for day, looked_at in chain([("", context)], coming):
        for name, rule in rules.items() if looked_at.plan.changes else ():
            for finding in rule.check(looked_at):
                covering = [
                    allowance
                    for address in dict.fromkeys((finding.address, None))
                    for allowance in allowances.get((name, address), ())
                ]
                found = _choose_allowance(covering, looked_at.today)
                used.add(id(found))
                violations.append(_make_violation(name, finding, found, looked_at, place, day))
    return tuple(violations), list(_find_unneeded(context, used))


def _make_violation(
    rule: str,
    finding: RuleFinding,
    found: Allowance | None,
    context: PlanContext,
    place: Place,
    day: str,
) -> Violation:
    source = _find_source(finding, context, place)
    message = f"on {day}: {finding.message}" if day else finding.message
    ended = found is not None and found.until < context.today
    about = rule, message, *finding.measure, finding.address, source
    return Violation(*about, None if ended else found, found if ended else None, day)


def _choose_allowance(covering: Collection[Allowance], today: str) -> Allowance | None:
    """Return the exception that covers a finding: its own first, then the longest.

    Where all of them have ended, one of these.
    """
    return max(
        covering,
        key=lambda a: (a.until >= today, a.address is not None, a.until),
        default=None,
    )


def _find_source(finding: RuleFinding, context: PlanContext, place: Place) -> Source | None:
    source = context.changes[finding.address].source if finding.address else None
    return place(source, _find_step(finding, context)) if source and finding.path else source


def _find_step(finding: RuleFinding, context: PlanContext) -> tuple[str | int, ...]:
    """Return the path of a finding, to the step that holds where the field is dated."""
    schedule = context.desired.schedule
    if schedule is None or finding.address is None:
        return finding.path
    steps = value_at(schedule.values.get(finding.address, {}), finding.path)
    if not isinstance(steps, tuple):
        return finding.path
    index = index_at(steps[0], context.instant or schedule.at, schedule.zone)
    return finding.path if index is None else (*finding.path, index)


def _find_unneeded(context: PlanContext, used: set[int]) -> Iterator[str]:
    for allowance in context.desired.allowances:
        place = f"{allowance.source.file}:{allowance.source.line}:{allowance.source.column}"
        about = f" for {allowance.address}" if allowance.address else ""
        said = f"{place}: the exception from {allowance.rule}{about}"
        if allowance.until < context.today:
            yield f"{said} ended on {allowance.until}; remove or renew it"
        elif id(allowance) not in used and not context.partial:
            yield f"{said} is not needed by this plan"
