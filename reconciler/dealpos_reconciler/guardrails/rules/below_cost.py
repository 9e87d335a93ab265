"""Prices that a plan brings below cost, in the shop or at one outlet."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from dealpos_reconciler.core.model.types import Money
from dealpos_reconciler.core.money import Sale, margin
from dealpos_reconciler.core.plan.plan import percent, round_share
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding, path_of


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A price that comes below cost, base or at an outlet, or further below than before."""

    in_files = "error"
    min_margin_percent: Money = 0
    """The smallest margin, in percent of the price. Example: `10`."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each object, about the place where it loses most."""
        for change, places in context.sales:
            if not context.in_use(change.address, change.after):
                continue
            sold = context.in_use(change.address, change.before)
            worse = [(share, s) for s in places if (share := self._short(s, sold)) is not None]
            if worse:
                share, sale = min(worse, key=lambda pair: pair[0])
                assert sale.after is not None
                limit = self.min_margin_percent
                more = _more(len(worse) - 1)
                yield RuleFinding(
                    f"sells for {sale.after.price:,}{sale.where}{more}; it costs "
                    f"{sale.after.cost:,} (margin {percent(share, limit)}, "
                    f"limit {percent(limit)})",
                    change.address,
                    path_of(change, sale.outlet, sale.after.price),
                    (
                        round_share(share, limit),
                        limit,
                        "percent",
                    ),
                )

    def _short(self, sale: Sale, sold_before: bool) -> Decimal | None:
        """Return the margin if the plan makes it too small; otherwise None."""
        # None too for a price of 0: what is not sold by itself carries it.
        now = margin(sale.after)
        if now is None or now >= self.min_margin_percent:
            return None
        was = margin(sale.before) if sold_before else None
        return now if was is None or now < was else None


def _more(places: int) -> str:
    return f" and {places} more place{'s' if places > 1 else ''}" if places else ""
