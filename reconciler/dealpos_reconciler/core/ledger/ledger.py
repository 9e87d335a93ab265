"""The ledger: the values last applied, the third side of a plan beside files and shop.

A ledger holds what was declared of each object when the shop last was as declared. It is a help,
never a need: a plan without one is right, and knows less.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dealpos_reconciler.core.diff.known_rewrites import KnownRewrites, Pair
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.field import Field
from dealpos_reconciler.core.model.masked import Path, is_masked

UNKNOWN = object()
"""Stands for a value of which the ledger does not tell what was written last."""
_PLAIN = (str, int, bool)
MAX_APPLIES = 200
"""Applies whose objects a ledger goes on naming."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The values of one object that were last applied."""

    values: Mapping[str, Any]
    """The declared values by field; private ones as keyed digests."""
    when: str = ""
    """UTC, `YYYY-MM-DDTHH:MM:SSZ`."""
    commit: str = ""
    """The git commit of the files, with `+` where they differed from it; empty without git."""
    kept: Mapping[Path, Pair] = field(default_factory=dict)
    """Declared values that DealPOS stores in another form."""
    used: int = 0
    """Uses that were spent when it was last replaced, of all its replacements together."""


@dataclass(frozen=True, slots=True)
class AppliedRun:
    """One run that changed the shop."""

    when: str
    commit: str
    changes: Mapping[Address, str]
    """The action that was applied, by object."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that is known of what was applied to one store."""

    entries: Mapping[Address, LedgerEntry] = field(default_factory=dict)
    applies: tuple[AppliedRun, ...] = ()
    """The last runs, the latest last."""
    deleted: frozenset[Address] = frozenset()
    """Objects of `removed:` that were deleted and verified, and not seen since."""

    @property
    def kept(self) -> KnownRewrites:
        """Declared values that DealPOS stores in another form, by object."""
        return {address: entry.kept for address, entry in self.entries.items() if entry.kept}


@dataclass(frozen=True, slots=True)
class Key:
    """The secret for digests of private values, which nobody can search without it."""

    secret: bytes = field(repr=False)

    def digest(self, address: Address, name: str, value: Any) -> str:
        """Return the digest of a value at its path; it begins with the mark of the key."""
        text = json.dumps([str(address), name, value], ensure_ascii=False)
        return self.mark + self._hash(text)[:32]

    @property
    def mark(self) -> str:
        """Tells digests of this key from those of another."""
        return f"hmac:{self._hash('reconciler ledger')[:8]}:"

    def _hash(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()


def ledger_value(address: Address, spec: Field, value: Any, key: Key | None) -> Any:
    """Return a value as the ledger holds it.

    UNKNOWN for one from the environment, and for a private one without a key.
    """
    if is_masked(value):
        return UNKNOWN
    # Exact numbers stay exact; most values are what JSON makes of them already.
    plain = value if type(value) in _PLAIN else json.loads(json.dumps(value, default=str))
    if not spec.private:
        return plain
    return key.digest(address, spec.name, plain) if key else UNKNOWN


def last_written(entry: LedgerEntry, spec: Field, path: Path, key: Key | None) -> Any:
    """Return the value last written at `path`; None where nothing was, UNKNOWN if not known."""
    if spec.private:
        digest = str(entry.values.get(spec.name, ""))
        return digest if key and digest.startswith(key.mark) else UNKNOWN
    value: Any = entry.values
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
