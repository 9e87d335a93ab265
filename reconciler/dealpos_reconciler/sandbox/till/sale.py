"""A sale at a till, and its void, restore and erasure, with the calls that follow."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dealpos_reconciler.sandbox.errors import SandboxError
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.resources.invoice import redeem_body
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record, server_id
from dealpos_reconciler.sandbox.till.cart import (
    Cart,
    DiscountOffer,
    Order,
    customer_of,
    discount,
    fill_cart,
    print_code,
    question_body,
)
from dealpos_reconciler.sandbox.till.choices import TillChoices
from dealpos_reconciler.sandbox.till.delivery import Courier, Delivery, Target, WebhookCall
from dealpos_reconciler.sandbox.till.events import calls_of, hear

LOSABLE = ("redeem", "webhook")
"""The calls that can be lost on the way."""


class CouponRefused(SandboxError):
    """The provider said no, or gave no answer: nothing was sold."""


@dataclass(frozen=True, slots=True)
class Switches:
    """Ways in which calls may go wrong between DealPOS and its receivers."""

    duplicate: bool = False
    """Each call is sent twice."""
    reorder: bool = False
    """Calls arrive in reverse; after a void, the calls of the sale arrive once more, late."""
    lose: frozenset[str] = frozenset()
    """Names of LOSABLE: these calls are never sent."""


@dataclass(frozen=True, slots=True)
class TillSale:
    """An invoice as it was written, and what was sent because of it."""

    invoice: Record | None
    """None where the cashier broke off after the question."""
    offer: DiscountOffer | None
    deliveries: tuple[Delivery, ...] = ()


def _now() -> datetime:
    return datetime.now(tz=UTC)


@dataclass(frozen=True, slots=True)
class Till:
    """A till of a shop: the addresses that DealPOS was given, and its behaviour."""

    shop: Shop
    provider: Target | None = None
    webhooks: Target | None = None
    courier: Courier = field(default_factory=Courier)
    choices: TillChoices = field(default_factory=TillChoices)
    switches: Switches = field(default_factory=Switches)
    now: Callable[[], datetime] = _now

    def sell(self, order: Order, *, anyway: bool = False, break_off: bool = False) -> TillSale:
        """Ask about the coupon, make an invoice, and report it.

        `anyway` sells with the coupon after a no, `break_off` sells nothing after a yes. Raises
        CouponRefused, and SandboxError for what the shop does not have.
        """
        cart = fill_cart(self.shop, order)
        offer = self._ask(cart, order.coupon, anyway) if order.coupon else None
        if break_off:
            return TillSale(None, offer)
        off = discount(cart, offer, self.choices) if offer else 0
        with hear(self.shop) as changes:
            row = self._write(cart, order.coupon, offer, off)
        redeem = [self._redeem(row)] if order.coupon else []
        return TillSale(row, offer, self._send(redeem, calls_of(self.shop, changes)))

    def change(self, invoice: str, act: str) -> TillSale:
        """`void`, `restore` or `erase` an invoice, named by its ID or number, and report it."""
        row = self._find(invoice)
        void = "No" if act == "restore" else "Yes"
        if act != "erase" and row.payload["Void"] == void:
            raise SandboxError(f"Invoice {invoice} is {'' if void == 'Yes' else 'not '}void.")
        after = Record(row.id, {**row.payload, "Void": void})
        with hear(self.shop) as changes, self.shop.store.transaction(write=True):
            if act == "erase":
                self.shop.store.delete("invoice", row.id)
            else:
                self.shop.store.put("invoice", after.payload)
        sends = self.choices.change_sends
        redeem = [self._redeem(after)] if row.payload["Coupon"] and sends != "webhook" else []
        webhooks = calls_of(self.shop, changes) if sends != "redeem" else []
        calls = ([], []) if sends == "nothing" else (redeem, webhooks)
        return TillSale(after, None, self._send(*calls, late=row if void == "Yes" else None))

    def _ask(self, cart: Cart, coupon: str, anyway: bool) -> DiscountOffer | None:
        if self.provider is None:
            raise SandboxError("A coupon needs the address of a provider.")
        call = WebhookCall("validateCoupon", "coupon", question_body(cart, coupon, self.choices))
        answered = self.courier.deliver(self.provider, call)
        offer = read_offer(answered, self.choices)
        if isinstance(offer, DiscountOffer) or anyway:
            return offer if isinstance(offer, DiscountOffer) else None
        raise CouponRefused(offer)

    def _write(
        self, cart: Cart, coupon: str | None, offer: DiscountOffer | None, off: int
    ) -> Record:
        now = self.now()
        store = self.shop.store
        with store.transaction(write=True):
            number = self._next_number(cart.outlet, now)
            id_ = server_id("invoice", f"{cart.outlet}/{number}")
            paid = cart.gross - off
            payload: Payload = {
                "ID": id_,
                "Outlet": cart.outlet,
                "Number": number,
                "Date": now.date().isoformat(),
                "Created": now.replace(tzinfo=None).isoformat(timespec="milliseconds"),
                "Tag": "Offline",
                "Customer": None,
                **customer_of(cart, self.choices),
                "DiscountAmount": off,
                "Gross": cart.gross,
                "DiscountTotal": off,
                "Sales": paid,
                "Coupon": coupon,
                "CouponNote": offer.text if offer else "",
                "Note": "",
                "PaymentState": "Paid",
                "Delivery": "Sent",
                "Void": "No",
                "Variants": list(cart.lines),
                "Payments": [{"Amount": paid, "Method": "Cash", "Code": "", "Note": ""}],
            }
            store.put("invoice", payload, id_=id_)
        return Record(id_, payload)

    def _next_number(self, outlet: str, now: datetime) -> str:
        month = f"{now:%y.%m}."
        where = Filter().also("outlet = ? AND substr(number, 1, 6) = ?", outlet, month)
        taken = [row.payload["Number"][6:] for row in self.shop.store.page("invoice", where)]
        last = max((int(text) for text in taken if text.isdecimal()), default=0)
        return f"{month}{last + 1:05}"

    def _find(self, invoice: str) -> Record:
        store = self.shop.store
        where = Filter().also("id = ? OR number = ?", invoice, invoice)
        rows = store.page("invoice", where)
        if len(rows) == 1:
            return rows[0]
        found = "Invoices of several outlets have" if rows else "No invoice has"
        raise SandboxError(f"{found} the ID or number {invoice!r}.")

    def _redeem(self, row: Record) -> WebhookCall:
        body = redeem_body(row)
        return WebhookCall(
            "redeemCoupon", "coupon", {**body, "Coupon": print_code(body["Coupon"], self.choices)}
        )

    def _send(
        self,
        redeem: Iterable[WebhookCall],
        webhooks: Iterable[WebhookCall],
        late: Record | None = None,
    ) -> tuple[Delivery, ...]:
        """Send calls as the switches say; those without an address are not sent."""
        calls = [("redeem", self.provider, call) for call in redeem if self.provider]
        calls += [("webhook", self.webhooks, call) for call in webhooks if self.webhooks]
        if self.switches.reorder:
            calls.reverse()
            calls += self._late_calls(late) if late and calls else []
        if self.switches.duplicate:
            calls += calls
        return tuple(
            Delivery(call.event, ())
            if name in self.switches.lose
            else self.courier.deliver(target, call)
            for name, target, call in calls
        )

    def _late_calls(self, voided: Record) -> list[tuple[str, Target, WebhookCall]]:
        row = Record(voided.id, {**voided.payload, "Void": "No"})
        late: list[tuple[str, Target, WebhookCall]] = []
        if self.provider and row.payload["Coupon"]:
            late.append(("redeem", self.provider, self._redeem(row)))
        if self.webhooks:
            late.append(
                (
                    "webhook",
                    self.webhooks,
                    WebhookCall("invoiceCreated", "invoice", redeem_body(row)),
                )
            )
        return late


def read_offer(delivery: Delivery, choices: TillChoices) -> DiscountOffer | str:
    """Return the offer of the provider, or the reason why there is none.

    How a provider says no is undocumented: every answer that is not 2xx, or no offer, is a no.
    """
    answer = delivery.answer
    if answer is None:
        return str(delivery.attempts[-1])
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return f"status {answer.status} without a readable answer"
    text = _shorten(said.get("Notification") or said.get("Message"))
    amount = said.get("Amount")
    if not delivery.accepted or said.get("Type") not in ("Percentage", "Amount"):
        return text or f"status {answer.status}"
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return "an offer without an amount"
    if not math.isfinite(amount) or amount < 0 or abs(amount) > 2**53:
        return "an offer with an amount that is none"
    if not amount and choices.zero_discount == "refused":
        return text or "an offer that is worth nothing"
    return _offer(said, float(amount), text)


def _offer(said: Payload, amount: float, text: str) -> DiscountOffer | str:
    apply_to = said.get("ApplyTo")
    if apply_to is None:
        return DiscountOffer(said["Type"], amount, text, None)
    codes = apply_to.get("Code") if isinstance(apply_to, dict) else None
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        return "an offer with an ApplyTo that names no codes"
    return DiscountOffer(said["Type"], amount, text, frozenset(codes))


def _shorten(text: object) -> str:
    return text[:200] if isinstance(text, str) else ""
