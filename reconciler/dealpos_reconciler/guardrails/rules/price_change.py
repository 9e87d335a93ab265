"""The size of price changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from dealpos_reconciler.core.model.masked import is_masked
from dealpos_reconciler.core.model.types import Money
from dealpos_reconciler.core.plan.plan import percent, round_share
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding, path_of


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A price, base or at an outlet, that rises or falls by more than `max_percent`."""

    max_percent: Money = 50
    """The largest change of a price, in percent. Example: `50`."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each object, about the place where it moves most."""
        for change, places in context.sales:
            moved = [(share, sale) for sale in places if (share := sale.percent) is not None]
            share, sale = max(moved, key=lambda pair: abs(pair[0]), default=(Decimal(0), None))
            if sale and sale.before and sale.after and abs(share) > self.max_percent:
                limit = self.max_percent
                verb = "rises" if share > 0 else "falls"
                sign = "+" if share > 0 and not is_masked(share) else ""
                yield RuleFinding(
                    f"price {verb} from {sale.before.price:,} to {sale.after.price:,}{sale.where} "
                    f"({sign}{percent(share, limit)}, limit {percent(limit)})",
                    change.address,
                    path_of(change, sale.outlet, sale.after.price),
                    (round_share(share, limit), limit, "percent"),
                )
