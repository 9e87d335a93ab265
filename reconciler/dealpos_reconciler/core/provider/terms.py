"""The terms of a provider coupon as a release holds them, and a question that the till asks."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from dealpos_reconciler.core.provider.vocabulary import Reason, Reentry

Amount = int | Decimal


def code_key(code: str) -> str:
    """Return the form in which codes are compared: without case and outer blanks."""
    return unicodedata.normalize("NFC", code).strip().casefold()


@dataclass(frozen=True, slots=True)
class CodeBatch:
    """Single-use codes that a key derives: none of them stands in a file, release or store."""

    count: int
    length: int
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """One provider coupon: its discount and the conditions under which it is given."""

    code: str
    """The code as the files declare it; of a batch, its name, which opens nothing."""
    type: Literal["Percentage", "Amount"]
    amount: Amount
    maximum_discount: Amount | None = None
    minimum_amount: Amount | None = None
    limit: int | None = None
    """Uses in all (of a batch: of each code); None for any number."""
    limit_per_customer: int | None = None
    begins: datetime | None = None
    """The first moment, with a time zone; None for no beginning."""
    ends: datetime | None = None
    """The first moment after the last; None for no end."""
    outlets: frozenset[str] | None = None
    """Names of outlets, each as `code_key` gives it; None for all."""
    customer: frozenset[str] | None = None
    """Fingerprints of the one customer who may use it; None for everybody."""
    applies_to: tuple[str, ...] | None = None
    """Codes of variants, sorted; None for the whole invoice."""
    message: str | None = None
    """The text that the cashier reads with a yes."""
    disabled: bool = False
    reentry: Reentry = "refuse"
    batch: CodeBatch | None = None


@dataclass(frozen=True, slots=True)
class CartItem:
    """One line of a cart, as far as it was understood."""

    code: str
    quantity: Amount | None = None
    price: Amount | None = None


@dataclass(frozen=True, slots=True)
class CouponQuestion:
    """One Validate Coupon request of a till, as far as it was understood."""

    code: str
    outlet: str = ""
    customer: frozenset[str] = frozenset()
    """Fingerprints of what identifies the customer (email, phone, mobile, code, id)."""
    amount: Amount | None = None
    """The sum of the cart; None where the till sent none."""
    items: tuple[CartItem, ...] | None = None
    """None unless every item could be understood: the shape of one is undocumented (API §12)."""


@dataclass(frozen=True, slots=True)
class CouponOffer:
    """A yes: the discount, in the words of the till."""

    type: Literal["Percentage", "Amount"]
    amount: Amount
    message: str
    applies_to: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class CouponRefusal:
    """A no, with the one reason that the cashier is told."""

    reason: Reason
    message: str
