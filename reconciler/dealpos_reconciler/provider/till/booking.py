"""A sale of the till as the report that the store books."""

from __future__ import annotations

from datetime import datetime

from dealpos_reconciler.core.provider.decision import judge_sale
from dealpos_reconciler.provider.service import Claim
from dealpos_reconciler.provider.store import Flag, SaleReport
from dealpos_reconciler.provider.till.loaded import LoadedRelease
from dealpos_reconciler.provider.till.wire import RedeemRequest

_MARK_DIGITS = 16


def report_sale(
    loaded: LoadedRelease, sale: RedeemRequest, now: datetime, claim: Claim = "sale"
) -> SaleReport:
    """Return the report of a sale, or of the event that its address tells.

    The text of a code that no release knows is not kept: it may authorise (dealpos-api.md §10),
    or be a code of a batch that was removed. Its mark tells whether two sales used the same one.
    """
    found = loaded.coupons.find(sale.code) if sale.code else None
    at = loaded.place(sale.at)
    options = loaded.release.options
    flags: set[Flag] = set()
    is_void = claim == "void" or (claim == "sale" and sale.is_void)
    if is_void:
        flags |= set() if options.void_returns_use else {"kept"}
    elif found is not None:
        flags |= judge_sale(found.terms, sale.gross, sale.discount, at or now, options.hold)
    return SaleReport(
        invoice=sale.invoice,
        state="voided" if is_void else "restored" if claim == "restore" else "counted",
        counter=found.counter if found else None,
        code="" if found or not sale.code else loaded.mask(sale.code, _MARK_DIGITS),
        limit=found.terms.limit if found else None,
        outlet=sale.outlet,
        number=sale.number,
        customer=loaded.identify(sale.customer),
        at=at,
        now=now,
        discount=sale.discount,
        gross=sale.gross,
        flags=frozenset(flags),
        digest=sale.digest,
    )
