"""Errors of pydantic as problems with a hint, in the words of a shop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_type_hints

from dealpos_reconciler.catalogue.files import Problems
from dealpos_reconciler.catalogue.syntax import Steps
from dealpos_reconciler.core.dated import STEP_KEYS, VALUE
from dealpos_reconciler.core.model.address import Address, Source, join_some
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.masked import SecretText
from dealpos_reconciler.errors import suggestion
from dealpos_reconciler.kinds import MANAGED

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_NAMED = 5
"""Objects that a note names one by one."""

RENAME = "Rename it in DealPOS to declare it"
"""The way out for a name that a file cannot hold."""

WAS = "was"
"""The key for the former name of a renamed object, in kinds that can be renamed."""

_Shape = TypeVar("_Shape")

_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")

_WORDS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "separators": "must be a number in plain digits, such as 18000",
    "string_type": "must be text",
    "list_type": "must be a list (lines that start with a dash)",
    "dict_type": "must be a mapping (key: value lines)",
    "typed_dict_type": "must be a mapping (key: value lines)",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long: at most 200 characters",
    "string_pattern_mismatch": "must not contain control characters, nor consist of spaces",
}


def _explain(
    error: Mapping[str, Any], known: Callable[[Steps], Collection[str]], shown: bool
) -> tuple[str, str | None]:
    """Return message and hint for one error of pydantic.

    `known` gives the keys that are accepted at a path; `shown` says whether the offending text
    may appear (never for customer data).
    """
    error_type, path, given = error["type"], error["loc"], error["input"]
    shown = shown and not isinstance(given, SecretText)
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if error_type == "missing":
        return f"`{name}` is missing", None
    order = error_type == "step_order"
    if order or (name == VALUE and len(path) > 1):  # the value of a step is that of its field
        name = next((step for step in reversed(path[:-1]) if isinstance(step, str)), name)
    if order:
        return f"`{name}` {error['msg']}", error["ctx"]["hint"]
    if error_type in _UNKNOWN_KEY:
        accepted = sorted(known(path[:-1]))
        others = f"accepted: {', '.join(accepted)}" if accepted else "it has no options"
        return f"unknown key `{name}`", suggestion(str(name), accepted) or others
    if error_type == "separators" and shown:
        return f"`{name}` {error['msg']}", None
    written = f" (found `{given}`)" if shown and isinstance(given, str) and given else ""
    if error_type == "literal_error":
        expected = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        hint = suggestion(given, expected) if isinstance(given, str) else None
        return f"`{name}` must be one of {', '.join(expected)}{written}", hint
    close = error.get("ctx", {}).get("close") if shown else None
    hint = f"did you mean `{close}`?" if close else None
    return f"`{name}` {_WORDS.get(error_type, error['msg'])}{written}", hint


class Explained(NamedTuple):
    """One error of a list of mappings, in the words of a shop."""

    entry: int
    path: Steps
    """The path inside the entry with that index."""
    message: str
    hint: str | None
    is_key: bool
    """True if the key is wrong, not its value."""
    is_missing: bool = False
    """True if a key is missing."""


def explain_all(
    error: ValueError,
    known: Callable[[Steps], Collection[str]],
    private: Container[Any] = (),
    depth: int | None = None,
) -> Iterator[Explained]:
    """Yield each part of an error of pydantic, at most `depth` levels deep.

    Values of `private` fields are not shown.
    """
    from pydantic import ValidationError

    assert isinstance(error, ValidationError)
    for found in error.errors(include_url=False):
        # A failing key of a mapping is reported at (…, key, "[key]").
        path = tuple(step for step in found["loc"][1:] if step != "[key]")[:depth]
        shown = not path or path[0] not in private
        message, hint = _explain({**found, "loc": path}, known, shown)
        is_key, is_missing = found["type"] in _UNKNOWN_KEY, found["type"] == "missing"
        yield Explained(int(found["loc"][0]), path, message, hint, is_key, is_missing)


def private_fields(kind: Kind) -> set[str]:
    """Return the names of the fields with customer data."""
    return {name for name, field in kind.fields.items() if field.private}


def note_unnameable(addresses: Iterable[Address]) -> Iterator[str]:
    """Yield a note on live objects whose names a file cannot hold, and what to do about them."""
    found: dict[tuple[str, str], list[Address]] = {}
    for kind_name, group in groupby(sorted(addresses), key=lambda address: address.kind):
        kind, named = MANAGED[kind_name], list(group)
        try:
            kind_adapter(kind).validate_python([{kind.identity: a.name} for a in named])
        except ValueError as error:
            for wrong in explain_all(error, lambda at: (), kind.fields):
                found.setdefault((kind_name, wrong.message), []).append(named[wrong.entry])
    for (_, why), objects in found.items():
        yield f"{join_some(objects, MAX_NAMED)}: {why}. {RENAME}"


@cache
def list_adapter(shape: Any) -> TypeAdapter[Any]:
    """Return a validator of a list of mappings; unknown keys are refused at every depth."""
    from pydantic import TypeAdapter  # a plan of unchanged files needs none

    return TypeAdapter(list[shape], config={"extra": "forbid"})


def kind_adapter(kind: Kind) -> TypeAdapter[Any]:
    """Return a validator of a list of objects of one kind."""
    return list_adapter(kind.model)


def validate_entry(
    shape: type[_Shape],
    written: Mapping[str, Any],
    source: Source,
    problems: Problems,
    title: str = "",
) -> _Shape | None:
    """Return the mapping at `source` in its shape, or None where a value of it is wrong."""
    key: Any = shape  # mypy takes a class for unhashable whose objects are
    try:
        (found,) = list_adapter(key).validate_python([written])
    except ValueError as error:
        accepted = [f.name for f in fields(shape)] if is_dataclass(shape) else shape.__annotations__
        for wrong in explain_all(error, lambda _: accepted, depth=1):
            message = title + wrong.message
            problems.add(source, wrong.path, message, wrong.hint, key=wrong.is_key)
        return None
    valid: _Shape = found
    return valid


def known_keys(kind: Kind, top: Collection[str]) -> Callable[[Steps], Collection[str]]:
    """Return the keys that are accepted at a path inside an object of `kind`; `top` at its top."""

    def at(path: Steps) -> Collection[str]:
        if path and isinstance(path[-1], int):
            return STEP_KEYS
        shapes = nested_shapes(kind.model, str(path[0])) if path else ()
        return [name for shape in shapes for name in shape.__annotations__] if path else top

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
