"""How values are written for people: money with separators, secrets and customer data as marks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from reconciler.core.diff.change import fingerprint
from reconciler.core.model.address import Address
from reconciler.core.model.field import Field


class Row(NamedTuple):
    """One value before and after, in words."""

    name: str
    before: str
    after: str


def plain(text: str) -> str:
    """`text` with nothing in it that could steer a terminal or reorder a line."""
    # Controls, escapes, line ends and the marks that reorder text are none of them printable.
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else f"\\x{ord(character):02x}" for character in text
    )


def amount(value: int | Decimal) -> str:
    """A number with thousands separators: 18,000."""
    return f"{value:,}"


def shown(address: Address, field: Field, value: Any) -> Any:
    """A value as data for a reader: private ones as their fingerprint."""
    return fingerprint(address, value) if field.private and value not in (None, "") else value


def written(address: Address, field: Field, value: Any) -> str:
    """A value as text for a reader; nothing at all is a dash."""
    if value is None:
        return "—"
    if field.private and value != "":
        return fingerprint(address, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return amount(value)
    if isinstance(value, list):
        return plain(", ".join(value)) or "none"
    if value in ("", {}):
        return '""' if value == "" else "none"
    return plain(str(value))


def counted(number: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{amount(number)} {noun}{'' if number == 1 else 's'}"


def duration(seconds: int) -> str:
    """A time as people say it: `about 12 min`."""
    if seconds < 90:
        return f"about {seconds} s"
    return f"about {round(seconds / 60)} min"


def spent(requests: int, windows: int, seconds: int) -> str:
    """A cost as people say it: `3 requests in 2 windows, about 4 min`."""
    inside = f" in {amount(windows)} windows" if windows > 1 else ""
    return f"{counted(requests, 'request')}{inside}, {duration(seconds)}"
