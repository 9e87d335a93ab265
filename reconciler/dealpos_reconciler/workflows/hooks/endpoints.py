"""The operations that take webhooks: a hint is on disk, or a sale is booked, before the answer."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.hooks.file import HookFile
from dealpos_reconciler.hooks.keys import find_key, find_key_in_bytes
from dealpos_reconciler.hooks.queue import add_hint
from dealpos_reconciler.provider.service import Answer, Claim, CouponService
from dealpos_reconciler.provider.till.body import BadBody, read_object
from dealpos_reconciler.provider.till.wire import SUCCESS
from dealpos_reconciler.serve.gate import Endpoint
from dealpos_reconciler.workflows.hooks.turn import TakeTurn, always

EVENTS: Mapping[str, tuple[str, ...]] = {
    "product": (
        *("productcreated", "productupdated", "productdeleted"),
        *("productvariantcreated", "productvariantupdated"),
    ),
    "customer": ("customercreated", "customerdeleted"),
    "outlet": (),
}
"""The events of each family, as a last part of the path (dealpos-api.md §12).

Whether DealPOS appends a name is undocumented; an operator may give each event its own address.
"""
CLAIMS: Mapping[str, Claim] = {
    "": "sale",
    "invoicecreated": "sale",
    "invoicedeleted": "void",
    "invoiceerased": "void",
    "invoicerestored": "restore",
}
"""The events of invoices; the vendor's index of them is cut after `invoiceRe`."""


def make_hint_endpoints(
    file: HookFile,
    on_hint: Callable[[], None],
    clock: Callable[[], float] = time.time,
    take_turn: TakeTurn = always,
) -> dict[str, Endpoint]:
    """Return the operations of all families but invoices, by the path below the secret.

    `on_hint` is called after a hint was queued. A server without the turn answers 503, so that a
    proxy asks the next one.
    """

    async def queue(key: Address | None) -> Answer:
        if key is None:  # nothing to read, and nothing that another attempt would mend
            return Answer("unknown", 200, SUCCESS, "no_key")
        if not await take_turn():
            return _turn_away(503, "other_server")
        now = clock()
        try:
            await file.run(lambda connection: add_hint(connection, key, now))
        except ProviderError:
            return _turn_away(503, "store")
        on_hint()
        return Answer("unknown", 200, SUCCESS, "queued")

    return {
        "/".join(filter(None, ("hook", family, event))): _hint_endpoint(queue, family, event)
        for family, events in EVENTS.items()
        for event in ("", *events)
    }


def make_invoice_endpoints(service: CouponService) -> dict[str, Endpoint]:
    """Return the operations of invoices: `invoiceCreated` is a second chance to count a use."""
    return {
        "/".join(filter(None, ("hook", "invoice", event))): _invoice_endpoint(service, claim)
        for event, claim in CLAIMS.items()
    }


def _invoice_endpoint(service: CouponService, claim: Claim) -> Endpoint:
    return Endpoint(
        "invoice",
        lambda body: service.redeem(body, claim),
        lambda *outline: service.reject("redeem", *outline),
        lambda status, reason: service.turn_away("redeem", status, reason),
    )


def _hint_endpoint(
    queue: Callable[[Address | None], Awaitable[Answer]], family: str, event: str
) -> Endpoint:
    async def hear(body: bytes) -> Answer:
        try:
            key = find_key(family, read_object(body), event)
        except BadBody as bad:
            return _turn_away(400, bad.reason)
        return await queue(key)

    async def hear_outline(reason: str, head: bytes, digest: str, length: int) -> Answer:
        key = find_key_in_bytes(family, head)
        return await queue(key) if key else _turn_away(408 if reason == "slow" else 400, reason)

    return Endpoint(family, hear, hear_outline, _turn_away)


def _turn_away(status: int, reason: str) -> Answer:
    body = json.dumps({"Message": "the webhook was not taken"}).encode()
    return Answer("unknown", status, body, "unavailable" if status >= 500 else "bad", reason)
