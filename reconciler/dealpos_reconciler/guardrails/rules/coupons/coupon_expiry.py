"""Expiry dates that make a coupon unusable or endless."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dealpos_reconciler.core.model.masked import DERIVED, is_masked, mask
from dealpos_reconciler.core.model.types import Count
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A coupon that gets an expiry date in the past, none, or one more than `max_days` ahead."""

    in_files = "warning"
    max_days: Count = 3650
    """The longest time until a coupon ends, in days. Example: `3650`."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each coupon whose expiry the plan sets; the last day counts."""
        today = date.fromisoformat(context.today)
        for change in context.plan.changes:
            field = context.kinds[change.address.kind].expiry_field
            if not field or change.after is None:
                continue
            ends = change.after.get(field) or ""
            before = context.was(change)
            if before is not None and ends == (before.get(field) or ""):
                continue
            days = (date.fromisoformat(ends[:10]) - today).days if ends else None
            if message := self._message(ends, days):
                shown = mask(days, DERIVED) if is_masked(ends) else days
                measure = (shown, self.max_days, "days")
                yield RuleFinding(message, change.address, (field,), measure)

    def _message(self, ends: str, days: int | None) -> str | None:
        if days is None:
            return f"it never expires, limit {self.max_days:,} days ahead"
        if days < 0:
            ago = DERIVED if is_masked(ends) else "1 day" if days == -1 else f"{-days:,} days"
            return f"it expired on {ends}, {ago} ago"
        if days > self.max_days:
            ahead = DERIVED if is_masked(ends) else f"{days:,} days"
            return f"it expires on {ends}, {ahead} ahead, limit {self.max_days:,}"
        return None
