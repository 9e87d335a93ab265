"""Errors of pydantic as problems with a hint, in the words of a shop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from reconciler.catalogue.syntax import Steps
from reconciler.core.model.kind import Kind
from reconciler.errors import suggestion

WAS = "was"
"""The key for the former name of a renamed object, in kinds that can be renamed."""

_Shape = TypeVar("_Shape", bound=Mapping[str, Any])

_WORDS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list (lines that start with a dash)",
    "dict_type": "must be a mapping (key: value lines)",
    "typed_dict_type": "must be a mapping (key: value lines)",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long: at most 200 characters",
    "string_pattern_mismatch": "must not contain control characters, nor begin or end with a space",
}


def explain(
    error: Mapping[str, Any], known: Callable[[Steps], Collection[str]], shown: bool
) -> tuple[str, str | None]:
    """Return message and hint for one error of pydantic.

    `known` gives the keys that are accepted at a path; `shown` says whether the offending text
    may appear (never for customer data).
    """
    error_type, path, given = error["type"], error["loc"], error["input"]
    name = path[-1] if path else ""
    if error_type == "missing":
        return f"`{name}` is missing", None
    if error_type == "extra_forbidden":
        accepted = known(tuple(path[:-1]))
        close = suggestion(str(name), accepted)
        return f"unknown key `{name}`", close or "accepted: " + ", ".join(sorted(accepted))
    written = f" (found `{given}`)" if shown and isinstance(given, str) and given else ""
    if error_type == "literal_error":
        expected = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        close = suggestion(given, expected) if isinstance(given, str) else None
        return f"`{name}` must be one of {', '.join(expected)}{written}", close
    return f"`{name}` {_WORDS.get(error_type, error['msg'])}{written}", None


class Explained(NamedTuple):
    """One error of a list of mappings, in the words of a shop."""

    entry: int
    path: Steps
    """The path inside the entry with that index."""
    message: str
    hint: str | None
    is_key: bool
    """True if the key is wrong, not its value."""


def explain_all(
    error: ValidationError, known: Callable[[Steps], Collection[str]], private: Container[Any]
) -> Iterator[Explained]:
    """Yield each error; the values of `private` fields are not shown."""
    for found in error.errors(include_url=False):
        # A failing key of a mapping is reported at (…, key, "[key]").
        path = tuple(step for step in found["loc"][1:] if step != "[key]")
        shown = not path or path[0] not in private
        message, hint = explain({**found, "loc": path}, known, shown)
        is_key = found["type"] == "extra_forbidden"
        yield Explained(int(found["loc"][0]), path, message, hint, is_key)


def private_fields(kind: Kind) -> set[str]:
    """Return the names of the fields with customer data."""
    return {name for name, field in kind.fields.items() if field.private}


@cache
def list_adapter(shape: Any) -> TypeAdapter[Any]:
    """Return a validator of a list of mappings; unknown keys are refused at every depth."""
    return TypeAdapter(list[shape], config=ConfigDict(extra="forbid"))


def kind_adapter(kind: Kind) -> TypeAdapter[Any]:
    """Return a validator of a list of objects of one kind."""
    return list_adapter(kind.model)


def validate_entry(
    shape: type[_Shape],
    written: Mapping[str, Any],
    complain: Callable[[str, str, str | None, bool], None],
) -> _Shape | None:
    """Return a flat mapping in its shape, or None where a value is wrong.

    `complain` takes key, message and hint of each thing wrong, and whether the key itself is it.
    """
    try:
        (found,) = list_adapter(shape).validate_python([written])
    except ValidationError as error:
        for wrong in error.errors(include_url=False):
            key = str(wrong["loc"][1])
            told = {**wrong, "loc": (key,)}
            message, hint = explain(told, lambda _: shape.__annotations__, True)
            complain(key, message, hint, wrong["type"] == "extra_forbidden")
        return None
    valid: _Shape = found
    return valid


def known_keys(
    kind: Kind, nested: Kind | None = None, *, values_only: bool = False
) -> Callable[[Steps], Collection[str]]:
    """Return the keys that are accepted at a path inside an object of `kind`.

    `nested` is the kind that its entries hold; `values_only` leaves out what names one object.
    """

    def at(path: Steps) -> Collection[str]:
        if path:
            shapes = nested_shapes(kind.model, str(path[0]))
            return sorted(name for shape in shapes for name in shape.__annotations__)
        if values_only:
            return [name for name in kind.model.__annotations__ if name != kind.identity]
        extra = [WAS] if kind.rename else []
        return [*kind.model.__annotations__, *extra, *([nested.collection] if nested else [])]

    return at


@cache
def nested_shapes(model: Any, name: str) -> tuple[Any, ...]:
    """Return the mapping types in the annotation of a field, outer ones first."""
    found, pending = [], [get_type_hints(model)[name]]
    while pending:
        candidate = pending.pop()
        if hasattr(candidate, "__required_keys__"):
            found.append(candidate)
        pending.extend(get_args(candidate))
    return tuple(found)
