"""Rehearse a planned run: apply its steps to a twin, plan again, and try what is undocumented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from dealpos_reconciler import sandbox
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.rehearsal import Behaviour, Consequence, Rehearsal, TracedRequest
from dealpos_reconciler.core.report import Report
from dealpos_reconciler.core.steps.prefix import check_prefixes
from dealpos_reconciler.core.steps.step import AtomicGroups, Step
from dealpos_reconciler.core.steps.usage import SECONDS_PER_REQUEST, Window
from dealpos_reconciler.dealpos.apply.run import INTERRUPTED, apply_steps
from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.kinds import KINDS, SHOP_KINDS
from dealpos_reconciler.ledger.run_ledger import RunLedger
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import PlannedRun, make_plan
from dealpos_reconciler.workflows.rehearsal.behaviours import find_known
from dealpos_reconciler.workflows.rehearsal.memory import detach_ledger, read_again
from dealpos_reconciler.workflows.rehearsal.seeding import make_document
from dealpos_reconciler.workflows.rehearsal.twin import Payload, Twin, TwinShop, watch_choices

if TYPE_CHECKING:
    from dealpos_reconciler.sandbox import ObjectStore

MAX_SAMPLE = 40
"""Writes that undocumented behaviours are tried on; of a larger plan, some of each shape."""

MAX_OF_A_SHAPE = 2
"""Writes of one shape that a sample has."""


def rehearse(shop: OpenShop, planned: PlannedRun) -> Rehearsal:
    """Return what an apply of `planned` does to a twin of the shop. Sends the shop nothing."""
    original = sandbox.ObjectStore()
    try:
        sandbox.seed(
            original, make_document(planned.live, planned.plan.in_shop(KINDS), sandbox.SEED_KEYS)
        )
        return _Rehearsing(shop, planned, original).run()
    except sandbox.SandboxError as error:
        return Rehearsal(impossible=f"the twin cannot hold the shop: {error}")
    finally:
        original.close()


@dataclass(frozen=True, slots=True)
class _Ended:
    """A run on a twin, after its apply."""

    twin: Twin
    shop: TwinShop
    ledger: RunLedger
    report: Report
    asked: frozenset[str]
    """The choices that the twin has asked for."""
    seconds: float
    windows: int
    trace: tuple[TracedRequest, ...]

    @property
    def errors(self) -> tuple[Consequence, ...]:
        """The changes that were not applied and verified."""
        return tuple(
            Consequence(outcome.address, outcome.message or outcome.status)
            for outcome in self.report.outcomes
            if not outcome.verified and outcome.status != "stale"
        )


class _Rehearsing:
    def __init__(self, shop: OpenShop, planned: PlannedRun, original: ObjectStore) -> None:
        self.shop, self.planned, self.original = shop, planned, original
        self.plan, self.steps = planned.plan.in_shop(KINDS), planned.steps
        window = shop.client.window
        self.window = Window(window.capacity, window.seconds)
        self.known = find_known(planned.live, shop.client, self.plan, planned.steps)
        self.names = Names(planned)

    def run(self) -> Rehearsal:
        """Apply the plan to a twin, plan again, and try what is undocumented."""
        usage = self.planned.usage
        base = self._apply(self.known.values, self.plan, self.steps)
        errors = base.errors
        try:
            left = () if errors else tuple(self._plan_again(base))
        finally:
            base.twin.close()
        behaviours, sample = self._try_behaviours(base)
        sent = base.report.requests + usage.repeated
        return Rehearsal(
            requests=sent,
            quoted=usage.requests,
            unsure=sum(len(step.relied) for step in self.steps if step.doubted),
            windows=base.windows if sent else 0,
            seconds=ceil(base.seconds),
            errors=errors,
            left=left,
            stops=check_prefixes(self.plan, self.steps, KINDS, seen=base.twin.sightings.steps),
            behaviours=behaviours,
            sample=sample,
            trace=base.trace,
        )

    def _apply(self, values: Mapping[str, Any], plan: Plan, steps: Sequence[Step]) -> _Ended:
        """Apply steps to a new twin that has made these choices."""
        usage, tenant = self.planned.usage, deepcopy(self.shop.client.routes.tenant)
        choices = watch_choices({**values, "latency": SECONDS_PER_REQUEST})
        twin = Twin(self.original, choices, self.window, self.shop.today, tenant)
        shop = TwinShop(self.shop, twin, self.planned.basis.desired)
        ledger = detach_ledger(self.planned.ledger, shop.state, shop.journal)
        twin.spend(usage.reads)
        began = twin.begin()
        twin.spend(usage.repeated)
        births = {address for step in steps for address in step.births}
        choices.asked.clear()
        with ledger.lock(plan, usage.seconds, births=births):
            report = apply_steps(twin.client, plan, steps, KINDS, shop.journal, twin.observer)
        if report.stopped == INTERRUPTED:
            raise KeyboardInterrupt
        asked, seconds = frozenset(choices.asked), twin.clock.now - began
        trace = tuple(t._replace(seconds=t.seconds - began) for t in twin.observer.trace)
        return _Ended(twin, shop, ledger, report, asked, seconds, twin.limiter.windows, trace)

    def _plan_again(self, base: _Ended) -> Iterator[Consequence]:
        """Yield the objects that a plan after the apply would still change."""
        base.ledger.record(self.plan, self.planned.basis, base.report)
        aside = {a for a, _ in (*self.planned.plan.unknown, *self.planned.plan.blocked)}
        aside |= {skipped.address for skipped in self.planned.plan.stale}
        base.shop.leave_out(aside)
        base.shop.client = base.twin.connect(base.shop.client.routes.tenant)
        try:
            plan = make_plan(base.shop, ledger=read_again(base.ledger)).plan
        except ReconcilerError as error:
            problems = "; ".join(p.message for p in getattr(error, "problems", ())) or error.message
            yield Consequence(None, f"no second plan can be made: {problems}")
            return
        for change in plan.changes:
            fields = ", ".join(dict.fromkeys(field.name for field in change.fields))
            yield Consequence(change.address, f"{change.action.value} {fields}".strip())

    def _try_behaviours(self, base: _Ended) -> tuple[tuple[Behaviour, ...], tuple[int, int]]:
        """Return what the undocumented behaviours change that the steps touch."""
        alternatives = self.known.open_alternatives(base.asked)
        writes = sum(len(step.requests) for step in self.steps)
        if not alternatives or not writes:
            return (), (0, writes)
        steps = take_sample(self.steps)
        written = {address for step in steps for address in step.addresses}
        plan = replace(
            self.plan, changes=tuple(c for c in self.plan.changes if c.address in written)
        )
        if len(steps) < len(self.steps):
            base = self._apply(self.known.values, plan, steps)
            base.twin.close()
        found = []
        for alternative in alternatives:
            values = {**self.known.values, alternative.choice: alternative.value}
            ended = self._apply(values, plan, steps)
            ended.twin.close()
            consequences = tuple(find_consequences(base, ended, self.names))
            name = f"{alternative.choice}={show_choice(alternative.value)}"
            found.append(Behaviour(name, alternative.sentence, consequences))
        return tuple(found), (sum(len(step.requests) for step in steps), writes)


class Names:
    """The addresses of objects as output shows them: those of secrets under their masks."""

    def __init__(self, planned: PlannedRun) -> None:
        plan, live = planned.plan, planned.live
        implied = (address for change in plan.changes for address in change.implied)
        self._known = {
            address: address for address in (*implied, *(c.address for c in plan.changes))
        }
        for kind in SHOP_KINDS.values():
            for name in live.names_of(kind):
                address = Address(kind.name, name)
                self._known.setdefault(address, address)
        self._has_masks = any(is_masked(address.name) for address in self._known)

    def show(self, address: Address) -> Address:
        """Return the address of an object of the twin as output shows it."""
        hidden = Address(address.kind, "(hidden)") if self._has_masks else address
        return self._known.get(address, hidden)


def take_sample(steps: Sequence[Step]) -> Sequence[Step]:
    """Return the steps, or a few of each shape with all that they need."""
    if len(steps) <= MAX_SAMPLE:
        return steps
    groups, counts = AtomicGroups(steps), Counter[object]()
    taken: set[int] = set()
    for step in steps:
        shape = (step.kind, step.action, step.operation, frozenset(step.carried.items()))
        names = frozenset(name for change in step.changes for name in change.names)
        counts[shape, names] += 1
        if counts[shape, names] <= MAX_OF_A_SHAPE and len(taken) < MAX_SAMPLE:
            taken |= groups.group_of(step, taken)
    return [step for step in steps if step.id in taken]


def find_consequences(base: _Ended, other: _Ended, names: Names) -> Iterator[Consequence]:
    """Yield the objects whose end state differs between two runs."""
    failed = {outcome.address: outcome for outcome in base.report.outcomes if not outcome.verified}
    refused = {
        error.address: error.what
        for error in other.errors
        if error.address and error.address not in failed
    }
    ends = base.twin.sightings, other.twin.sightings
    addresses = {address: None for sightings in ends for address in sightings.after}
    told = set()
    for address in addresses:
        one, two = (sightings.end_of(address, ends) for sightings in ends)
        if one != two and address not in refused:
            told.add(address)
            yield Consequence(names.show(address), describe_difference(address, one, two))
    for address, what in refused.items():
        if address not in told:
            yield Consequence(address, what)


def describe_difference(address: Address, one: Payload | None, two: Payload | None) -> str:
    """Return what differs between two ends of an object, without any value."""
    if two is None:
        return "deleted"
    if one is None:
        return "in the shop at the end"
    keys = [key for key in {**one, **two} if one.get(key) != two.get(key)]
    fields = KINDS[address.kind].fields
    ours = {key: name for name, f in fields.items() for key in (*f.wire.read, *f.wire.write)}
    names = dict.fromkeys(f"`{ours.get(key, key)}`" for key in keys)
    return f"ends with another {', '.join(names)}"


def show_choice(value: object) -> str:
    """Return the value of a choice as text."""
    return ",".join(sorted(value)) if isinstance(value, frozenset) else str(value)
