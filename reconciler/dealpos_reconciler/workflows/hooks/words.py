"""Drift and uses of coupons as lines for a chat, and as the body of a notification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dealpos_reconciler.core.audit import AuditFinding
from dealpos_reconciler.core.diff.change import fingerprint
from dealpos_reconciler.core.hints import Topic
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.core.money import moved_sales
from dealpos_reconciler.render.blocks import field_rows
from dealpos_reconciler.render.money import money_line
from dealpos_reconciler.render.view import place, place_of
from dealpos_reconciler.render.words import ObjectLabels, plural, with_label

MAX_LINES = 20
"""Lines of one notification; its data has all objects."""
MAX_FIELDS = 6


@dataclass(frozen=True, slots=True)
class DriftWords:
    """One object that drifted, in words that may leave this machine."""

    name: str
    """The address with its label; of a private kind, a fingerprint in place of the name."""
    facts: str
    """The values: `unit_price 18,000 → 16,500 (files: 18,000)`."""
    money: str
    """The margins that move; empty where none does."""
    place: str
    """The line that declares it: `catalogue/drinks.yaml:14`."""

    def line(self, seen: str) -> str:
        """Return everything as one line; `seen` is the moment of the first sight."""
        where = f" ({self.place})" if self.place else ""
        money = f"; {self.money}" if self.money else ""
        return f"{self.name} {self.facts}, seen {seen}{money}{where}"


def name_object(address: Address, kind: Kind, labels: ObjectLabels) -> str:
    """Return an address with its label; the code of a private kind may be a phone number."""
    if kind.is_private:
        return f"{address.kind}/{fingerprint(address, address.name)}"
    return with_label(address, labels)


def describe_drift(finding: AuditFinding, kinds: Kinds, labels: ObjectLabels) -> DriftWords:
    """Return a finding in words: what the files say, what the shop says now, and the margins."""
    kind = kinds[finding.address.kind]
    rows = field_rows(finding, kind)
    facts = [
        f"{name} {files} → {live} (files: {files})" for name, live, files, _ in rows[:MAX_FIELDS]
    ]
    if len(rows) > MAX_FIELDS:
        facts.append(f"and {plural(len(rows) - MAX_FIELDS, 'field')} more")
    sold = moved_sales(finding.moved, kinds) if finding.moved else ()
    return DriftWords(
        name_object(finding.address, kind, labels),
        ", ".join(facts) or "is declared and not in the shop",
        money_line(sold),
        place(place_of(finding)),
    )


def notification_body(
    shop: str, at: str, lines: Sequence[tuple[Topic, str, str]]
) -> dict[str, Any]:
    """Return the body of a notification: its type, its moment, a text, and the facts as data.

    `lines` are a topic, the line, and the moment of the first sight in ISO 8601 UTC. `text` is
    what receivers such as Slack show.
    """
    shown = [line for _, line, _ in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(f"and {len(lines) - MAX_LINES:,} more")
    facts = [{"topic": topic, "text": line, "first_seen": seen} for topic, line, seen in lines]
    return {
        "type": "reconciler.drift",
        "timestamp": at,
        "text": "\n".join([f"{shop}:", *shown] if len(shown) > 1 else [f"{shop}: {shown[0]}"]),
        "data": {"shop": shop, "facts": facts},
    }
