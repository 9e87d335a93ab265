"""What a plan's document says where there is something to say, as types."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, WithJsonSchema, with_config
from typing_extensions import TypedDict

from reconciler.core.diff.change import ORIGINS, FieldChange

_described = with_config(ConfigDict(use_attribute_docstrings=True))
Number = Annotated[int | Decimal, WithJsonSchema({"type": "number"})]
Side = Annotated[str, WithJsonSchema({"type": "string", "enum": list(ORIGINS)})]


@_described
class Origin(TypedDict, total=False):
    """Which side moved since the last apply, where a ledger tells."""

    origin: Side
    """pending: the files did; drifted: the shop did; both."""


@_described
class Carried(TypedDict):
    """A value that a replacement writes otherwise than declared, so that nothing is lost."""

    declared: Any
    written: Any


@_described
class Remembered(Origin):
    """What only some changes have to say."""

    previous_address: NotRequired[str]
    """The address that the object has until it is renamed."""
    carried: NotRequired[dict[str, Carried]]
    """By field: such as the limit of a coupon that is used in part."""
    implied: NotRequired[list[str]]
    """What the server creates on the way, which no file declares."""
    uses_left: NotRequired[Number]
    """Of a coupon that is deleted, where the shop shows it."""


@_described
class Dropped(TypedDict, total=False):
    """What a ledger tells of objects that no change is about."""

    dropped: list[str]
    """Applied once, in no file any more, and still in the shop: left alone."""


def origin_of(field: FieldChange) -> Origin:
    """What a document says of where a difference comes from."""
    return {"origin": field.origin} if field.origin else {}
