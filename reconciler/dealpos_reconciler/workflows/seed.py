"""Fill the embedded shop from a catalogue folder, by applying it."""

from __future__ import annotations

from pathlib import Path

from dealpos_reconciler.catalogue import loader as source
from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.core.model.desired import referenced_names
from dealpos_reconciler.core.model.store import SANDBOX, Store
from dealpos_reconciler.core.plan import build as planning
from dealpos_reconciler.core.steps import order
from dealpos_reconciler.dealpos.apply.run import apply_steps
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.errors import ReconcilerError, UsageError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import rewrites as memory
from dealpos_reconciler.ledger.journal import Journal
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.workflows import connect

REHEARSAL = "rehearsal"
"""The name of the shop in memory. It is new each time, so nothing in it is ever replaced."""


def seed_sandbox(shop: Settings, seed: Path | None) -> None:
    """Empty the embedded shop of `shop` and fill it.

    From a seed document, or the catalogue of a shop folder; without `seed` from the folder's own
    `sandbox.json`. A catalogue is applied to a shop in memory first, so that the present one stays
    as it is where ReconcilerError is raised.
    """
    if seed is None or not seed.is_dir():
        connect.reset_sandbox(shop, seed)
        return
    from dealpos_reconciler import sandbox

    desired = source.load(settings.load(seed))
    # A kind without a create call (outlets) exists from the start, as far as it is referred to.
    outlets = sorted(
        name
        for kind, named in referenced_names(desired, KINDS).items()
        if KINDS[kind].create is None
        for name in named
    )
    app = sandbox.create_app(limit=connect.UNLIMITED_REQUESTS)
    rehearsed = app.extensions["sandbox"].store
    sandbox.seed(rehearsed, {"outlets": [{"Name": name} for name in outlets]})
    state = StateDir(shop.root)
    with Client(Store(SANDBOX, SANDBOX, SANDBOX), embedded_transport(app)) as client:
        live = read_live(client, desired, KINDS)
        made, faults = planning.build_plan(desired, live, KINDS, SANDBOX)
        if faults:
            raise UsageError(f"the seed cannot be applied: {faults[0].message}")
        steps = order.order_steps(made, KINDS)
        report = apply_steps(client, made, steps, KINDS, Journal(state, REHEARSAL))
    # The next shop in memory would inherit the rewrites of this one.
    state.save_section(memory.FILE, REHEARSAL, {})
    failed = [outcome for outcome in report.outcomes if not outcome.verified]
    if failed:
        raise ReconcilerError(f"the seed was not applied: {failed[0].address} {failed[0].message}")
    connect.fill_sandbox(shop, sandbox.show(rehearsed))
