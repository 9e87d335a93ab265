"""A shop to examine, under any of the sandbox's choices and faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from reconciler import sandbox
from reconciler.core.model.store import Store
from reconciler.dealpos.client import Client, embedded_transport
from reconciler.dealpos.doctor.budget import Purse
from reconciler.dealpos.doctor.checks import judge
from reconciler.dealpos.doctor.evidence import Evidence
from reconciler.dealpos.doctor.examine import examine
from reconciler.dealpos.doctor.finding import Finding
from reconciler.dealpos.observer import Watcher
from reconciler.dealpos.tenant import Tenant
from reconciler.kinds import KINDS
from reconciler.sandbox import Choices

PERSON = {"Code": "ZQ-1", "Name": "Zqname", "Email": "zq@private.example", "Mobile": "0899777"}


def seed(products: int = 1) -> dict[str, Any]:
    """A shop of every kind; each product has one variant on sale and one discontinued."""
    return {
        "outlets": [{"Name": "Bandung"}],
        "categories": [{"Name": "Drinks"}],
        "products": [
            {
                "Code": f"P{number:03}",
                "Name": "Kopi",
                "Category": "Drinks",
                "Variants": [
                    {"Code": f"P{number:03}A", "UnitPrice": 18000},
                    {"Code": f"P{number:03}Z", "UnitPrice": 5, "Discontinued": True},
                ],
            }
            for number in range(products)
        ],
        "coupons": [{"Code": "K1", "Type": "DiscountAmount", "Discount": 5000, "Limit": 10}],
        "customers": [PERSON],
    }


class Silent(Watcher):
    """Sleeping takes no time; the clock moves instead."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Examined:
    """What one examination found, what it sent, and what is to be remembered."""

    evidence: Evidence
    findings: list[Finding]
    calls: list[tuple[str, str, int]]
    tenant: Tenant

    def of(self, check: str) -> Finding:
        """The one line of a check."""
        (found,) = [finding for finding in self.findings if finding.check == check]
        return found

    def verdicts(self, verdict: str) -> list[str]:
        """The checks with one verdict."""
        return [finding.check for finding in self.findings if finding.verdict == verdict]


@pytest.fixture
def stocked() -> Callable[..., dict[str, Any]]:
    """The seed document of a shop with so many products."""
    return seed


@pytest.fixture
def examined() -> Callable[..., Examined]:
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
        clock = lambda: listener.now  # noqa: E731
        app = sandbox.create_app(choices=Choices(**choices), limit=limit, clock=clock)
        twin = app.extensions["sandbox"]
        sandbox.seed(twin.store, seed() if content is None else content)
        twin.today = lambda: date(2026, 11, 21)
        twin.sleep = listener.sleep
        twin.faults = faults if isinstance(faults, sandbox.Faults) else sandbox.Faults(*faults)
        purse = Purse(listener)
        store = Store("https://shop.example", *credentials)
        with Client(store, embedded_transport(app), purse, clock) as client:
            evidence = examine(client, purse, KINDS)
        return Examined(evidence, judge(evidence, KINDS), twin.calls, client.routes.tenant)

    return go
