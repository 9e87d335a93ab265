"""Validate objects of a layer, whose entries of maps may be completed by another layer."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Required, get_args, get_origin, get_type_hints

from typing_extensions import TypedDict

from dealpos_reconciler.catalogue.problems import Explained, list_adapter, nested_shapes
from dealpos_reconciler.core.layers.stack import keyed_fields
from dealpos_reconciler.core.model.kind import Kind

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_DEPTH_OF_MEMBER = 3
"""Steps to a member of an entry of a map: the field, the key of the entry, and the member."""


def is_gap(kind: Kind, wrong: Explained) -> bool:
    """Return whether an entry of a map lacks a member that another layer may give."""
    is_member = len(wrong.path) == _DEPTH_OF_MEMBER and wrong.path[0] in keyed_fields(kind)
    return is_member and wrong.is_missing


def partial_adapter(kind: Kind) -> TypeAdapter[Any]:
    """Return a validator of a list of objects whose entries of maps may lack members."""
    return list_adapter(partial_model(kind))


@cache
def partial_model(kind: Kind) -> Any:
    """Return the model of a kind with entries of maps in which nothing is required."""
    hints = get_type_hints(kind.model, include_extras=True)
    for name in keyed_fields(kind):
        base, *marks = get_args(hints[name])
        key, entry = get_args(base)
        if entry in nested_shapes(kind.model, name):
            hints[name] = Annotated[(dict[key, _relax(entry)], *marks)]  # type: ignore[misc,valid-type]
    return _make_model(kind.model, hints)


def _relax(shape: Any) -> Any:
    """Return a mapping type with the same members, none of which is required."""
    hints = get_type_hints(shape, include_extras=True)
    plain = {
        name: get_args(hint)[0] if get_origin(hint) is Required else hint
        for name, hint in hints.items()
    }
    return _make_model(shape, plain)


def _make_model(shape: Any, hints: dict[str, Any]) -> Any:
    made = TypedDict(shape.__name__, hints, total=False)  # type: ignore[misc]
    made.__doc__ = shape.__doc__
    return made
