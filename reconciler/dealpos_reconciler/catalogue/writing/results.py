"""Results of import and adopt: files, edited fields, and objects that were skipped with reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dealpos_reconciler.catalogue.writing.hunks import Hunk
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.look_alike import fold_key, spell_key
from dealpos_reconciler.core.model.secret import AUTHORISES, tells_code
from dealpos_reconciler.errors import ReconcilerError


class Skipped(NamedTuple):
    """An object, or one field of it, that was not written to a file, and the reason."""

    address: Address
    reason: str
    field: str | None = None
    """None for the whole object."""


def sort_skipped(skipped: Iterable[Skipped]) -> list[Skipped]:
    """Return the skipped objects and fields by address."""
    return sorted(skipped, key=lambda entry: (entry.address, entry.field or "", entry.reason))


@dataclass(slots=True)
class ImportResult:
    """The outcome of one import."""

    store: str
    files: dict[str, Counter[str]] = field(default_factory=dict)
    """The files that were written, with the objects of each kind in them."""
    skipped: list[Skipped] = field(default_factory=list)
    authorising: int = 0
    """Coupons that open functions of the till: left out, since their codes are secrets."""
    discreet: int = 0
    """Customers whose personal data was left out."""
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Addresses or collections that could not be read, and why."""
    notes: list[str] = field(default_factory=list)
    requests: int = 0
    labels: Mapping[Address, str] = field(default_factory=dict, repr=False)
    """The names of objects for people."""
    cut: ReconcilerError | None = None
    """The error that ended the reading early; objects read until then are written all the same."""


class EditedFile(NamedTuple):
    """A file before and after, and the hunks in which these differ."""

    old: bytes
    """Empty for a new file."""
    new: bytes
    hunks: Sequence[Hunk]


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """One field of a declared object that differs in the shop."""

    address: Address
    field: str
    declared: Any
    live: Any
    """The live value; how much of it a file can hold is decided when it is written."""
    source: Source
    """The place of the object in the files."""


@dataclass(slots=True)
class AdoptResult:
    """The outcome of one run of adopt, or of its dry run."""

    drift: Sequence[FieldDrift] = ()
    new: Sequence[Address] = ()
    skipped: Sequence[Skipped] = ()
    files: Mapping[str, EditedFile] = field(default_factory=dict)
    """The files that change, by name."""
    notes: Sequence[str] = ()
    labels: Mapping[Address, str] = field(default_factory=dict, repr=False)
    """The names of objects for people."""
    discreet: int = 0
    """New customers whose personal data was left out."""


def explain_absence(address: Address, spellings: Mapping[str, str]) -> str:
    """Return what to do about an object that the shop does not have under its declared name.

    `spellings` are the live names of its kind, each by what look-alikes share.
    """
    if alike := spellings.get(fold_key(address.name)):
        if tells_code(address.name, alike):
            return AUTHORISES
        spelled = spell_key(alike, address.name)
        return f"the shop spells it {spelled}: use the same spelling in the file"
    # To create an object that was renamed in the shop would make a second one of it.
    return (
        "not in the shop. If it was renamed there, write the new name in the file; if it was "
        "deleted, remove it from the file"
    )
