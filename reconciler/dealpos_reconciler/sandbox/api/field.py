"""Writable fields of a resource: API name, type and default, and the merge into an object."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Any
from unicodedata import normalize

from dealpos_reconciler.sandbox.api.request import Fields, texts, whole
from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.errors import Refusal

Reader = Callable[[str, Any, Choices], Any]


@dataclass(frozen=True, slots=True)
class BodyField:
    """A field of a table in dealpos-api.md; ``key`` is its name in the sandbox's own payload."""

    name: str
    read: Reader
    default: Any = None
    aliases: tuple[str, ...] = ()
    key: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name under which the API accepts it."""
        return (self.name, *self.aliases)

    @property
    def target(self) -> str:
        """Return its key in the payload."""
        return self.key or self.name


def defaults(specs: Iterable[BodyField]) -> dict[str, Any]:
    """Return an object on which nothing was set."""
    return {spec.target: spec.default for spec in specs}


def names(specs: Iterable[BodyField]) -> set[str]:
    """Return every key under which these fields may be sent."""
    return {name for spec in specs for name in spec.names}


def merge_fields(
    fields: Fields,
    specs: Iterable[BodyField],
    current: Mapping[str, Any],
    *,
    update: bool = True,
) -> dict[str, Any]:
    """Return the object after a write; ``Choices.put_omitted`` rules omitted fields."""
    result = dict(current)
    clear = update and fields.choices.put_omitted == "clear"
    for spec in specs:
        value = fields.raw(*spec.names)
        if value is not None:
            result[spec.target] = spec.read(spec.name, value, fields.choices)
        elif clear or fields.present(*spec.names):
            result[spec.target] = spec.default
    return result


def text(name: str, value: Any, choices: Choices) -> str:
    """Return a string as it was sent."""
    if not isinstance(value, str):
        raise Refusal(f"{name} must be a string.")
    return value


def prose(name: str, value: Any, choices: Choices) -> str:
    """Return a name or a description, rewritten as ``Choices.rewrite_text`` says."""
    return _REWRITTEN[choices.rewrite_text](text(name, value, choices))


_REWRITTEN: dict[str, Callable[[str], str]] = {
    "none": lambda sent: sent,
    "trim": str.strip,
    "collapse": lambda sent: " ".join(sent.split()),
    "upper": str.upper,
    "lower": str.lower,
    "decompose": lambda sent: normalize("NFD", sent),
    "cut": lambda sent: sent[:12],
}


def integer(name: str, value: Any, choices: Choices) -> int:
    """Return a whole number."""
    return whole(name, value, choices.integers_accept_text)


def amount(name: str, value: Any, choices: Choices) -> int | float:
    """Return a sum of money; ``Choices.fractions`` rules fractions."""
    if isinstance(value, float) and choices.fractions != "reject":
        return value if choices.fractions == "keep" else floor(value + 0.5)
    return integer(name, value, choices)


def money(name: str, value: Any, choices: Choices) -> int | float:
    """Return a sum of money, rounded as ``Choices.money_step`` says."""
    sum_, step = amount(name, value, choices), choices.money_step
    return sum_ if step == 1 else floor(sum_ / step + 0.5) * step


def boolean(name: str, value: Any, choices: Choices) -> bool:
    """Return a boolean."""
    if not isinstance(value, bool):
        raise Refusal(f"{name} must be true or false.")
    return value


def day(name: str, value: Any, choices: Choices) -> str | None:
    """Return a date `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS` (API §13); empty means none."""
    sent = text(name, value, choices)
    if not sent:
        return None
    try:
        datetime.fromisoformat(sent)
    except ValueError:
        raise Refusal(f"{name} must be a date, YYYY-MM-DD.") from None
    return sent.removesuffix("T00:00:00")


def strings(name: str, value: Any, choices: Choices) -> list[str]:
    """Return a list of strings."""
    return texts(name, value)


def yes_no(name: str, value: Any, choices: Choices) -> str:
    """Return one of the words that ``NegativeInventory`` takes (dealpos-api.md §8)."""
    if value not in ("Yes", "No"):
        raise Refusal(f"{name} must be Yes or No.")
    return str(value)


def anything(name: str, value: Any, choices: Choices) -> Any:
    """Return a value that the documentation prints in more than one type."""
    return value


def moment(value: str | None) -> str | None:
    """Return a stored date as reads print it, `YYYY-MM-DDTHH:MM:SS`."""
    return f"{value}T00:00:00" if value and len(value) == 10 else value
