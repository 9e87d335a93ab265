"""Lists in a shape that nobody documented: an error that shows keys and types, never a value."""

from __future__ import annotations

import httpx

from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.doctor.budget import RequestBudget
from dealpos_reconciler.dealpos.doctor.checks import run_checks
from dealpos_reconciler.dealpos.doctor.evidence import MAX_REQUESTS
from dealpos_reconciler.dealpos.doctor.examine import examine
from dealpos_reconciler.kinds import KINDS
from tests.support.fake_server import STORE, RecordingObserver


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("OAuth2"):
        return httpx.Response(200, json={"access_token": "token"})
    return httpx.Response(200, json={"Rows": [{"Name": "Zqname"}]})


def test_a_list_of_an_unknown_shape_is_an_error_that_shows_no_value() -> None:
    budget = RequestBudget(RecordingObserver())
    with Client(STORE, httpx.MockTransport(answer), budget) as client:
        results = run_checks(examine(client, budget, KINDS), KINDS)
    found = {result.check: (result.verdict, result.found) for result in results}
    shape = "GET /Product: expected a list of objects, got {Rows: [1 × {Name: text}]}"
    assert found["product.list"] == ("error", shape)
    assert found["customer.list"] == ("error", "POST /Customer/p: expected a list of objects")
    assert not any("Zqname" in text for _, text in found.values())
    assert budget.sent <= MAX_REQUESTS
