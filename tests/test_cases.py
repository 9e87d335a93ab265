"""One folder, one behaviour: the files and the live shop in, the plan and the requests out.

`cases/<name>/` holds `catalogue.yaml`, `live.json` (a seed document) and perhaps `prune.yaml`;
`plan.txt` and `requests.txt` are what must come of them. `UPDATE=1 pytest tests/test_cases.py`
writes them anew: read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest

from reconciler.core.model.store import Store
from reconciler.core.plan.violation import refusals
from reconciler.dealpos.apply.run import apply_steps
from reconciler.dealpos.client import Client, embedded_transport
from reconciler.kinds import KINDS
from reconciler.render.plan.json import plan_document
from reconciler.render.plan.text import render_plan
from reconciler.render.report import report_document, report_text
from reconciler.render.view import PlanView
from tests.support.documents import ReadDocument
from tests.support.shop import MakeShop

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
UPDATE = bool(os.environ.get("UPDATE"))


class Recorder(httpx.BaseTransport):
    """Hands requests on, and keeps each as a line: what was sent, and the status it met."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.lines: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if not request.url.path.endswith("/OAuth2"):
            path = request.url.raw_path.decode().removeprefix("/api/v3")
            body = request.read().decode()
            sent = json.dumps(json.loads(body), ensure_ascii=False) if body else ""
            self.lines.append(f"{request.method} {path} {sent} -> {response.status_code}")
        return response


def _same(path: Path, text: str) -> None:
    if UPDATE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_case(case: Path, make_shop: MakeShop, documented: ReadDocument) -> None:
    shop = make_shop(json.loads((case / "live.json").read_text(encoding="utf-8")))
    shop.write((case / "catalogue.yaml").read_text(encoding="utf-8"), "catalogue.yaml")
    if (case / "reconciler.yaml").exists():
        shop.configure((case / "reconciler.yaml").read_text(encoding="utf-8"))
    plan = shop.plan()
    _same(case / "plan.txt", render_plan(plan, PlanView(kinds=KINDS, usage=shop.cost(plan))))
    documented("plan", plan_document(plan, PlanView(kinds=KINDS, usage=shop.cost(plan))))
    assert not refusals(plan.violations)
    recorder = Recorder(embedded_transport(shop.app))
    store = Store("sandbox", "sandbox", "sandbox")
    client = Client(store, recorder, shop.listener, shop.clock)
    report = apply_steps(client, plan, shop.steps(plan), KINDS, shop.journal)
    documented("report", report_document(report))
    said = report_text(report)
    _same(case / "requests.txt", "\n".join([*recorder.lines, "", said]))
    if report.complete:
        assert shop.plan().empty


def test_every_case_says_what_it_shows() -> None:
    for case in CASES:
        assert (case / "catalogue.yaml").read_text(encoding="utf-8").startswith("# "), case.name
