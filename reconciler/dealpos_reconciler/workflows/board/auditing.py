"""The ordinary audit of the whole shop, run for the board."""

from __future__ import annotations

from dealpos_reconciler.core.audit import Audit, audit_plan
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.workflows.board.remembered import remember_audit
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import PlannedRun, make_plan


def run_audit(shop: OpenShop) -> int:
    """Audit and remember the result; return the number of objects that could not be read."""
    run = make_plan(shop, audit=True)
    found = audit_plan(run.plan)
    remember_run(shop, run, found)
    return len(found.of("unknown"))


def remember_run(shop: OpenShop, run: PlannedRun, found: Audit) -> None:
    """Remember an audit of the whole shop."""
    remember_audit(shop.state, found, run.basis.desired, KINDS)
