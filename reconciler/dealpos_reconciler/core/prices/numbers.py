"""Prices as people and spreadsheets write them: `18.000` in Indonesian, `18,000` in English.

One text alone does not tell the two apart. A column does, where all of its prices agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from dealpos_reconciler.core.model.types import Money, format_amount

Separator = Literal[".", ","]
"""The sign between thousands; the other one is before a fraction."""
Amount = int | Decimal
_MONEY: TypeAdapter[Amount] = TypeAdapter(Money)

_CURRENCY = re.compile(r"(?:rp|idr)\.?\s*(?=[-0-9])", re.IGNORECASE)
_NO_CENTS = re.compile(r"[.,]-+$")
_SPACED = re.compile(r"[0-9]{1,3}(?: [0-9]{3})+(?![0-9 ])")
_GROUPS: tuple[tuple[Separator, re.Pattern[str]], ...] = (
    (".", re.compile(r"[1-9][0-9]{0,2}(?:\.([0-9]{3}))+(,[0-9]+)?")),
    (",", re.compile(r"[1-9][0-9]{0,2}(?:,([0-9]{3}))+(\.[0-9]+)?")),
)
_FRACTION = re.compile(r"[0-9]+([.,])[0-9]+")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?|Err:[0-9]+|#+", re.IGNORECASE)


class Style(NamedTuple):
    """The way in which a number is written."""

    thousands: Separator
    is_certain: bool
    """False for `18.000`, which an English reader takes for 18."""


class NotAPrice(ValueError):
    """A cell that holds no price; the message is what it holds, the hint what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def clean(text: str) -> str:
    """Return the text of a price without currency, `,-` and spaces between its thousands."""
    text = _NO_CENTS.sub("", _CURRENCY.sub("", text, count=1)) if text != "-" else text
    return text.replace(" ", "") if _SPACED.match(text) else text


def find_style(text: str) -> Style | None:
    """Return the style of a clean text; None for one that reads alike in every language."""
    for thousands, pattern in _GROUPS:
        if found := pattern.fullmatch(text):
            return Style(thousands, bool(found[2]) or text.count(thousands) > 1)
    if found := _FRACTION.fullmatch(text):
        return Style("," if found[1] == "." else ".", True)
    return None


def agree(styles: Iterable[Style]) -> Separator | None:
    """Return the separator that most prices of a column have; None where none leads."""
    votes = Counter(style.thousands for style in styles).most_common()
    return votes[0][0] if votes and (len(votes) == 1 or votes[0][1] > votes[1][1]) else None


def parse_price(text: str, thousands: Separator | None) -> Amount:
    """Return the amount that a clean text is, given the separator of its column.

    Raises NotAPrice.
    """
    written = text
    if thousands:
        grouped = thousands in text
        written = text.replace(thousands, "").replace(",", ".")
        # Beside thousands, three digits after the sign of a fraction are one.
        if grouped and written[-4:-3] == ".":
            written += "0"
    try:
        return _MONEY.validate_python(written)
    except ValidationError as error:
        raise _explain(text, error.errors()[0]["msg"]) from None


def as_fraction(text: str) -> Amount | None:
    """Return `18.125` or `18,125` as the fraction that it is in another language."""
    style = find_style(text)
    if style is None or style.is_certain:
        return None
    value = Decimal(text.replace(",", "."))
    return int(value) if value == int(value) else value.normalize()


def is_fraction(text: str, thousands: Separator | None, value: Amount | None) -> bool:
    """Return whether a text is this fraction, in a column with this sign between thousands."""
    sign = "," if thousands == "." else "."
    has_one = thousands is not None and text.count(sign) == 1
    digits = text.replace(sign, "", 1)
    is_plain = has_one and digits.isdigit() and digits.isascii()
    return is_plain and Decimal(text.replace(sign, ".")) == value


def is_formula(text: str) -> bool:
    """Return whether a cell has a formula, or the error of one, in the place of a value."""
    return text.startswith("=") or bool(_ERROR.fullmatch(text))


def _explain(text: str, reason: str) -> NotAPrice:
    shown = f"`{shorten(text)}`"
    if text.startswith("="):
        return NotAPrice(f"{shown} is a formula", "save the values in the place of the formulas")
    if set(text) == {"#"}:
        return NotAPrice(f"{shown} is a column too narrow for its value", "widen it, save again")
    if _ERROR.fullmatch(text):
        return NotAPrice(f"{shown} is the error of a formula")
    if _SHORTENED.fullmatch(text):
        hint = "format the column as a number without decimals, and save again"
        return NotAPrice(f"{shown} is shortened by a spreadsheet", hint)
    digits = text.lstrip("0123456789")
    if digits[:1] in (".", ",") and digits[1:].isdigit() and len(text) > 15:
        return NotAPrice(f"{shown} has too many digits for a price", "round it in the spreadsheet")
    if text[:1].isdigit() and "reads as" in reason:
        return NotAPrice(reason)
    return NotAPrice(f"{shown} {reason}")


def shorten(text: str) -> str:
    """Return a text of a cell as a message shows it."""
    return text if len(text) <= 40 else f"{text[:39]}…"


def format_price(value: Amount) -> str:
    """Return an amount as every spreadsheet and the tool itself read it."""
    return format_amount(value) if isinstance(value, Decimal) else str(value)
