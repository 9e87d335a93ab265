"""Files and shop to a plan that can be carried out: the calls of a run, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from reconciler.errors import Problem, SourceError

if TYPE_CHECKING:
    from reconciler.catalogue.parallel import Parsing
    from reconciler.catalogue.settings import Settings
    from reconciler.core.ledger.record import Basis
    from reconciler.core.model.desired import Desired
    from reconciler.core.plan.faults import Fault
    from reconciler.core.plan.plan import Plan
    from reconciler.core.plan.target import Scope
    from reconciler.core.steps.step import Step
    from reconciler.core.steps.usage import ApiUsage
    from reconciler.dealpos.client import Client
    from reconciler.guardrails.guardrail import Ground
    from reconciler.ledger.journal import Journal
    from reconciler.ledger.run_ledger import Past


class Made(NamedTuple):
    """A plan with the steps that carry it out and what they cost."""

    plan: Plan
    steps: tuple[Step, ...]
    cost: ApiUsage
    past: Past
    """What was known of earlier applies, for taking the ledger and for the record."""
    basis: Basis


def declared(shop: Settings, begun: Parsing | None = None) -> Desired:
    """What the files say; raises SourceError for everything wrong in them alone.

    `begun` is a head start on them.
    """
    return _declared(shop, _parsing(shop, begun))


def _parsing(shop: Settings, begun: Parsing | None) -> Parsing:
    """The parsing of a shop's files: a head start where it is on them."""
    from reconciler.catalogue.files import paths
    from reconciler.catalogue.parallel import Parsing

    files = paths(shop.root, shop.catalogue)
    if begun is not None and begun.paths == files:
        return begun
    return Parsing(shop.root, files, shop.expand)


def _declared(shop: Settings, begun: Parsing) -> Desired:
    from reconciler.catalogue import loader as source
    from reconciler.core.plan.faults import cycles
    from reconciler.kinds import MANAGED

    desired = source.load(
        shop.root, shop.catalogue, MANAGED, defaults=shop.defaults, expand=shop.expand, begun=begun
    )
    _refuse(shop, cycles(desired, MANAGED), desired)
    return replace(desired, prune=shop.prune)


def make(
    shop: Settings,
    client: Client,
    journal: Journal,
    scope: Scope | None = None,
    overwrite: Sequence[str] = (),
    before: Past | None = None,
    begun: Parsing | None = None,
) -> Made:
    """Compare files and shop, or the part of them that is in `scope`.

    Where both have changed a value since the last apply, the files win for the objects that a
    pattern of `overwrite` names. `before` is what is known of that apply, if not what the ledger
    says; `begun` a head start on the files. What `journal` holds of an earlier run is settled by
    what is read, or planned. Raises SourceError for what stands in the way of a plan, UsageError
    for an empty scope, LedgerError where the ledger cannot be read.
    """
    # First of all: its second process may only be started while there is one thread.
    begun = _parsing(shop, begun)

    from reconciler.core.diff import known_rewrites as kept
    from reconciler.core.plan import build as plan
    from reconciler.core.plan import faults as references
    from reconciler.core.plan.target import narrow
    from reconciler.dealpos.reading.read import read_live
    from reconciler.dealpos.tenant import save_profile
    from reconciler.guardrails.guardrail import Ground
    from reconciler.kinds import KINDS
    from reconciler.ledger import run_ledger as past
    from reconciler.ledger.state_dir import StateDir

    before = before or past.recall(StateDir(shop.root), shop.ledger, client.store.url)
    desired = _declared(shop, begun)
    said: tuple[str, ...] = ()
    if scope:
        desired, sentence = narrow(desired, scope, KINDS)
        said = (sentence,)
    desired = kept.moved(desired, before.kept, KINDS)
    state = read_live(client, desired, KINDS, journal.entries)
    save_profile(StateDir(shop.root), client.store.url, client.routes.tenant)
    state, pending = journal.resume(state, KINDS)
    before = before.renewed()  # with what an interrupted run carried over
    if scope:
        pending = {a: entry for a, entry in pending.items() if desired.get(a)}
    _refuse(shop, references.check(desired, state, KINDS), desired)
    both = before.apart(desired, state, overwrite)
    made, faults = plan.build(
        both.desired, both.live, KINDS, client.store.url, before.kept, pending
    )
    _refuse(shop, faults, desired)
    made, basis = before.told(made, both, desired, bool(scope))
    former = {address: entry.before for address, entry in pending.items()}
    ground = Ground(made, both.desired, both.live, KINDS, today(), bool(scope), former)
    made = _judged(shop, ground)
    if scope:
        # Of what the files declare beside it nothing was looked at, so nothing is unmanaged.
        made = replace(made, unmanaged=(), notes=(*said, *made.notes))
    return ordered(made, client, before, basis)


def ordered(made: Plan, client: Client, past: Past, basis: Basis) -> Made:
    """A plan with its steps in order, and their price in the shop's request window."""
    from reconciler.core.steps import order, usage
    from reconciler.kinds import KINDS

    steps = order.order_steps(made, KINDS)
    window = usage.Window(client.window.capacity, client.window.seconds)
    price = usage.estimate(steps, KINDS, made.reads, made.pages, window)
    return Made(made, steps, price, past, basis)


def permit(made: Made) -> None:
    """Raise Refused when a guardrail stands before the plan; before anything is written."""
    from reconciler.core.plan.violation import refusals
    from reconciler.errors import Refused
    from reconciler.render.plan.violations import told

    found = refusals(made.plan.violations)
    if found:
        nowhere = ("", 0, 0)
        raise Refused([Problem(*(v.source or nowhere), told(v), v.hint) for v in found])


def today() -> str:
    """The day by the clock of this machine, `YYYY-MM-DD`."""
    return datetime.now().astimezone().date().isoformat()


def _judged(shop: Settings, ground: Ground) -> Plan:
    """The plan with what the guardrails have against it."""
    from reconciler.catalogue.files import Files
    from reconciler.guardrails.guardrail import judge

    violations, notes = judge(shop.guardrails, ground, Files(shop.root).locate)
    return replace(ground.plan, violations=violations, notes=(*ground.plan.notes, *notes))


def _refuse(shop: Settings, faults: Iterable[Fault], desired: Desired) -> None:
    """Turn faults into one error that names the lines; does nothing without faults."""
    from reconciler.catalogue.files import Files

    files = Files(shop.root)
    problems = []
    for fault in faults:
        found = desired.get(fault.address)
        place = files.locate(found.source, fault.path) if found else ("", 0, 0)
        problems.append(Problem(*place, fault.message, fault.hint))
    if problems:
        raise SourceError(problems)
