"""Fingerprints of customers: a keyed hash of each thing that identifies one.

A till names a customer by whatever it has (API §12), so each identifier has a fingerprint of its
own, and two sets name the same customer if they share one. Neither a release nor a store holds the
text.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable

from dealpos_reconciler.core.provider.terms import code_key

MIN_KEY_BYTES = 32
"""The least length of the codes key."""

_MIN_DIGITS = 5
"""Fewer digits are a placeholder such as `0`, which would make one customer of all."""

# The unset GUID of .NET, as the unset date of API §12 is the one of .NET.
_UNSET_ID = re.compile(r"[0{}-]*")


def fingerprint_customer(
    key: bytes,
    *,
    email: str = "",
    phones: Iterable[str] = (),
    code: str = "",
    id: str = "",
    phone_country: str = "62",
) -> frozenset[str]:
    """Return the fingerprints of a customer, 32 hexadecimal digits each; empty for nobody.

    Phones and mobiles are one family, because Validate Coupon has a `Phone` alone. `key` is the
    codes key; `phone_country` is the calling code without its plus sign.
    """
    found = {("phone", phone_digits(phone, phone_country)) for phone in phones}
    found |= {("email", _email(email)), ("code", code_key(code)), ("id", _id(id))}
    return frozenset(keyed_hash(key, "customer", *pair)[:32] for pair in found if pair[1])


def phone_digits(text: str, country: str) -> str:
    """Return the digits of a phone number without `00`, calling code and leading zeros.

    The samples write numbers with and without their zero (API §12). Returns an empty text for
    fewer than five digits.
    """
    digits = "".join(str(unicodedata.decimal(sign)) for sign in text if sign.isdecimal())
    local = digits.removeprefix("00").removeprefix(country).lstrip("0")
    return local if len(local) >= _MIN_DIGITS else ""


def keyed_hash(key: bytes, *parts: str) -> str:
    """Return the HMAC-SHA256 of texts in hexadecimal digits; the first text is the purpose."""
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()


def _email(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).strip().casefold()
    return folded if "@" in folded else ""


def _id(text: str) -> str:
    folded = text.strip().casefold()
    return "" if _UNSET_ID.fullmatch(folded) else folded
