"""Values, names and sentences as people read them: quoted text, numbers with separators, labels.

Secrets and customer data never get here as they are: they appear as fingerprints.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from dealpos_reconciler.core.diff.change import fingerprint
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.field import Field
from dealpos_reconciler.core.model.look_alike import escape_character
from dealpos_reconciler.core.model.masked import is_masked, mask_all

ObjectLabels = Mapping[Address, str]
COMMIT_CHARACTERS = 12
MAX_NAME_CHARACTERS = 60
"""A longer name is not looked for inside a sentence."""
_SPACES = re.compile(r"^ +| +$| {2,}")


class Row(NamedTuple):
    """One value before and after, in words."""

    name: str
    before: str
    after: str
    place: str = ""
    """The line that asks for it, where it is not that of the object."""


def plain(text: str) -> str:
    """Return `text` without characters that could steer a terminal or reorder a line."""
    # Controls, escapes, line ends and the marks that reorder text are none of them printable.
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else escape_character(c) for c in text)


def amount(value: int | Decimal) -> str:
    """Return a number with thousands separators: 18,000."""
    return f"{value:,}"


def mask_value(address: Address, field: Field, value: Any, hidden: bool = False) -> Any:
    """Return a value as data for a reader: private and `hidden` ones as their fingerprint."""
    if is_masked(value):
        return mask_all(value)
    hidden = hidden or field.private
    return fingerprint(address, value) if hidden and value not in (None, "") else value


def format_value(address: Address, field: Field, value: Any, hidden: bool = False) -> str:
    """Return a value as text for a reader: text in quotes, numbers without, nothing as a dash."""
    if value is None:
        return "—"
    if is_masked(value):
        return plain(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    if (field.private or hidden) and value != "":
        return fingerprint(address, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return amount(value)
    if isinstance(value, str):
        return quote(value)
    return ", ".join(quote(item) for item in value) or "none"


def quote(value: object) -> str:
    """Return text in quotes, as JSON has it; white space that could be overlooked is `␣`."""
    text = json.dumps(str(value), ensure_ascii=False)[1:-1]
    return f'"{plain(_SPACES.sub(lambda found: "␣" * len(found[0]), text))}"'


def with_label(address: Address, labels: ObjectLabels) -> str:
    """Return an address with the name of its object: `variant/1005L "Cappuccino, Large"`."""
    return plain(str(address)) + _label(labels.get(address))


def _label(label: str | None) -> str:
    return f" {quote(label)}" if label else ""


def shorten(text: str, length: int) -> str:
    """Return `text`, cut where it is longer than `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def shorten_commit(commit: str) -> str:
    """Return a commit as people read it, with `+` where files differed from it."""
    return plain(commit[:COMMIT_CHARACTERS] + "+" * commit.endswith("+"))


def with_labels(text: str, labels: ObjectLabels) -> str:
    """Return a sentence in which the name of its object stands beside each address.

    An address in back quotes is part of a command, which must work as it stands.
    """
    parts, done = [], 0
    for end, address in find_addresses(text, labels):
        parts += [text[done:end], _label(labels[address])]
        done = end
    return "".join([*parts, text[done:]])


def find_addresses(text: str, labels: ObjectLabels) -> Iterator[tuple[int, Address]]:
    """Yield the addresses with a label in a sentence, and where each ends."""
    done = 0
    for found in re.finditer(r"(?<![\w/])([a-z_]+)/", text):
        kind, start = found[1], found.end()
        if start < done or text.count("`", 0, start) % 2:
            continue
        name = _longest_name(text, start, kind, labels)
        if name is not None:
            done = start + len(name)
            yield done, Address(kind, name)


def _longest_name(text: str, start: int, kind: str, labels: ObjectLabels) -> str | None:
    """Return the longest name with a label that the text has at `start`; None without any."""
    end = min(len(text), start + MAX_NAME_CHARACTERS)
    for stop in range(end, start, -1):
        following = text[stop : stop + 1]
        name = text[start:stop]
        if not (following.isalnum() or following in ("-", "_", "/")) and labels.get(
            Address(kind, name)
        ):
            return name
    return None


def group_names(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return names by what they share, from pairs of that and a name."""
    groups: dict[str, list[str]] = {}
    for group, name in pairs:
        groups.setdefault(group, []).append(name)
    return groups


def plural(number: int, noun: str) -> str:
    """Return a number with its noun: `1 change`, `2 changes`."""
    return f"{amount(number)} {noun}{'' if number == 1 else 's'}"


def duration(seconds: int) -> str:
    """Return a time as people say it: `about 12 min`."""
    if seconds < 90:
        return f"about {seconds} s"
    return f"about {round(seconds / 60)} min"


def moment(made_at: str) -> str:
    """Return an ISO time for people: `2026-11-29 04:47 UTC`."""
    return f"{made_at[:10]} {made_at[11:16]} UTC" if made_at else ""
