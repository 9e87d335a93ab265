"""Guardrails on how much of the shop a plan touches: a count, and a share of each kind."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.types import Count, Money
from dealpos_reconciler.core.plan.plan import percent, round_share
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding


@dataclass(frozen=True, slots=True)
class VolumeGuardrail(Guardrail):
    """Counts changes of one sort, kind by kind: all variants in a shop of many coupons are few."""

    max_percent: Money
    max_count: Count
    floor: Count
    effect: ClassVar[str]
    """Follows the number of objects in the message."""

    @abstractmethod
    def counts(self, change: Change) -> bool:
        """Return whether a change is of that sort."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each kind."""
        counted = Counter(c.address.kind for c in context.plan.changes if self.counts(c))
        for kind, number in counted.items():
            if number < self.floor:
                continue
            known = context.count_before(context.kinds[kind])
            share = Decimal(number) * 100 / max(known, number)
            # Nobody knows what share of the whole shop a part of it is.
            too_large = share > self.max_percent and not context.partial
            if too_large or number > self.max_count:
                shown = percent(share, self.max_percent)
                objects = f"{number:,} of {known:,} {kind} objects ({shown})"
                limits = f"limit {percent(self.max_percent)} or {self.max_count:,} objects"
                by_share = (round_share(share, self.max_percent), self.max_percent, "percent")
                measure = by_share if too_large else (number, self.max_count, "objects")
                yield RuleFinding(f"{objects} {self.effect}, {limits}", measure=measure)
