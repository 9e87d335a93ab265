"""A shop to examine, under any of the sandbox's choices and faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.doctor.budget import RequestBudget
from dealpos_reconciler.dealpos.doctor.checks import run_checks
from dealpos_reconciler.dealpos.doctor.examine import examine
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.sandbox import Choices
from tests.support.examined import Examine, Examined, Silent, seed


@pytest.fixture
def stocked() -> Callable[..., dict[str, Any]]:
    """The seed document of a shop with so many products."""
    return seed


@pytest.fixture
def examined() -> Examine:
    """Examines a sandbox: keyword arguments are its choices."""

    def go(
        content: dict[str, Any] | None = None,
        *,
        faults: Any = (),
        limit: int | None = 50,
        credentials: tuple[str, str] = ("sandbox", "sandbox"),
        **choices: Any,
    ) -> Examined:
        listener = Silent()
        app = sandbox.create_app(choices=Choices(**choices), limit=limit, clock=listener.clock)
        twin = app.extensions["sandbox"]
        sandbox.seed(twin.store, seed() if content is None else content)
        twin.today = lambda: date(2026, 11, 21)
        twin.sleep = listener.sleep
        twin.faults = faults if isinstance(faults, sandbox.Faults) else sandbox.Faults(*faults)
        budget = RequestBudget(listener)
        store = Store("https://shop.example", *credentials)
        with Client(store, embedded_transport(app), budget) as client:
            evidence = examine(client, budget, KINDS)
        return Examined(evidence, run_checks(evidence, KINDS), twin.calls, client.routes.tenant)

    return go
