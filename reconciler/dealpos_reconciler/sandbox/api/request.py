"""The fields of one request, from its query and its body, read with their types checked."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Request

from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.errors import Refusal

LARGEST = 2**63 - 1
"""The largest number that SQLite stores; the API's own is undocumented."""


class Fields:
    """Named values of a request (or of one object inside it), read with their types checked."""

    def __init__(
        self,
        values: Mapping[str, Any],
        choices: Choices,
        *,
        bare: Any = None,
        header: Callable[[str], str | None] = lambda _: None,
        loose: bool = False,
    ) -> None:
        self.values = values
        self.choices = choices
        self.bare = bare
        self._header = header
        self._loose = loose

    def present(self, *names: str) -> bool:
        """Return whether one of the names was sent; ``Choices.null_write`` rules a null."""
        clears = self.choices.null_write == "clear"
        return any(n in self.values and (clears or self.values[n] is not None) for n in names)

    def raw(self, *names: str) -> Any:
        """Return the value sent under the first of the names that has one."""
        found = (self.values[name] for name in names if self.values.get(name) is not None)
        return next(found, None)

    def flag(self, header: str) -> bool:
        """Return whether a header of the request says "true"."""
        return (self._header(header) or "").lower() == "true"

    def text(self, *names: str) -> str:
        """Return a string, empty when it was not sent."""
        value = self.raw(*names)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Refusal(f"{names[0]} must be a string.")
        return value

    def key(self, *names: str) -> str:
        """Return a string that must be there and not be empty."""
        value = self.text(*names)
        if self.choices.outer_blanks == "trimmed":
            value = value.strip()
        if not value:
            raise Refusal(f"{names[0]} is required.")
        return value

    def integer(self, name: str) -> int | None:
        """Return a whole number, if it was sent."""
        value = self.raw(name)
        return None if value is None else whole(name, value, self._loose)

    def boolean(self, name: str) -> bool | None:
        """Return a boolean, if it was sent; reads accept it as text, because a query is text."""
        value = self.raw(name)
        if self._loose and isinstance(value, str):
            value = {"true": True, "false": False}.get(value.lower(), value)
        if value is not None and not isinstance(value, bool):
            raise Refusal(f"{name} must be true or false.")
        return value

    def strings(self, name: str, *, maximum: int | None = None) -> list[str]:
        """Return a list of strings that must be there."""
        return texts(name, self.raw(name), maximum)

    def objects(self, name: str) -> "list[Fields]":
        """Return a list of objects, empty when it was not sent."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Refusal(f"{name} must be an array of objects.")
        return [Fields(item, self.choices) for item in value]

    def demand(self, *names: str | tuple[str, ...]) -> None:
        """Refuse the request when a required key is missing; a tuple holds aliases."""
        if self.choices.required_keys == "lenient":
            return
        for name in names:
            aliases = (name,) if isinstance(name, str) else name
            if self.raw(*aliases) is None:
                raise Refusal(f"{aliases[0]} is required.")

    def only(self, names: Iterable[str]) -> None:
        """Refuse keys that no table names, where the choice says so."""
        if self.choices.unknown_keys == "ignore":
            return
        unknown = sorted(set(self.values) - set(names))
        if unknown:
            raise Refusal(f"{unknown[0]} is not a known field.")


def whole(name: str, value: Any, loose: bool = False) -> int:
    """Return a whole number that the database can hold; `loose` accepts it as text."""
    if loose and isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise Refusal(f"{name} must be a whole number.") from None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refusal(f"{name} must be a whole number.")
    if abs(value) > LARGEST:
        raise Refusal(f"{name} is too large.")
    return value


def texts(name: str, value: Any, maximum: int | None = None) -> list[str]:
    """Return a list of strings of at most this length."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refusal(f"{name} must be an array of strings.")
    if maximum is not None and len(value) > maximum:
        raise Refusal(f"{name} may hold at most {maximum} items.")
    return value


def parse_fields(
    request: Request, choices: Choices, *, write: bool, query: bool = True, body: bool = True
) -> Fields:
    """Return the fields of a request: of its body for a write, of both for a read (API §0)."""
    sent = _body(request, choices)
    values: dict[str, Any] = dict(request.args) if query and not write else {}
    bare = sent if body else None
    if isinstance(bare, dict):
        values.update(bare)
    return Fields(values, choices, bare=bare, header=request.headers.get, loose=not write)


def _body(request: Request, choices: Choices) -> Any:
    data = request.get_data()
    get = request.method == "GET"
    if get and not data and request.mimetype == "application/json":
        _bare_get(choices)
    if not data.strip() or (get and choices.get_with_body == "ignore"):
        return None
    try:
        return json.loads(data)
    except ValueError:
        raise Refusal("The body is not valid JSON.") from None


def _bare_get(choices: Choices) -> None:
    # dealpos-api.md §1: one public client reports a 500 for this, and so avoids the header.
    if choices.bare_get_with_content_type == "error":
        raise Refusal("The request has no body.", status=500)
