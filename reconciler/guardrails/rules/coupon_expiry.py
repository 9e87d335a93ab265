"""A coupon that nobody can use, or that never ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from reconciler.core.model.types import Count
from reconciler.guardrails.guardrail import Finding, Ground, Guardrail


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A coupon that gets an expiry in the past, none at all, or one as far off as never."""

    max_days: Count = 3650

    def check(self, ground: Ground) -> Iterator[Finding]:
        """One finding a coupon whose expiry the plan sets; the last day itself still counts."""
        for change in ground.plan.changes:
            field = ground.kinds[change.address.kind].expires
            if not field or change.after is None:
                continue
            ends = change.after.get(field) or ""
            before = ground.was(change)
            if before is not None and ends == (before.get(field) or ""):
                continue
            message, measured = self._wrong(ends, ground.today)
            if message:
                limit = f"today to {self.max_days:,} days ahead"
                yield Finding(message, measured, limit, change.address, (field,))

    def _wrong(self, ends: str, today: str) -> tuple[str, str]:
        if not ends:
            return "it never expires", "never"
        days = (date.fromisoformat(ends) - date.fromisoformat(today)).days
        if days < 0:
            ago = "1 day ago" if days == -1 else f"{-days:,} days ago"
            return f"it expired on {ends}, {ago}", ago
        if days > self.max_days:
            return f"it expires on {ends}, {days:,} days ahead", f"{days:,} days ahead"
        return "", ""
