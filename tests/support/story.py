"""A case folder played against the program: files and a shop in, plan and requests out.

A folder `cases/<name>/` holds:

    catalogue.yaml    the declared objects; its first line says what the case shows
    live.json         the seed document of the shop
    applied.yaml      files that were applied before, if any; with `ledger: file` they are recorded
    meanwhile.yaml    changes in the shop after that apply: {variant/1003L: {UnitPrice: 17000}}
    after_plan.yaml   changes in the shop after the plan was saved; the saved plan is applied
    sold.yaml         uses of provider coupons after that apply: {LEBARAN25: {used: 3, held: 1}}
    elsewhere.yaml    files that another folder with the same provider applied after that
    elsewhere_after_plan.yaml  the same, after the plan was made
    reconciler.yaml   settings
    layers/           files of layers: base.yaml is that of the folder `layers/base`
    world.yaml        choices of the sandbox where the API documentation leaves something open
    fault.yaml        faults of the sandbox during the apply, or {kill: "POST /PromotionCoupon"}
    command.yaml      options of `plan`: target, kind, overwrite
    clock.yaml        the time, with its offset: {at: …}, and where it is another one, that of the
                      earlier apply (applied) and of the apply of the saved plan (after_plan)
    next.yaml         the files of the next run, where they differ

and what must come of them: `plan.txt` or `problems.txt`, `requests.txt`, and for an apply that did
not end `next.txt`, the plan and the requests of the next run.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from dealpos_reconciler import sandbox
from dealpos_reconciler.core.plan.plan import Plan, refusals
from dealpos_reconciler.core.plan.target import Scope
from dealpos_reconciler.core.provider.options import DEFAULT_STORE
from dealpos_reconciler.core.report import Report
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.tenant import load_profile
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.json import plan_document
from dealpos_reconciler.render.formats.text import render_plan
from dealpos_reconciler.render.json import dumps
from dealpos_reconciler.render.report import report_document, report_text
from dealpos_reconciler.render.view import PlanView, ReportView
from dealpos_reconciler.sandbox import Choices, InjectedFault
from dealpos_reconciler.workflows import plan_file
from dealpos_reconciler.workflows.approved_plan import recheck_plan
from tests.support.documents import ReadDocument
from tests.support.provider import sell
from tests.support.shop import MakeShop, Shop

SURPRISES = {"list_lag_seconds", "money_step", "read_lag_seconds", "rewrite_text"}
"""Choices of the sandbox under which an apply reads more often than its plan can know."""


class Killed(BaseException):
    """The process ends here; nothing catches it."""


class Recorder(httpx.BaseTransport):
    """Hand requests on, and keep each as a line: its body, and the status of its response."""

    def __init__(self, inner: httpx.BaseTransport, kill: str = "") -> None:
        self.inner, self.kill = inner, kill
        self.lines: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/api/v3")
        body = request.read().decode()
        sent = json.dumps(json.loads(body), ensure_ascii=False) if body else ""
        line = f"{request.method} {path} {sent}"
        if f"{request.method} {path}" == self.kill:
            self.lines.append(f"{line} -> killed before it was sent")
            raise Killed
        try:
            response = self.inner.handle_request(request)
        except Exception as error:
            self.lines.append(f"{line} -> {type(error).__name__}")
            raise
        if not path.endswith("/OAuth2"):
            self.lines.append(f"{line} -> {response.status_code}")
        return response


def saved_document(shop: Shop, plan: Plan) -> dict[str, Any]:
    """Return the document of a plan that is written to a file."""
    view = PlanView(kinds=KINDS, usage=shop.cost(plan))
    document: dict[str, Any] = json.loads(dumps(plan_document(plan, view)))
    return document


class Story:
    """One case folder, played run by run."""

    def __init__(self, folder: Path, make_shop: MakeShop, documented: ReadDocument) -> None:
        self.folder, self.documented = folder, documented
        world = self.read("world.yaml") or {}
        self.is_surprising = not SURPRISES.isdisjoint(world)
        options = {"limit": world.pop("limit")} if "limit" in world else {}
        self.shop: Shop = make_shop(
            json.loads((folder / "live.json").read_text(encoding="utf-8")),
            choices=Choices().with_changes(**world),
            **options,
        )
        self.shop.twin.sleep = lambda seconds: None
        for path in sorted((folder / "layers").glob("*.yaml")):
            self.shop.write(path.read_text(encoding="utf-8"), f"../layers/{path.stem}/menu.yaml")
        if (folder / "reconciler.yaml").exists():
            self.shop.configure((folder / "reconciler.yaml").read_text(encoding="utf-8"))
        self.clock = self.read("clock.yaml") or {}
        self.shop.at = self.clock.get("applied", self.clock.get("at", ""))
        if self.declare("applied.yaml"):
            report = self.shop.apply()
            assert report.complete, [outcome.message for outcome in report.outcomes]
        self.shop.at = self.clock.get("at", "")
        self.change_shop("meanwhile.yaml")
        for code, uses in (self.read("sold.yaml") or {}).items():
            sell(self.shop.folder / DEFAULT_STORE, code, **uses)
        self.make_shop = make_shop
        self.apply_elsewhere("elsewhere.yaml")
        self.declare("catalogue.yaml")

    def read(self, name: str) -> Any:
        """Return the content of a YAML file of the case; None where there is none."""
        path = self.folder / name
        return YAML(typ="safe").load(path) if path.exists() else None

    def declare(self, name: str) -> bool:
        """Let the shop folder declare what a file of the case declares."""
        path = self.folder / name
        if path.exists():
            self.shop.write(path.read_text(encoding="utf-8"), "catalogue.yaml")
        return path.exists()

    def apply_elsewhere(self, name: str) -> None:
        """Apply files from another folder, to the same provider."""
        if not (self.folder / name).exists():
            return
        other = self.make_shop(json.loads((self.folder / "live.json").read_text("utf-8")))
        settings = (self.folder / "reconciler.yaml").read_text("utf-8")
        store = self.shop.folder / DEFAULT_STORE
        other.configure(f"{settings}provider: {{store: '{store}'}}\n")
        other.write((self.folder / name).read_text(encoding="utf-8"))
        assert other.apply().complete

    def change_shop(self, name: str) -> None:
        """Change objects in the shop as somebody does in DealPOS; null deletes one."""
        store = self.shop.twin.store
        for address, values in (self.read(name) or {}).items():
            kind, _, key = address.partition("/")
            if values is None:
                store.delete(kind, key)
            elif found := store.get(kind, key):
                store.put(kind, {**found.payload, **values})
            else:
                sandbox.seed(store, {KINDS[kind].collection: [values]})

    def plan(self) -> Plan:
        """Make the plan of a run."""
        options = self.read("command.yaml") or {}
        scope = Scope(tuple(options.get("target", ())), tuple(options.get("kind", ())))
        client = self.shop.client()
        client.routes.tenant = load_profile(self.shop.state, "sandbox")
        overwrite = tuple(options.get("overwrite", ()))
        return self.shop.make(client, scope=scope or None, overwrite=overwrite).plan

    def text(self, plan: Plan) -> str:
        """Return a plan as a terminal shows it; its document must be as the schema says."""
        view = PlanView(kinds=KINDS, usage=self.shop.cost(plan))
        self.documented("plan", plan_document(plan, view))
        return render_plan(plan, view)

    def saved(self, plan: Plan) -> Plan:
        """Return the plan that is left of a saved one, after changes in the shop."""
        file = self.shop.folder / "plan.json"
        plan_file.write_plan(file, saved_document(self.shop, plan))
        self.change_shop("after_plan.yaml")
        self.shop.at = self.clock.get("after_plan", self.shop.at)
        self.apply_elsewhere("elsewhere_after_plan.yaml")
        opened = self.shop.open(self.shop.client())
        self.shop.made = recheck_plan(opened, plan_file.read_plan(file))
        return self.shop.made.plan

    def apply(self, plan: Plan, kill: str = "") -> tuple[Report | None, str]:
        """Apply a plan; return its report, and the requests with the report as text."""
        recorder = Recorder(embedded_transport(self.shop.app), kill)
        client: Client = self.shop.connect(recorder)
        client.routes.tenant = load_profile(self.shop.state, "sandbox")
        report, said = None, "killed\n"
        with contextlib.suppress(Killed):
            report = self.shop.apply(plan, client)
            self.documented("report", report_document(report, ReportView()))
            said = report_text(report, ReportView())
        return report, "\n".join([*recorder.lines, "", said])

    def play(self, same: Callable[[str, str], None]) -> None:
        """Play the case; `same` compares each file of results with what must come."""
        plan = self.plan()
        same("plan.txt", self.text(plan))
        if refusals(plan.violations):
            return
        if (self.folder / "after_plan.yaml").exists():
            plan = self.saved(plan)
        else:
            self.apply_elsewhere("elsewhere_after_plan.yaml")
        faults = self.read("fault.yaml") or []
        kill = faults.pop("kill") if isinstance(faults, dict) else ""
        for fault in faults:
            self.shop.twin.faults.add(InjectedFault(**fault))
        quoted = self.shop.cost(plan).requests
        report, requests = self.apply(plan, kill)
        same("requests.txt", requests)
        if report is not None and report.complete and not faults and not self.is_surprising:
            unsure = sum(len(step.relied) for step in self.shop.made.steps if step.doubted)
            assert quoted <= report.requests <= quoted + unsure
        if report is None or not report.complete:
            self.shop.twin.faults.clear()
            self.declare("next.yaml")
            plan = self.plan()
            text = self.text(plan)
            if refusals(plan.violations):
                same("next.txt", text)
                return
            report, requests = self.apply(plan)
            same("next.txt", f"{text}\n{requests}")
        if report is not None and report.complete:
            assert self.plan().changes == ()
