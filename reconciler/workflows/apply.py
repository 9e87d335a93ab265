"""Carry out a planned run: lock the ledger, send the steps, record what was applied."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.core.report import Report
from reconciler.dealpos.apply.run import apply_steps
from reconciler.dealpos.client import Client
from reconciler.dealpos.observer import ApplyObserver
from reconciler.errors import LedgerError
from reconciler.kinds import KINDS
from reconciler.ledger.journal import Journal
from reconciler.workflows.plan import Made


class Applied(NamedTuple):
    """The report of an apply, and the error that kept it out of the ledger."""

    report: Report
    unrecorded: LedgerError | None


def apply_plan(
    made: Made,
    client: Client,
    journal: Journal,
    observer: ApplyObserver | None = None,
    take_over: bool = False,
) -> Applied:
    """Apply a plan while no other run can write to the shop, and record it in the ledger.

    `take_over` takes the ledger from a run that ended without releasing it. Raises LedgerError
    before anything is written; one that comes after is returned beside the report.
    """
    with made.past.applying(made.plan, made.cost.seconds, take_over):
        report = apply_steps(client, made.plan, made.steps, KINDS, journal, observer)
    return Applied(report, made.past.record(made.plan, made.basis, report))
