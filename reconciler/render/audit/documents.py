"""The JSON document of an audit as types, from which its schema in `schemas/` is made."""

from __future__ import annotations

from typing import Annotated, Any

from typing_extensions import TypedDict

from reconciler.core.audit import STATES
from reconciler.render.plan.documents import Origin, Source, described, one_of

State = Annotated[str, one_of(STATES)]


@described
class Difference(Origin):
    """One field that is not as declared."""

    path: str
    """Such as `unit_price` or `outlet_prices.Bandung.price`."""
    live: Any
    """What the shop has; null: nothing. Customer data is a fingerprint."""
    declared: Any
    """What the files say; null: nothing."""


@described
class Finding(TypedDict):
    """One object that is not simply as declared."""

    address: str
    """`kind/name`, such as `variant/1003L`."""
    type: str
    """The kind."""
    name: str
    """The natural key."""
    state: State
    message: str
    """For people."""
    fields: list[Difference]
    money: str | None
    """What the way from the files to the shop did to margins, for people."""
    source: Source | None
    """The line that declares it."""


@described
class Counts(TypedDict):
    """Objects by what was found of them."""

    drifted: int
    """Not in the shop as the files say."""
    missing: int
    """Declared, and not in the shop."""
    pending_removal: int
    """In the shop, and the files remove it."""
    blocked: int
    """Not as the files say, and no plan would change it."""
    unknown: int
    """Could not be read."""
    unmanaged: int
    """In the shop, and not in the files."""
    unchanged: int
    """As declared; counted and not listed."""


@described
class AuditDocument(TypedDict):
    """What `reconciler audit --format json` prints."""

    format_version: str
    """The part before the dot changes when a reader must."""
    store: str
    folder: str
    """The shop's folder, as seen from where the audit was made."""
    commit: str | None
    """The git commit of the files, with `+` where they differ from it; null without git."""
    clean: bool
    """Whether nothing contradicts the files; what is unmanaged does not."""
    findings: list[Finding]
    notes: list[str]
    summary: Counts
    requests: int
    """All that the audit sent: reads."""
    seconds: float
    """How long it took."""
    ended: int
    """When it ended, in seconds since 1970, UTC."""
