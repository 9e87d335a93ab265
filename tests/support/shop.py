"""A shop folder and the sandbox that it is planned against."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler import sandbox
from reconciler.catalogue import loader as source
from reconciler.catalogue import settings
from reconciler.catalogue.files import Files
from reconciler.catalogue.parser import expander, parse
from reconciler.catalogue.sections import read_guardrails
from reconciler.core.diff import known_rewrites as kept
from reconciler.core.diff.known_rewrites import Kept
from reconciler.core.model.desired import Desired
from reconciler.core.model.live import Live
from reconciler.core.model.store import Store
from reconciler.core.plan import build as planning
from reconciler.core.plan import faults as references
from reconciler.core.plan.faults import Fault
from reconciler.core.plan.plan import Plan
from reconciler.core.report import Report
from reconciler.core.steps import order, usage
from reconciler.core.steps.step import Step
from reconciler.core.steps.usage import ApiUsage, Window
from reconciler.dealpos.apply.run import apply_steps
from reconciler.dealpos.client import Client, embedded_transport
from reconciler.dealpos.observer import ClientObserver
from reconciler.dealpos.reading import read as live
from reconciler.guardrails.guardrail import Ground, judge
from reconciler.kinds import KINDS, MANAGED
from reconciler.ledger import rewrites as memory
from reconciler.ledger.journal import Journal
from reconciler.ledger.state_dir import StateDir

ROOT = Path(__file__).parent.parent.parent


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Listener(ClientObserver):
    """Remembers what the client did; sleeping moves the clock and takes no time."""

    clock: Clock
    operations: list[str] = field(default_factory=list)
    waits: list[tuple[float, str]] = field(default_factory=list)

    def on_request(self, operation: str) -> None:
        self.operations.append(operation)

    def on_wait(self, seconds: float, reason: str) -> None:
        self.waits.append((seconds, reason))

    def sleep(self, seconds: float) -> None:
        self.clock.now += seconds


class Shop:
    """A shop folder and the sandbox it is planned against."""

    def __init__(self, folder: Path, seed: dict[str, Any] | None = None, **options: Any) -> None:
        self.folder = folder
        (folder / "catalogue").mkdir(parents=True, exist_ok=True)
        self.database = folder / "live.db"
        self.clock = Clock()
        sandbox.seed(self.database, seed or {})
        options = {"limit": None, "clock": self.clock, **options}
        self.app = sandbox.create_app(self.database, **options)
        self.twin = self.app.extensions["sandbox"]
        self.listener = Listener(self.clock)
        self.settings = settings.load(folder, {"DEALPOS_URL": "sandbox"})
        self.state = StateDir(folder)
        self.journal = Journal(self.state, "sandbox")

    @property
    def kept(self) -> Kept:
        """What the folder remembers; may be set."""
        return memory.recall(self.state, "sandbox")

    @kept.setter
    def kept(self, kept: Kept) -> None:
        self.state.save_section(memory.FILE, "sandbox", {})
        memory.remember(self.state, "sandbox", kept)

    def write(self, text: str, file: str = "shop.yaml") -> None:
        """Declare what `text` says (dedented) in a catalogue file."""
        path = self.folder / "catalogue" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def desired(self, defaults: str = "", environment: dict[str, str] | None = None) -> Desired:
        """What the files declare."""
        node, _ = parse(textwrap.dedent(defaults), "reconciler.yaml")
        desired = source.load(
            self.folder,
            "catalogue",
            MANAGED,
            defaults=node or None,
            expand=expander(environment or {}),
        )
        return replace(desired, prune=settings.load(self.folder, {"DEALPOS_URL": "x"}).prune)

    def prune(self, text: str) -> None:
        """Set the scopes in which what the files do not declare is removed."""
        (self.folder / "reconciler.yaml").write_text(f"prune: {text}\n", encoding="utf-8")

    def client(self) -> Client:
        """A fresh client, as a new run of the program has."""
        self.listener = Listener(self.clock)
        store = Store("sandbox", "sandbox", "sandbox")
        return Client(store, embedded_transport(self.app), self.listener, self.clock)

    def read(self) -> Live:
        """What the shop has of what the files declare."""
        return live.read(self.client(), self.desired(), KINDS)

    def plan(self, client: Client | None = None) -> Plan:
        """The plan; asserts that nothing stands in its way."""
        plan, faults = self.consider(client)
        assert not faults
        return plan

    def consider(self, client: Client | None = None) -> tuple[Plan, list[Fault]]:
        """The plan and every fault."""
        desired = kept.moved(self.desired(), self.kept, KINDS)
        self.journal = Journal(self.state, "sandbox")
        reader = client or self.client()
        state = live.read(reader, desired, KINDS, self.journal.entries)
        state, pending = self.journal.resume(state, KINDS)
        faults = references.cycles(desired, KINDS) + references.check(desired, state, KINDS)
        plan, more = planning.build(desired, state, KINDS, "sandbox", self.kept, pending)
        return plan, faults + more

    def judged(self, guardrails: str = "{}", today: str = "2026-06-01") -> Plan:
        """The plan with what the guardrails have against it; their settings as in a file."""

        def complain(node: object, key: str, message: str, *hint: str, **options: bool) -> None:
            raise AssertionError(message)

        desired = self.desired()
        state = live.read(self.client(), desired, KINDS)
        plan, faults = planning.build(desired, state, KINDS, "sandbox", self.kept)
        assert not faults
        rules = read_guardrails(parse(guardrails, "reconciler.yaml")[0], complain)
        ground = Ground(plan, desired, state, KINDS, today)
        violations, notes = judge(rules, ground, Files(self.folder).locate)
        return replace(plan, violations=violations, notes=(*plan.notes, *notes))

    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """The steps of a plan, in order."""
        return order.order_steps(plan, KINDS)

    def cost(self, plan: Plan) -> ApiUsage:
        """What a plan costs."""
        return usage.estimate(self.steps(plan), KINDS, plan.reads, plan.pages, Window())

    def apply(self, plan: Plan | None = None, client: Client | None = None) -> Report:
        """Apply a plan (by default the present one)."""
        plan = plan or self.plan()
        client = client or self.client()
        return apply_steps(client, plan, self.steps(plan), KINDS, self.journal)

    def show(self) -> dict[str, Any]:
        """Everything that the sandbox holds."""
        return sandbox.show(self.database)

    def item(self, kind: str, code: str) -> dict[str, Any] | None:
        """One object as the sandbox holds it; `kind` is a collection of the seed document."""
        shown = self.show()
        if kind == "variants":
            rows = [variant for product in shown["products"] for variant in product["Variants"]]
        else:
            rows = shown[kind]
        key = "Name" if kind in ("categories", "outlets") else "Code"
        return next((row for row in rows if row[key] == code), None)


MakeShop = Callable[..., Shop]
"""Make a shop from a seed document; keyword arguments are options of the sandbox."""
