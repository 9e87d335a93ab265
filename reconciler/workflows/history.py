"""Recreate the ledger of a shop from its files and the live shop."""

from __future__ import annotations

from reconciler.ledger import run_ledger
from reconciler.ledger.backend import LedgerBackend
from reconciler.workflows.open_shop import OpenShop
from reconciler.workflows.plan import make_plan


def rebuild_ledger(shop: OpenShop, backend: LedgerBackend, force: bool) -> None:
    """Write a ledger of every object that is as declared; `force` breaks the lock of a dead run."""
    known = run_ledger.read_for_rebuild(backend, shop.state, shop.store)
    planned = make_plan(shop, ledger=known)
    known.rebuild(planned.plan, planned.basis, force)
