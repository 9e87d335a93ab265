"""Examine a sandbox with the doctor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dealpos_reconciler.dealpos.doctor.evidence import Evidence
from dealpos_reconciler.dealpos.doctor.finding import CheckResult
from dealpos_reconciler.dealpos.observer import ClientObserver
from dealpos_reconciler.dealpos.tenant import TenantProfile

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


class Silent(ClientObserver):
    """Sleeping takes no time; the clock moves instead."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Examined:
    """One examination: its findings, its requests and the profile to remember."""

    evidence: Evidence
    findings: list[CheckResult]
    calls: list[tuple[str, str, int]]
    tenant: TenantProfile

    def of(self, check: str) -> CheckResult:
        """The one line of a check."""
        (found,) = [finding for finding in self.findings if finding.check == check]
        return found

    def verdicts(self, verdict: str) -> list[str]:
        """The checks with one verdict."""
        return [finding.check for finding in self.findings if finding.verdict == verdict]


Examine = Callable[..., Examined]
"""Examine a sandbox; keyword arguments are its choices."""
