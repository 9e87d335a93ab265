"""One writable field: its API name, its type, its default, and how it is merged into an object."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Any
from unicodedata import normalize

from reconciler.sandbox.api.request import Fields, texts, whole
from reconciler.sandbox.choices import Choices
from reconciler.sandbox.errors import Refusal

Reader = Callable[[str, Any, Choices], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a table in the facts; ``key`` is its name inside the sandbox's own payload."""

    name: str
    read: Reader
    default: Any = None
    aliases: tuple[str, ...] = ()
    key: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name under which the API takes it."""
        return (self.name, *self.aliases)

    @property
    def target(self) -> str:
        """Its key in the payload."""
        return self.key or self.name


def defaults(specs: Iterable[Field]) -> dict[str, Any]:
    """An object on which nothing was set."""
    return {spec.target: spec.default for spec in specs}


def names(specs: Iterable[Field]) -> set[str]:
    """Every key that these fields may travel under."""
    return {name for spec in specs for name in spec.names}


def merged(
    fields: Fields, specs: Iterable[Field], current: Mapping[str, Any], *, update: bool = True
) -> dict[str, Any]:
    """The object after a write; ``Choices.put_omitted`` rules what an update leaves out."""
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
    """A string that is kept as it was sent."""
    if not isinstance(value, str):
        raise Refusal(f"{name} must be a string.")
    return value


def prose(name: str, value: Any, choices: Choices) -> str:
    """A name or a description, stored as ``Choices.rewrite_text`` says."""
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
    """A whole number."""
    return whole(name, value, choices.integers_accept_text)


def amount(name: str, value: Any, choices: Choices) -> int | float:
    """A sum of money; ``Choices.fractions`` rules what is no whole number."""
    if isinstance(value, float) and choices.fractions != "reject":
        return value if choices.fractions == "keep" else floor(value + 0.5)
    return integer(name, value, choices)


def boolean(name: str, value: Any, choices: Choices) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        raise Refusal(f"{name} must be true or false.")
    return value


def day(name: str, value: Any, choices: Choices) -> str | None:
    """A date `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS` (dealpos-api.md §13); empty means none."""
    sent = text(name, value, choices)
    if not sent:
        return None
    try:
        datetime.fromisoformat(sent)
    except ValueError:
        raise Refusal(f"{name} must be a date, YYYY-MM-DD.") from None
    return sent.removesuffix("T00:00:00")


def strings(name: str, value: Any, choices: Choices) -> list[str]:
    """A list of strings."""
    return texts(name, value)


def yes_no(name: str, value: Any, choices: Choices) -> str:
    """One of the words that ``NegativeInventory`` takes (dealpos-api.md §8)."""
    if value not in ("Yes", "No"):
        raise Refusal(f"{name} must be Yes or No.")
    return str(value)


def anything(name: str, value: Any, choices: Choices) -> Any:
    """A value that the documentation prints in more than one type."""
    return value


def moment(value: str | None) -> str | None:
    """A stored date as reads print it, `YYYY-MM-DDTHH:MM:SS`."""
    return f"{value}T00:00:00" if value and len(value) == 10 else value
