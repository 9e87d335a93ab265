"""The decision on a coupon: a no with its first reason, or a yes that is worth what is allowed.

The uses are counted by the store, which decides the last three reasons in the statement that holds
a use. A sale is not decided again, because it has happened: it is flagged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from dealpos_reconciler.core.provider.sentences import CashierWording, last_moment
from dealpos_reconciler.core.provider.terms import (
    Amount,
    CartItem,
    CouponOffer,
    CouponQuestion,
    CouponRefusal,
    Terms,
    code_key,
)
from dealpos_reconciler.core.provider.vocabulary import Reason


def refuse_unknown(question: CouponQuestion, wording: CashierWording) -> CouponRefusal:
    """Return the no for a code that no release knows."""
    return wording.refuse("unknown", question.code, outlet=question.outlet)


def refuse(
    terms: Terms, question: CouponQuestion, now: datetime, wording: CashierWording
) -> CouponRefusal | None:
    """Return the first reason for a no that needs no count of uses; None where there is none."""
    checks = _checks(terms, question, now)
    reason = next((reason for reason, is_met in checks if is_met), None)
    if reason is None:
        return None
    when = terms.begins if reason == "not_yet" else None
    if reason == "over" and terms.ends is not None:
        when = last_moment(terms.ends, wording.zone)
    return wording.refuse(
        reason,
        shown_code(terms, question),
        outlet=question.outlet,
        amount=terms.minimum_amount,
        when=when,
    )


def refuse_hold(
    terms: Terms,
    question: CouponQuestion,
    reason: Literal["customer_limit", "used_up", "in_use"],
    wording: CashierWording,
    *,
    outlet: str = "",
    until: datetime | None = None,
) -> CouponRefusal:
    """Return the no for a use that the store could not hold.

    `outlet` and `until` are those of the hold that ends first, of `in_use`.
    """
    code = shown_code(terms, question)
    return wording.refuse(reason, code, outlet=outlet or question.outlet, when=until)


def offer(terms: Terms, question: CouponQuestion, wording: CashierWording) -> CouponOffer:
    """Return the yes: never more than the maximum discount, nor than a cart of more than 0.

    The answer of the till's protocol has no maximum (API §12), so a percentage that would exceed
    it becomes that amount. `applies_to` is never an empty list: its effect is undocumented.
    """
    sums, (kind, amount) = _sums(terms, question), (terms.type, terms.amount)
    cap = terms.maximum_discount if kind == "Percentage" else None
    if cap is not None and max(sums, default=0) * amount > cap * 100:
        kind, amount = "Amount", cap
    if kind == "Amount":
        amount = min([amount, *sums])
    text = wording.describe(terms, shown_code(terms, question))
    return CouponOffer(kind, amount, text, terms.applies_to or None)


def judge_sale(
    terms: Terms,
    gross: Amount | None,
    discount: Amount | None,
    at: datetime,
    hold: timedelta,
) -> frozenset[Literal["over_discount", "late"]]:
    """Return the flags of a sale that used a coupon.

    `over_discount`: more was taken off than the coupon allows on `gross`, by more than one unit of
    the currency. `late`: it was sold when a hold of the last moment had ended.
    """
    flags: set[Literal["over_discount", "late"]] = set()
    allowed = _limit_discount(terms, gross)
    if discount is not None and allowed is not None and discount > allowed + 1:
        flags.add("over_discount")
    if terms.ends is not None and at >= terms.ends + hold:
        flags.add("late")
    return frozenset(flags)


def shown_code(terms: Terms, question: CouponQuestion) -> str:
    """Return the code that a cashier reads: as declared, of a batch as it was entered."""
    return terms.code if terms.batch is None else question.code


def needs_hold(terms: Terms) -> bool:
    """Return whether a yes must be counted before it is given."""
    return terms.limit is not None or terms.limit_per_customer is not None


def _checks(terms: Terms, question: CouponQuestion, now: datetime) -> Iterator[tuple[Reason, bool]]:
    """Yield each reason for a no, in the order in which they win, with True if it is given."""
    yield "disabled", terms.disabled
    yield "not_yet", terms.begins is not None and now < terms.begins
    yield "over", terms.ends is not None and now >= terms.ends
    outlet, outlets = code_key(question.outlet), terms.outlets
    yield "outlet", outlets is not None and outlet not in outlets
    is_personal = terms.customer is not None or terms.limit_per_customer is not None
    yield "customer_required", is_personal and not question.customer
    owner = terms.customer
    yield "not_theirs", owner is not None and not owner & question.customer
    amount, minimum = question.amount, terms.minimum_amount
    yield "minimum", minimum is not None and (amount is None or amount < minimum)
    items, codes = question.items, terms.applies_to
    yield "nothing_in_cart", None not in (items, codes) and not _matching(codes or (), items or ())


def _matching(codes: tuple[str, ...], items: tuple[CartItem, ...]) -> list[CartItem]:
    wanted = set(map(code_key, codes))
    return [item for item in items if code_key(item.code) in wanted]


def _is_read(item: CartItem) -> bool:
    return bool(item.code) and item.price is not None and item.quantity is not None


def _sums(terms: Terms, question: CouponQuestion) -> list[Amount]:
    """Return the sums that the till may apply the coupon to, each more than 0; none if unknown.

    For some variants alone it is the sum of their items, before other discounts of the cart or
    after them. Where an item was not read in full, it may be one of them, so the cart stands in.
    """
    cart, items = question.amount, question.items
    sums = [cart]
    if terms.applies_to is not None and items is not None and all(map(_is_read, items)):
        matching = _matching(terms.applies_to, items)
        total = sum((item.price or 0) * (item.quantity or 0) for item in matching)
        if total > 0:
            sums = [total, min(total, cart) if cart and cart > 0 else total]
    # The sum of a cart is 0 where the code came before the items.
    return [known for known in sums if known is not None and known > 0]


def _limit_discount(terms: Terms, gross: Amount | None) -> Amount | None:
    """Return the most that a coupon takes off; None where no sum tells."""
    if terms.type == "Amount":
        return terms.amount
    percent = None if gross is None else Decimal(gross) * Decimal(terms.amount) / 100
    caps = [cap for cap in (percent, terms.maximum_discount) if cap is not None]
    return min(caps, default=None)
