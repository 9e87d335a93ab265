"""The shape of the values of an object that a file on disk holds, which anybody may have edited."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

from dealpos_reconciler.core.model.codec import keep
from dealpos_reconciler.core.model.kind import Kind

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def check_values(kind: Kind, values: Mapping[str, Any], *, masked: bool = False) -> None:
    """Raise ValueError where the value of a field that this version knows is not canonical.

    With `masked`, a private value is the text that stands for it.
    """
    for name, value in values.items():
        field = kind.fields.get(name)
        if field and value is not None and not (masked and field.private and type(value) is str):
            _check(kind, name, value)


def _check(kind: Kind, name: str, value: Any) -> None:
    codec, back = kind.fields[name].wire.codec, value
    try:
        if codec.decode is keep:
            back = value if _shape(kind.model, name).validate_python(value) == value else None
        elif isinstance(value, dict):
            back = codec.decode(codec.encode(value))
        elif codec.decode(value) != value:
            back = None
    except (TypeError, AttributeError, LookupError):
        back = None
    # What is left out of a mapping may come back filled in, but no key is added or lost.
    if back is None or (isinstance(value, dict) and back.keys() != value.keys()):
        raise ValueError(f"`{name}` is {value!r}")


@cache
def _shape(model: type, name: str) -> TypeAdapter[Any]:
    """Return the shape of a field that is no scalar."""
    return adapter_of(get_type_hints(model, include_extras=True)[name])


def adapter_of(shape: Any) -> TypeAdapter[Any]:
    """Return a validator of a shape.

    Most plans validate no document, and pydantic loads a third of itself for the first validator.
    """
    from pydantic import TypeAdapter

    return TypeAdapter(shape)
