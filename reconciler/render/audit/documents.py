"""The JSON document of an audit as types, from which its schema in `schemas/` is made."""

from __future__ import annotations

from typing import Annotated, Any

from typing_extensions import TypedDict

from reconciler.core.audit import STATES
from reconciler.render.plan.documents import (
    Moment,
    ObjectDocument,
    OriginDocument,
    SourceDocument,
    described,
    one_of,
)

State = Annotated[str, one_of(STATES)]


@described
class DifferenceDocument(OriginDocument):
    """One field that differs from the files."""

    path: str
    """Such as `unit_price` or `outlet_prices.Bandung.price`."""
    live: Any
    """The value in the shop; null: none. Customer data is a fingerprint."""
    declared: Any
    """The value in the files; null: none."""


@described
class AuditFindingDocument(ObjectDocument):
    """One object that differs from the files, could not be read, or is in no file."""

    type: str
    """The kind."""
    name: str
    """The natural key."""
    state: State
    message: str
    """For people."""
    fields: list[DifferenceDocument]
    money: str | None
    """The margins that differ, for people."""
    source: SourceDocument | None
    """The line that declares it."""


@described
class AuditSummary(TypedDict):
    """Objects by state."""

    drifted: int
    """Different from the files."""
    missing: int
    """Declared, not in the shop."""
    pending_removal: int
    """Marked as removed, still in the shop."""
    blocked: int
    """Different from the files, and no plan can change it."""
    unknown: int
    """Could not be read."""
    unmanaged: int
    """In the shop, in no file."""
    unchanged: int
    """As declared; counted and not listed."""


@described
class AuditDocument(TypedDict):
    """Output of `reconciler audit --format json`."""

    format_version: str
    """The part before the dot rises when a reader must change."""
    finished_at: Moment
    """The time at which the audit ended, UTC."""
    store: str
    folder: str
    """The shop's folder, as seen from where the audit was made."""
    commit: str | None
    """The git commit of the files, with `+` where they differ from it; null without git."""
    clean: bool
    """true if no drift was found; unmanaged objects do not count as drift."""
    findings: list[AuditFindingDocument]
    notes: list[str]
    summary: AuditSummary
    requests: int
    """All requests of the audit: reads."""
    seconds: float
    """The duration of the audit."""
