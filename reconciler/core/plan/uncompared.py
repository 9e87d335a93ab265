"""The declared fields whose difference nobody can see, counted for one note each."""

from __future__ import annotations

from collections import Counter

from reconciler.core.diff.equivalence import tidied
from reconciler.core.diff.known_rewrites import Kept
from reconciler.core.model.kind import Kind, Value
from reconciler.core.model.live import Address

TIDY = "they differ by white space or Unicode form alone"


class Uncompared:
    """Counts, by kind, field and reason; what was last written is known of what is in `kept`."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.found: Counter[tuple[str, str, str]] = Counter()

    def count(self, address: Address, kind: Kind, declared: Value, live: Value) -> None:
        """Add what is not compared of one object."""
        parent = kind.parent.kind if kind.parent else ""
        for name, value in declared.items():
            field = kind.fields[name]
            if field.derived and (name,) in self.kept.get(address, ()):
                continue
            if field.unshown and name in live:
                continue  # a ledger knows what was written last
            if field.unread:
                self.found[kind.name, name, field.unread] += 1
            elif name not in live and field.comparable and name != parent:
                self.found[kind.name, name, "this shop's reads do not show it"] += 1
            elif name in live and value != live[name] and tidied(kind, (name,), value, live[name]):
                self.found[kind.name, name, TIDY] += 1

    def notes(self) -> list[str]:
        """One line for each field and reason."""
        return [
            f"{kind} `{name}` is not compared ({count} object{'s' if count > 1 else ''}): {reason}"
            for (kind, name, reason), count in sorted(self.found.items())
        ]
