"""Put the board together: for a folder of files, and for a server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from dealpos_reconciler import ledger
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.errors import ProviderError, ReconcilerError
from dealpos_reconciler.hooks.drift import first_seen
from dealpos_reconciler.hooks.file import FILE as HOOKS_FILE
from dealpos_reconciler.ledger import TIME_FORMAT
from dealpos_reconciler.ledger.git_repository import commit_of
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.provider.remote import ProviderState, read_store
from dealpos_reconciler.provider.store import InvoiceRow, UsageStore
from dealpos_reconciler.render.board.page import render_board
from dealpos_reconciler.render.board.values import AppliedRow, Board, ComingRow, Coupons
from dealpos_reconciler.workflows.board.coupons import (
    COMING,
    list_coming,
    list_coupons,
    read_release,
)
from dealpos_reconciler.workflows.board.remembered import read_audit, read_ends
from dealpos_reconciler.workflows.board.runs import read_runs
from dealpos_reconciler.workflows.open_shop import find_ledger_owner
from dealpos_reconciler.workflows.provider.reading import connect_provider
from dealpos_reconciler.workflows.provider.stored import ask_store, has_store

MAX_APPLIES = 20
NO_LEDGER = "This shop has no ledger, which would name past applies: add 'ledger: file' or"
NO_LEDGER += " 'ledger: git' to reconciler.yaml."


def make_page(settings: Settings) -> str:
    """Return the page of a shop for a folder, from the audit that was remembered just now.

    The provider's store is read; the shop is not.
    """
    coupons: Coupons | None = None
    coming: list[ComingRow] = []
    try:
        if settings.provider.url:
            state = connect_provider(settings).read_state()
            coupons, coming = _describe(state, None)
        elif has_store(settings):
            coupons, coming = ask_store(settings, _read_coupons)
    except ReconcilerError as error:
        coupons = Coupons(problem=error.message)
    return _make(settings, coupons, coming)


async def make_served_page(settings: Settings, store: UsageStore) -> str:
    """Return the page of a shop that is served; neither shop nor store are written."""
    coupons, coming = await _read_coupons(store)
    return await asyncio.to_thread(_make, settings, coupons, coming, served=True)


def _make(
    settings: Settings,
    coupons: Coupons | None,
    coming: Iterable[ComingRow],
    *,
    served: bool = False,
) -> str:
    """Return the page of what is remembered in the folder, and of these coupons."""
    now = datetime.now(UTC)
    state = StateDir(settings.root)
    store = settings.known_url() or ""
    days = [moment.astimezone().date().isoformat() for moment in (now, now + COMING)]
    ends = read_ends(state, store, days[0], days[1])
    applies, note = _read_applies(settings, state, store)
    return render_board(
        Board(
            settings.root.resolve().name,
            store,
            now.strftime(TIME_FORMAT),
            commit_of(settings.root, settings.folders) or "",
            read_audit(state, store, first_seen(settings.root / HOOKS_FILE)),
            coupons,
            tuple(sorted([*coming, *ends], key=lambda row: row.at)),
            applies,
            note,
            read_runs(state, store),
            settings.timezone or UTC,
            served,
        )
    )


def _read_applies(
    settings: Settings, state: StateDir, store: str
) -> tuple[tuple[AppliedRow, ...], str]:
    """Return the last applies of the ledger, or the reason why none is known."""
    try:
        home = ledger.open_backend(state, settings.ledger, find_ledger_owner(settings, store))
        if home is None:
            return (), NO_LEDGER
        runs = home.read().ledger.applies[-MAX_APPLIES:]
    except ReconcilerError as error:
        return (), f"The ledger could not be read: {error.message}"
    rows = []
    for run in reversed(runs):
        counts = Counter(run.changes.values())
        changes = ", ".join(f"{number:,} {verb}" for verb, number in counts.items())
        rows.append(AppliedRow(run.when, run.commit, changes))
    return tuple(rows), ""


async def _read_coupons(store: UsageStore) -> tuple[Coupons, list[ComingRow]]:
    """Return the coupons of a store; without it, the reason why nothing is known."""
    try:
        return _describe(await read_store(store), await store.invoices(flagged=True))
    except ProviderError as error:
        return Coupons(problem=error.message), []


def _describe(
    state: ProviderState, invoices: Sequence[InvoiceRow] | None
) -> tuple[Coupons, list[ComingRow]]:
    coupons = list_coupons(state, invoices)
    if coupons.problem:
        return coupons, []
    return coupons, list(list_coming(read_release(state), datetime.now(UTC)))
