"""The documents of a plan and an audit as types, from which the schemas in `schemas/` are made.

The renderer is checked against these types and the schema follows from them, so that neither can
say something that the other does not. New keys may be added; readers ignore what they do not know.
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from typing_extensions import TypedDict

from dealpos_reconciler.core.audit import STATES
from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.render.dates.coming import ComingDocument, OverdueDocument
from dealpos_reconciler.render.json import (
    ApiUsageDocument,
    FieldSourceDocument,
    InterruptionsDocument,
    MarksDocument,
    Moment,
    Number,
    ObjectDocument,
    OriginDocument,
    PublicationDocument,
    SourceDocument,
    described,
    one_of,
)
from dealpos_reconciler.render.money import PriceImpactDocument, SaleDocument
from dealpos_reconciler.render.rehearsal.document import RehearsalDocument

Verb = Annotated[str, one_of(a.value for a in Action if a is not Action.NOOP)]
State = Annotated[str, one_of(STATES)]
TerraformVerb = Annotated[str, one_of(dict.fromkeys(v for a in Action for v in a.verbs))]


@described
class CarriedDocument(TypedDict):
    """A value that a replacement writes instead of the declared one, so that nothing is lost."""

    declared: Any
    written: Any


@described
class ReasonDocument(ObjectDocument):
    """An object that is not changed, and the reason."""

    reason: str


@described
class WarningDocument(TypedDict):
    """A step of the plan that may lose data."""

    addresses: list[str]
    message: str


@described
class ActionsDocument(TypedDict):
    """The object before and after, in Terraform's words."""

    actions: list[TerraformVerb]
    """`["delete", "create"]` is a replacement; retiring is an `["update"]`."""
    before: dict[str, Any] | None
    """The live object; null when there is none. Customer data is a fingerprint."""
    after: dict[str, Any] | None
    """The object after the apply; null when it is deleted."""


@described
class FieldDocument(OriginDocument, FieldSourceDocument):
    """One value that changes."""

    path: str
    """Such as `unit_price` or `outlet_prices.Bandung.price`."""
    before: Any
    """null: not there."""
    after: Any
    """null: not there."""
    reason: str | None
    """The reason of an action that the field forces, such as a replacement."""


@described
class ResourceChange(ObjectDocument, OriginDocument):
    """The planned change of one object."""

    type: str
    """The kind."""
    name: str
    """The natural key."""
    action: Verb
    action_reason: str
    """For people; more reasons may come."""
    change: ActionsDocument
    fields: list[FieldDocument]
    money: list[SaleDocument]
    """Places where price or cost move; empty where neither does."""
    source: SourceDocument | None
    basis: str
    """A digest of the live fields that this change rests on."""
    previous_address: NotRequired[str]
    """The address that the object has until it is renamed."""
    carried: NotRequired[dict[str, CarriedDocument]]
    """By field: such as the limit of a coupon that is used in part."""
    implied: NotRequired[list[str]]
    """Objects that the server creates with it, which no file declares."""
    from_environment: NotRequired[list[list[str]]]
    """The ways to the values under a mask; `before` and `after` have marks there."""
    uses_left: NotRequired[Number]
    """Of a coupon that is deleted, where the shop shows it."""
    holds_until: NotRequired[str]
    """The instant from which the files declare other values; the saved change is stale then."""
    remarks: NotRequired[list[str]]
    """Facts of the live object, for people: such as the uses of a provider coupon."""


@described
class AllowanceDocument(TypedDict):
    """The reviewed exception that covers a violation."""

    reason: str
    until: str
    """The last day on which it holds, `YYYY-MM-DD`."""
    source: SourceDocument


@described
class ViolationDocument(TypedDict):
    """A violation of a guardrail."""

    rule: str
    message: str
    measured: Number | None
    limit: Number | None
    unit: str | None
    """The unit of `measured` and `limit`, such as `percent`."""
    address: str | None
    """The object; null for the plan as a whole."""
    label: str | None
    source: SourceDocument | None
    hint: str
    """Lines of YAML that allow it, for a catalogue file."""
    allowed: AllowanceDocument | None
    """null: it blocks the apply."""
    day: NotRequired[str]
    """The day of the coming step that it is about."""


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
    """In the shop, in no file; not changed."""
    orphaned: int
    """Applied once, in no file any more; not changed."""
    blocked: int
    """Not as declared; a rule of the API or of safety prevents the change."""
    unknown: int
    """Could not be read; nothing is planned for them."""


@described
class PlanDocument(TypedDict):
    """Output of `reconciler plan --format json`; follows Terraform's plan where they overlap."""

    format_version: str
    """The part before the dot rises when a reader must change."""
    created_at: Moment
    """The time at which the plan was made, UTC."""
    at: NotRequired[str]
    """The instant at which dated values were resolved, with the offset of the shop's clock."""
    as_of: NotRequired[str]
    """The day or time of `--at`, where that is not now. Such a plan cannot be applied."""
    store: str
    folder: str
    """The shop's folder, as seen from where the plan was made."""
    commit: str | None
    """The git commit of the files, with `+` where they differ from it; null without git."""
    digest: NotRequired[str]
    """`sha256:…` of everything but this and the signature: proves that nothing was modified."""
    signature: NotRequired[str]
    """`hmac-sha256:…` with the key of `--sign`."""
    marks: NotRequired[MarksDocument]
    """Set where changes have `from_environment`."""
    warnings: list[WarningDocument]
    resource_changes: list[ResourceChange]
    """Every object that changes. Unchanged objects are counted and not listed."""
    unmanaged: list[ObjectDocument]
    """In the shop, in no file; not changed."""
    orphaned: list[ObjectDocument]
    """Applied once, in no file any more, still in the shop; not changed."""
    unknown: list[ReasonDocument]
    """Could not be read; nothing is planned for them."""
    blocked: list[ReasonDocument]
    """Not as declared; a rule of the API or of safety prevents the change."""
    stale: list[ReasonDocument]
    """Approved in a saved plan, changed in the shop since; not applied."""
    labels: NotRequired[dict[str, str]]
    """By address: the names of unchanged objects that warnings, notes and reasons mention."""
    notes: list[str]
    violations: list[ViolationDocument]
    coming: NotRequired[list[ComingDocument]]
    """The changes of later days, after those of the plan; the earliest first."""
    summary: Summary
    money: PriceImpactDocument
    interruptions: InterruptionsDocument
    api_usage: ApiUsageDocument
    publication: NotRequired[PublicationDocument]
    """The release of provider coupons, where the plan publishes one."""
    rehearsal: NotRequired[RehearsalDocument]
    """The result of a rehearsal, with `--rehearse`."""


@described
class DifferenceDocument(OriginDocument, FieldSourceDocument):
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
    overdue: NotRequired[list[OverdueDocument]]
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
    authorising: int
    """Coupons that open functions of the till, in no file; their codes are not shown."""
    unmanaged: int
    """In the shop, in no file."""
    unchanged: int
    """Objects as declared; counted and not listed."""


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
    overdue_seconds: int
    """The time since the oldest due value that no run has applied; 0 without one."""
    requests: int
    """All requests of the audit: reads."""
    seconds: float
    """The duration of the audit."""
