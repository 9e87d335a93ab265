"""A shop folder and the sandbox that it is planned against."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.report import Report
from dealpos_reconciler.core.steps.step import Step
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.observer import ApplyObserver, ClientObserver
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.errors import Problem, SourceError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import rewrites as memory
from dealpos_reconciler.ledger.journal import Journal
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.workflows.apply import apply_plan
from dealpos_reconciler.workflows.open_shop import OpenShop, read_files
from dealpos_reconciler.workflows.plan import PlannedRun, make_plan, order_steps
from tests.support.seeds import AUTHORISING

ROOT = Path(__file__).parent.parent.parent
SETTINGS_FILE = "reconciler.yaml"
ENVIRONMENT = {"DEALPOS_URL": "sandbox"}


def with_authorising_coupon(seed: dict[str, Any]) -> dict[str, Any]:
    """Return a seed with a coupon whose code `tests.support.leaks` looks for in all output."""
    return {**seed, "coupons": [*seed.get("coupons", ()), AUTHORISING]}


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
        sandbox.seed(self.database, with_authorising_coupon(seed or {}))
        options = {"limit": None, "clock": self.clock, **options}
        self.app = sandbox.create_app(self.database, **options)
        self.twin = self.app.extensions["sandbox"]
        self.listener = Listener(self.clock)
        self.today = "2026-06-01"
        self.at = ""
        """The time of the run, ISO 8601 with its offset; empty for the clock of this machine."""
        self.other_stores: list[str] = []
        (folder / SETTINGS_FILE).touch()
        self.settings = settings.load(folder, ENVIRONMENT)
        self.state = StateDir(folder)
        self.journal = Journal(self.state, "sandbox")

    @property
    def kept(self) -> KnownRewrites:
        """The stored state of the folder; may be set."""
        return memory.read_rewrites(self.state, "sandbox")

    @kept.setter
    def kept(self, kept: KnownRewrites) -> None:
        self.state.save_section(memory.FILE, "sandbox", {})
        memory.save_rewrites(self.state, "sandbox", kept)

    def write(self, text: str, file: str = "shop.yaml") -> None:
        """Declare what `text` says (dedented) in a catalogue file."""
        path = self.folder / "catalogue" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def desired(self) -> Desired:
        """Return the desired state of the files."""
        return read_files(settings.load(self.folder, ENVIRONMENT))

    def client(self) -> Client:
        """A fresh client, as a new run of the program has."""
        self.listener = Listener(self.clock)
        return self.connect(embedded_transport(self.app))

    def connect(self, transport: httpx.BaseTransport) -> Client:
        """A client that sends through a transport, heard by the present listener."""
        store = Store("sandbox", "sandbox", "sandbox")
        return Client(store, transport, self.listener)

    def read(self) -> Live:
        """Return the live state of the declared objects."""
        return read_live(self.client(), self.desired(), KINDS)

    def copy_files(self, folder: Path) -> None:
        """Declare what another shop folder declares, with its settings."""
        shutil.copytree(folder / "catalogue", self.folder / "catalogue", dirs_exist_ok=True)
        shutil.copy(folder / SETTINGS_FILE, self.folder)

    def configure(self, text: str) -> None:
        """Write the settings file."""
        (self.folder / SETTINGS_FILE).write_text(textwrap.dedent(text), encoding="utf-8")

    def prune(self, text: str) -> None:
        """Set the scopes in which what the files do not declare is removed."""
        self.configure(f"prune: {text}\n")

    def open(self, client: Client) -> OpenShop:
        """Open the folder as a run of the program does, on the day `today`."""
        opened = OpenShop(settings.load(self.folder, ENVIRONMENT), client)
        opened.today = self.today
        if self.at:
            opened.at, opened.today = datetime.fromisoformat(self.at), self.at[:10]
        opened.other_stores = self.other_stores
        return opened

    def make(self, client: Client | None = None, **options: Any) -> PlannedRun:
        """Make a plan as the program does; `options` are those of the workflow."""
        opened = self.open(client or self.client())
        self.settings, self.journal = opened.settings, opened.journal
        self.made = make_plan(opened, **options)
        return self.made

    def plan(self, client: Client | None = None) -> Plan:
        """The plan; fails where something stands in its way."""
        return self.make(client).plan

    def problems(self) -> list[Problem]:
        """Return the faults that prevent a plan."""
        with pytest.raises(SourceError) as caught:
            self.make()
        return caught.value.problems

    def order(self, plan: Plan) -> PlannedRun:
        """A plan, perhaps another than was made last, with its steps and their cost."""
        if plan is self.made.plan:
            return self.made
        client = self.connect(embedded_transport(self.app))
        return order_steps(self.open(client), plan, self.made.ledger, self.made.basis)

    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """The steps of a plan, in order."""
        return self.order(plan).steps

    def cost(self, plan: Plan) -> ApiUsage:
        """Return the API usage of a plan."""
        return self.order(plan).usage

    def apply(
        self,
        plan: Plan | None = None,
        client: Client | None = None,
        observer: ApplyObserver | None = None,
    ) -> Report:
        """Apply a plan (by default the present one)."""
        made = self.order(plan or self.plan())
        opened = self.open(client or self.client())
        opened.journal = self.journal
        report, unrecorded = apply_plan(opened, made, observer)
        assert unrecorded is None
        return report

    def show(self) -> dict[str, Any]:
        """Everything that the sandbox holds, but the authorising coupon of every shop."""
        shown = sandbox.show(self.database)
        others = [row for row in shown["coupons"] if row["Code"] != AUTHORISING["Code"]]
        return {**shown, "coupons": others}

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
