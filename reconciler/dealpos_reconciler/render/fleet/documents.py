"""The document of a fleet's report as a type, from which its schema is made."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from typing_extensions import TypedDict

from dealpos_reconciler.core.fleet.results import STATES
from dealpos_reconciler.render.json import Moment, described, one_of

FleetCommand = Annotated[str, one_of(("plan", "apply", "audit"))]
ShopState = Annotated[str, one_of(STATES)]
Topic = Annotated[str, one_of(("warning", "violation", "allowed", "blocked", "unknown", "stale"))]


@described
class OtherShopsDocument(TypedDict):
    """Shops that do not have a change, and the reason."""

    standing: str
    """For people: such as `has it`, or `declares` with the other value."""
    value: Any
    """The value that they declare, where it is another one; else null."""
    shops: list[str]


@described
class FleetChangeDocument(TypedDict):
    """One change with the shops that have it."""

    address: str
    label: str | None
    action: str
    """Of a plan: the action. Of an apply: action and status. Of an audit: the state."""
    path: str
    """The field, such as `unit_price`; empty for the object as a whole."""
    before: Any
    """Of an audit: the live value."""
    after: Any
    """Of an audit: the declared value."""
    shops: list[str]
    others: list[OtherShopsDocument]
    """Of a plan: the shops without the change."""


@described
class NoticeDocument(TypedDict):
    """A sentence on some objects, with the shops that it holds for."""

    topic: Topic
    addresses: list[str]
    """Empty for a plan as a whole."""
    message: str
    shops: list[str]


@described
class ParityRowDocument(TypedDict):
    """One object or field that the shops do not declare alike."""

    address: str
    label: str | None
    path: str
    """Empty for an object that only some shops declare."""
    values: dict[str, Any]
    """The declared value by shop; a shop that does not declare it is left out."""


@described
class ParityDocument(TypedDict):
    """The comparison of all shops."""

    shops: list[str]
    rows: list[ParityRowDocument]
    objects: int
    """Objects that at least one shop declares."""
    equal: int
    """Objects that all shops declare alike."""
    unread: list[str]
    """Shops whose files could not be read."""


@described
class ShopDocument(TypedDict):
    """The result of one shop."""

    shop: str
    folder: str
    wave: int
    state: ShopState
    reason: str
    """The reason why it is not done; empty for one that is."""
    exit_code: int
    documents: dict[str, Any]
    """The JSON documents of its commands by name: `plan`, or `apply` and `audit`."""


@described
class WaveDocument(TypedDict):
    """One wave of an apply, as the rollout of this commit has it."""

    wave: int
    done: list[str]
    failed: dict[str, str]
    """The reason by shop."""
    missing: list[str]
    """Shops without a result."""
    ended: Moment | None
    """The end of the wave, UTC; null while a result is missing."""
    passed: bool
    """true if the next wave may start after `gate.wait`."""


@described
class FleetDocument(TypedDict):
    """Output of `reconciler fleet plan|apply|audit --format json`."""

    format_version: str
    """The part before the dot rises when a reader must change."""
    finished_at: Moment
    """The time at which the run ended, UTC."""
    command: FleetCommand
    fleet: str
    """The fleet file, as seen from where the command ran."""
    commit: str | None
    """The git commit of the files, with `+` where they differ from it; null without git."""
    changes: list[FleetChangeDocument]
    notices: list[NoticeDocument]
    deviations: list[ParityRowDocument]
    """Of a plan: the changed objects that the shops do not declare alike."""
    shops: list[ShopDocument]
    waves: list[WaveDocument]
    """Of an apply: all waves."""
    parity: NotRequired[ParityDocument]
    stopped: NotRequired[str]
    """The reason why a wave was not started."""
    continue_command: NotRequired[str]
    """The command that applies what is missing."""
