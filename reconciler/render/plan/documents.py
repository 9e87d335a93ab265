"""The JSON documents as types, from which their schemas in `schemas/` are made.

The renderer is checked against these types and the schemas follow from them, so that neither can
say something that the other does not. New keys may be added; readers ignore what they do not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, TypeAdapter, WithJsonSchema, with_config
from typing_extensions import TypedDict

from reconciler.core.diff.change import ORIGINS, Action, FieldChange


def one_of(words: Iterable[str]) -> WithJsonSchema:
    """Return the schema of a text that is one of `words`."""
    return WithJsonSchema({"type": "string", "enum": list(words)})


Verb = Annotated[str, one_of(a.value for a in Action if a is not Action.NOOP)]
TerraformVerb = Annotated[str, one_of(dict.fromkeys(v for a in Action for v in a.verbs))]
Number = Annotated[int | Decimal, WithJsonSchema({"type": "number"})]
Side = Annotated[str, one_of(ORIGINS)]

# Keys are described by the text below them.
described = with_config(ConfigDict(use_attribute_docstrings=True))


@described
class Origin(TypedDict, total=False):
    """Which side moved since the last apply, where a ledger tells."""

    origin: Side
    """pending: the files did; drifted: the shop did; conflict: both did."""


@described
class Carried(TypedDict):
    """A value that a replacement writes otherwise than declared, so that nothing is lost."""

    declared: Any
    written: Any


@described
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


@described
class Dropped(TypedDict, total=False):
    """What a ledger tells of objects that no change is about."""

    dropped: list[str]
    """Applied once, in no file any more, and still in the shop: left alone."""


@described
class Source(TypedDict):
    """The place in a catalogue file that asks for something."""

    file: str
    """The path from the shop folder."""
    line: int
    """Counts from 1."""
    column: int
    """Counts from 1."""


@described
class Actions(TypedDict):
    """The object before and after, in Terraform's words."""

    actions: list[TerraformVerb]
    """`["delete", "create"]` is a replacement; retiring is an `["update"]`."""
    before: dict[str, Any] | None
    """The live object; null when there is none. Customer data is a fingerprint."""
    after: dict[str, Any] | None
    """The object as it will be; null when it is deleted."""


@described
class Field(Origin):
    """One value that changes."""

    path: str
    """Such as `unit_price` or `outlet_prices.Bandung.price`."""
    before: Any
    """null: not there."""
    after: Any
    """null: not there."""
    reason: str | None
    """Why it changes in this way, where that is not plain."""


@described
class Move(TypedDict):
    """A number before and after; null where it is not known or there is none."""

    before: Number | None
    after: Number | None


@described
class Sale(TypedDict):
    """A place where price or cost move."""

    outlet: str | None
    """The outlet; null for the base price, which holds where an outlet has none of its own."""
    price: Move
    """What it sells for, in the shop's currency (which the API does not state)."""
    cost: Move
    """What it costs, the outlet's extra cost included."""
    margin: Move
    """What is left of the price after cost, in percent of the price, to one decimal."""
    falls_below_cost: bool
    """Whether it will be sold for less than it costs, and was not before."""


@described
class Peak(TypedDict):
    """The place where prices move most."""

    address: str
    outlet: str | None
    percent: Number
    """Of the price before, to one decimal."""


@described
class Money(TypedDict):
    """How many objects change in price and margin, at any place; no sales figures enter it."""

    dearer: int
    cheaper: int
    below_cost: int
    """Objects that fall below cost, new ones included."""
    margin_up: int
    margin_down: int
    largest_rise: Peak | None
    largest_fall: Peak | None


@described
class ResourceChange(Remembered):
    """What is planned for one object."""

    address: str
    """`kind/name`, such as `variant/1003L`."""
    type: str
    """The kind."""
    name: str
    """The natural key."""
    action: Verb
    action_reason: str
    """For people; more reasons may come."""
    change: Actions
    fields: list[Field]
    money: list[Sale]
    """Where price or cost move; empty where neither does."""
    source: Source | None
    basis: str
    """A digest of the live fields that this change rests on."""


@described
class Unknown(TypedDict):
    """An object that could not be read."""

    address: str
    reason: str


@described
class Allowed(TypedDict):
    """The reviewed exception that covers a violation."""

    reason: str
    until: str
    """The last day on which it holds, `YYYY-MM-DD`."""
    source: Source


@described
class Violation(TypedDict):
    """What a guardrail has against the plan."""

    rule: str
    message: str
    measured: Number | None
    limit: Number | None
    unit: str | None
    """The unit of `measured` and `limit`, such as `percent`."""
    address: str | None
    """The object; null for the plan as a whole."""
    source: Source | None
    hint: str
    """How to allow it."""
    allowed: Allowed | None
    """null: it refuses the apply."""


@described
class Summary(TypedDict):
    """Objects by what happens to them."""

    create: int
    update: int
    replace: int
    retire: int
    delete: int
    unchanged: int
    unmanaged: int
    """Live, in scope, and not in the files."""
    unknown: int
    """Could not be read; nothing is planned for them."""


@described
class Cost(TypedDict):
    """What the plan costs."""

    reads: int
    """Requests that making the plan has spent."""
    writes: int
    verification: int
    """Requests that read back what was written, and once more what is replaced."""
    requests: int
    """Everything that applying sends."""
    windows: int
    """Request windows that applying needs."""
    seconds: int


@described
class Made(TypedDict, total=False):
    """Where a plan was made, and that it is whole."""

    folder: str
    """The shop's folder, as seen from where the plan was made."""
    commit: str | None
    """The git commit of the files, with `+` where they differ from it; null without git."""
    digest: str
    """`sha256:…` of everything but this and the signature: tells a plan that was edited or cut."""
    signature: str
    """`hmac-sha256:…` with the key of `--sign`."""


@described
class PlanDocument(Made, Dropped):
    """What `reconciler plan --format json` prints; follows Terraform's plan where they overlap."""

    format_version: str
    """The part before the dot changes when a reader must."""
    store: str
    resource_changes: list[ResourceChange]
    """Every object that changes. What does not is counted and not listed."""
    unmanaged: list[str]
    unknown: list[Unknown]
    notes: list[str]
    violations: list[Violation]
    summary: Summary
    money: Money
    cost: Cost


def schema(document: Any) -> dict[str, Any]:
    """The JSON Schema of a document."""
    return TypeAdapter(document).json_schema()


def origin_of(field: FieldChange) -> Origin:
    """What a document says of where a difference comes from."""
    return {"origin": field.origin} if field.origin else {}
