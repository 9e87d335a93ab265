"""Carry out a planned run: lock the ledger, send the steps, record what was applied."""

from __future__ import annotations

from contextlib import nullcontext

from dealpos_reconciler.core.report import Report
from dealpos_reconciler.dealpos.apply.run import apply_steps
from dealpos_reconciler.dealpos.observer import ApplyObserver
from dealpos_reconciler.errors import LedgerError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.git_repository import commit_of
from dealpos_reconciler.ledger.recent import save_recent
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import PlannedRun


def apply_plan(
    shop: OpenShop,
    planned: PlannedRun,
    observer: ApplyObserver | None = None,
    force_unlock: bool = False,
) -> tuple[Report, LedgerError | None]:
    """Apply a plan while no other run can write to the shop, and record it in the ledger.

    `force_unlock` takes the ledger from a run that ended without releasing it. Raises LedgerError
    before anything is written; one that comes after is returned beside the report.
    """
    ledger, plan = planned.ledger, planned.plan
    births = {address for step in planned.steps for address in step.births}
    with nullcontext() if plan.empty and not plan.given_up else shop.journal.lock():
        with ledger.lock(plan, planned.usage.seconds, force_unlock, births):
            sent = plan.in_shop(KINDS)
            report = apply_steps(shop.client, sent, planned.steps, KINDS, shop.journal, observer)
            if planned.provider is not None:
                from dealpos_reconciler.workflows.provider.publishing import publish_release

                commit = commit_of(shop.settings.root, shop.settings.folders) or ""
                report = publish_release(planned.provider.client, plan, report, commit)
        shop.save_profile()
        taken = set(report.accepted)
        if taken:
            shop.note_apply()
        save_recent(shop.state, shop.store, (c for c in sent.changes if c.address in taken))
        return report, ledger.record(plan, planned.basis, report)
