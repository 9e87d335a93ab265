"""Validate and Redeem Coupon as DealPOS sends them, and the answers to both (dealpos-api.md §12).

Only the code of a question and the ID of an invoice are needed; every other field may be missing,
null or of another type.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dealpos_reconciler.core.provider.terms import Amount, CartItem, CouponOffer
from dealpos_reconciler.provider.till.body import (
    MAX_TEXT,
    read_amount,
    read_flag,
    read_member,
    read_moment,
    read_name,
    read_text,
)

SUCCESS = b'{"status":"success"}'
"""The answer to a redemption: the pages print none, and this one for every other webhook."""

_GUID = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_ID_IN_BYTES = re.compile(rb'"ID"\s*:\s*(?:"([0-9A-Za-z-]{1,64})"|([0-9]{1,19}))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TillCustomer:
    """The identifiers of a customer as the till wrote them; they are hashed and never kept."""

    email: str = ""
    phones: tuple[str, ...] = ()
    code: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class ValidateRequest:
    """One Validate Coupon."""

    code: str
    """The code as the cashier entered it; empty where there is none."""
    outlet: str
    customer: TillCustomer = field(repr=False)
    amount: Amount | None
    items: tuple[CartItem, ...] | None


@dataclass(frozen=True, slots=True)
class RedeemRequest:
    """One Redeem Coupon, or a webhook with the same body."""

    invoice: str
    """The ID; empty where there is none."""
    code: str
    """Of the coupon; empty where the invoice used none."""
    is_void: bool
    outlet: str
    number: str
    at: datetime | None
    """The moment of the sale, in the time of the shop where it has no zone."""
    customer: TillCustomer = field(repr=False)
    gross: Amount | None
    discount: Amount | None
    digest: str
    """Of the content, without regard to blanks and the order of members."""


def parse_question(found: Mapping[str, Any]) -> ValidateRequest:
    """Return a question from the object that `read_object` gives."""
    cart = read_member(found, "ShoppingCart")
    return ValidateRequest(
        read_text(found, "Code"),
        read_name(found, "Outlet"),
        _customer(read_member(found, "Customer")),
        read_amount(cart, "Amount"),
        _items(cart.get("items")),
    )


def parse_sale(found: Mapping[str, Any]) -> RedeemRequest:
    """Return a sale from the object that `read_object` gives."""
    canonical = json.dumps(found, sort_keys=True, separators=(",", ":"), default=str)
    return RedeemRequest(
        invoice=read_invoice(found),
        code=read_text(found, "Coupon"),
        is_void=read_flag(found, "Void"),
        outlet=read_name(found, "Outlet"),
        number=read_name(found, "Number"),
        # `Date` is a day; `Created` tells the time too.
        at=read_moment(found, "Created", "Date"),
        customer=_customer(read_member(found, "Customer")),
        gross=read_amount(found, "Gross"),
        discount=read_amount(found, "DiscountTotal", "DiscountAmount"),
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def read_invoice(found: Mapping[str, Any]) -> str:
    """Return the ID of an invoice: a GUID in lower case, and a very long text as its digest."""
    text = read_text(found, "ID")
    if guid := _GUID.fullmatch(text):
        return guid[1].lower()
    return text if len(text) <= MAX_TEXT else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def find_invoice(head: bytes) -> str:
    """Return the first ID in a body that could not be read; empty where none is found."""
    found = _ID_IN_BYTES.search(head)
    return read_invoice({"id": (found[1] or found[2]).decode()}) if found else ""


def is_sale(found: Mapping[str, Any]) -> bool | None:
    """Return whether the body of the bare address is a redemption; None where nothing tells."""
    if read_text(found, "ID"):
        return True
    if read_text(found, "Code"):
        return False
    return True if "id" in found or "coupon" in found else None


def write_offer(offer: CouponOffer) -> bytes:
    """Return the body of a yes."""
    return _json(
        {
            "Type": offer.type,
            "Amount": offer.amount,
            "Notification": offer.message,
            "ApplyTo": {"Code": list(offer.applies_to)} if offer.applies_to else None,
        }
    )


def write_refusal(message: str) -> bytes:
    """Return the body of a no: worth nothing, whichever of its members a till reads."""
    worthless = {"Type": "Amount", "Amount": 0, "Notification": message, "ApplyTo": None}
    return _json(worthless | {"Message": message})


def write_message(message: str) -> bytes:
    """Return the body of a redemption that was not recorded."""
    return _json({"Message": message})


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), default=float).encode()


def _customer(found: Mapping[str, Any]) -> TillCustomer:
    return TillCustomer(
        read_text(found, "Email"),
        tuple(filter(None, (read_text(found, name) for name in ("Phone", "Mobile")))),
        read_text(found, "Code"),
        read_text(found, "ID"),
    )


def _items(raw: Any) -> tuple[CartItem, ...] | None:
    """Return the items of a cart; None unless there are some and each has a code."""
    if not isinstance(raw, list) or not raw:
        return None
    found = [inner for inner in raw if isinstance(inner, dict)]
    items = tuple(
        CartItem(
            read_name(item, "Code", "VariantCode", "SKU"),
            read_amount(item, "Quantity", "Qty"),
            read_amount(item, "Price", "UnitPrice"),
        )
        for item in found
    )
    return items if len(items) == len(raw) and all(item.code for item in items) else None
