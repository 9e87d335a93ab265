"""Sentences that a cashier reads, in English and Indonesian.

The settings may replace each refusal (`messages:`); a placeholder in braces stands for a fact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from dealpos_reconciler.core.model.codec import number
from dealpos_reconciler.core.provider.options import Language
from dealpos_reconciler.core.provider.terms import Amount, CouponRefusal, Terms
from dealpos_reconciler.core.provider.vocabulary import Reason

MAX_CODE = 40
"""Characters of an unknown code that are repeated."""

REFUSALS: Mapping[Language, Mapping[Reason, str]] = {
    "en": {
        "unknown": "{code} is not a known coupon",
        "disabled": "{code} is no longer accepted",
        "not_yet": "{code} is valid from {date}",
        "over": "{code} was valid until {date}",
        "outlet": "{code} is not valid at {outlet}",
        "customer_required": "{code} needs a customer: select one, then enter the code again",
        "not_theirs": "{code} belongs to another customer",
        "minimum": "{code} needs a purchase of at least {amount}",
        "nothing_in_cart": "{code} applies to no item in this cart",
        "customer_limit": "{code} was already used by this customer",
        "used_up": "{code} is used up",
        "in_use": "{code} is in use at {outlet} until {time}",
    },
    "id": {
        "unknown": "{code} bukan kupon yang dikenal",
        "disabled": "{code} tidak berlaku lagi",
        "not_yet": "{code} berlaku mulai {date}",
        "over": "{code} hanya berlaku sampai {date}",
        "outlet": "{code} tidak berlaku di {outlet}",
        "customer_required": "{code} perlu pelanggan: pilih pelanggan, lalu masukkan lagi kodenya",
        "not_theirs": "{code} milik pelanggan lain",
        "minimum": "{code} perlu belanja minimal {amount}",
        "nothing_in_cart": "{code} tidak berlaku untuk barang di keranjang ini",
        "customer_limit": "{code} sudah dipakai oleh pelanggan ini",
        "used_up": "{code} sudah habis dipakai",
        "in_use": "{code} sedang dipakai di {outlet} sampai {time}",
    },
}

PLACEHOLDERS: Mapping[Reason, frozenset[str]] = {
    reason: frozenset(re.findall(r"\{(\w+)\}", text)) | {"code", "outlet"}
    for reason, text in REFUSALS["en"].items()
}
"""The placeholders that a sentence of each reason may have."""

Trouble = Literal["bad_request", "limited", "unavailable"]
"""The reasons for a no that do not lie in the coupon."""

_TROUBLES: Mapping[Language, Mapping[Trouble, str]] = {
    "en": {
        "bad_request": "The coupon could not be read. Enter it again.",
        "limited": "Too many wrong coupons at this outlet. Wait a minute.",
        "unavailable": "Coupons cannot be checked now. Try again in a minute.",
    },
    "id": {
        "bad_request": "Kupon tidak terbaca. Masukkan lagi kodenya.",
        "limited": "Terlalu banyak kupon salah di gerai ini. Tunggu satu menit.",
        "unavailable": "Kupon belum bisa diperiksa sekarang. Coba lagi satu menit lagi.",
    },
}
_OFFERS: Mapping[Language, tuple[str, str]] = {
    "en": ("{code}: {amount} off", ", at most {most}"),
    "id": ("{code}: diskon {amount}", ", paling banyak {most}"),
}
_MONTHS: Mapping[Language, str] = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "id": "Jan Feb Mar Apr Mei Jun Jul Agu Sep Okt Nov Des",
}
_NOWHERE: Mapping[Language, str] = {"en": "this outlet", "id": "gerai ini"}


def unknown_placeholders(reason: Reason, text: str) -> list[str]:
    """Return the placeholders of a sentence that have no meaning for its reason, sorted."""
    return sorted(set(re.findall(r"\{(\w*)\}", text)) - PLACEHOLDERS[reason])


@dataclass(frozen=True, slots=True)
class CashierWording:
    """The way in which cashiers of a shop are addressed."""

    language: Language = "en"
    messages: Mapping[Reason, str] = field(default_factory=dict)
    """The sentences that take the place of ours."""
    zone: tzinfo = UTC
    """The zone of the shop, in which dates and times are written."""

    def refuse(
        self,
        reason: Reason,
        code: str,
        *,
        outlet: str = "",
        amount: Amount | None = None,
        when: datetime | None = None,
    ) -> CouponRefusal:
        """Return a no with its sentence; `when` is the moment that `{date}` or `{time}` tells."""
        text = self.messages.get(reason) or REFUSALS[self.language][reason]
        facts = {"code": _shorten(code), "outlet": outlet or _NOWHERE[self.language]}
        if amount is not None:
            facts["amount"] = self.write_amount(amount)
        if when is not None:
            facts |= {"date": self._date(when), "time": f"{when.astimezone(self.zone):%H:%M}"}
        return CouponRefusal(reason, _fill(text, facts))

    def excuse(self, trouble: Trouble) -> str:
        """Return the sentence of a no that does not lie in the coupon."""
        return _TROUBLES[self.language][trouble]

    def describe(self, terms: Terms, code: str) -> str:
        """Return the sentence of a yes: the coupon's own message, or what it gives."""
        if terms.message:
            return terms.message
        text, limit = _OFFERS[self.language]
        unit = " %" if terms.type == "Percentage" else ""
        facts = {"code": _shorten(code), "amount": self.write_amount(terms.amount) + unit}
        if terms.type == "Percentage" and terms.maximum_discount is not None:
            text, facts["most"] = text + limit, self.write_amount(terms.maximum_discount)
        return _fill(text, facts)

    def write_amount(self, amount: Amount) -> str:
        """Return an amount as people of the language write it: `50,000` or `50.000`."""
        text = f"{number(amount):,}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "id" else text

    def _date(self, when: datetime) -> str:
        local = when.astimezone(self.zone)
        month = _MONTHS[self.language].split()[local.month - 1]
        time = f" {local:%H:%M}" if local.time() != _MIDNIGHT else ""
        return f"{local.day} {month} {local.year}{time}"


_MIDNIGHT = datetime.min.time()


def last_moment(ends: datetime, zone: tzinfo) -> datetime:
    """Return the moment that `until` means to a reader: midnight ends the day before it."""
    local = ends.astimezone(zone)
    return local - timedelta(days=1) if local.time() == _MIDNIGHT else local


def _shorten(code: str) -> str:
    stripped = code.strip()
    return stripped if len(stripped) <= MAX_CODE else f"{stripped[:MAX_CODE]}…"


def _fill(text: str, facts: Mapping[str, str]) -> str:
    """Return a sentence with its facts; what stands in braces and is no fact stays."""
    return re.sub(r"\{(\w+)\}", lambda found: facts.get(found[1], found[0]), text)
