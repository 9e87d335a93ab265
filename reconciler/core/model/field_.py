"""One field of a kind: what its annotation says is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Required, get_args, get_origin

from reconciler.core.model.field import (
    Derived,
    Identity,
    Immutable,
    Private,
    Reference,
    Runtime,
    Wire,
    WriteOnly,
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind, and all that is known of it."""

    name: str
    wire: Wire
    identity: bool = False
    private: bool = False
    hidden: bool = False
    """Read and sent back where the API wants it; no key of a file, never compared or shown."""
    immutable: str = ""
    runtime: bool = False
    """The till's own value: an update sends back what is live, never what a file says."""
    derived: bool = False
    """The server always rewrites it: compared by what was written last, where that is known."""
    unread: str = ""
    """Why the live value is never compared; empty for a field that is."""
    references: tuple[Reference, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether a difference between file and shop can be seen at all."""
        return not (self.unread or self.hidden or self.identity)

    @property
    def unshown(self) -> bool:
        """Whether no read returns it, so that only a ledger knows what it is."""
        return bool(self.unread) and not (self.runtime or self.derived)


def described(name: str, annotation: Any) -> Field:
    """The field that a model's annotation describes."""
    if get_origin(annotation) is Required:
        (annotation,) = get_args(annotation)
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    found: dict[type, Any] = {type(mark): mark for mark in marks}
    unread = next((found[m].reason for m in (Runtime, Derived, WriteOnly) if m in found), "")
    return Field(
        name,
        found.get(Wire, Wire()),
        identity=Identity in found,
        private=Private in found,
        runtime=Runtime in found,
        derived=Derived in found,
        immutable=found[Immutable].reason if Immutable in found else "",
        unread=unread,
        references=tuple(mark for mark in marks if isinstance(mark, Reference)),
    )
