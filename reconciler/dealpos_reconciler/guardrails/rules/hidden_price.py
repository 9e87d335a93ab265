"""Base price changes that have no effect at an outlet, because the outlet has its own price.

A declared outlet price that differs from the old base price is taken as intended. An outlet price
that no file declares, or that repeats the old base price, is taken as forgotten. Pricebooks and
promotion events have prices of their own too, which no write can change.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.pricing import ListedPrice, Offer
from dealpos_reconciler.core.money import Sale
from dealpos_reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding, path_of


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """An outlet price that hides a change of the base price; `declared` counts intended ones.

    `pricebooks` also counts pricebooks that sell a single unit. `events` reads the promotion events
    that run, with at most 20 requests more in a plan, and counts those that hide a price.
    """

    declared: bool = False
    """True also reports outlet prices that a file declares. Example: `true`."""
    pricebooks: bool = False
    """True also reports prices of pricebooks that sell a single unit. Example: `true`."""
    events: bool = False
    """True also reads the promotion events that run, with at most 20 requests. Example: `true`."""

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each object and each kind of price that hides the change."""
        yield from self._check_outlets(context)
        for change, places in context.sales:
            moved = next((sale for sale in places if sale.rise), None)
            if moved is None or moved.before is None or moved.after is None:
                continue
            listed = [*self._find_listed(change, context)]
            if listed:
                named = ", ".join(_name(each) for each in listed)
                yield RuleFinding(
                    f"the price changes from {moved.before.price:,} to {moved.after.price:,}"
                    f"{moved.where}, but it is sold at another price by {named}",
                    change.address,
                    path_of(change, moved.outlet, moved.after.price),
                    (len(listed), 0, "prices"),
                )

    def _find_listed(self, change: Change, context: PlanContext) -> Iterator[ListedPrice]:
        """Yield the prices of pricebooks and events that take the place of the price."""
        kind, value = context.kinds[change.address.kind], change.before or {}
        if self.pricebooks:
            yield from (each for each in kind.listed_prices(value) if each.takes_all)
        if self.events:
            yield from context.events.get(change.address, ())

    def _check_outlets(self, context: PlanContext) -> Iterator[RuleFinding]:
        for change, (base, *places) in context.sales:
            if base.outlet or base.before is None or base.after is None:
                continue
            was, becomes = base.before.price, base.after.price
            if was is None or becomes is None or was == becomes:
                continue
            hidden = self._find_hidden(change, places, base, context)
            if hidden:
                kept = ", ".join(f"{outlet} ({offer.price:,})" for outlet, offer in hidden)
                yield RuleFinding(
                    f"the base price changes from {was:,} to {becomes:,}, but these outlets have "
                    f"their own price: {kept}",
                    change.address,
                    path_of(change, "", becomes),
                    (len(hidden), 0, "outlets"),
                )

    def _find_hidden(
        self, change: Change, places: list[Sale], base: Sale, context: PlanContext
    ) -> list[tuple[str, Offer]]:
        """Return the outlets that keep a price of their own which the plan does not touch."""
        written = context.desired.get(change.address)
        offers = context.kinds[change.address.kind].prices
        declared = offers(written.value) if written and offers else {}
        touched = {step for field in change.fields for step in field.path}
        found = []
        for sale in places:
            if sale.outlet in touched or sale.after is None or sale.before is None:
                continue
            repeats = base.before is not None and sale.after.price == base.before.price
            meant = sale.outlet in declared and not repeats
            hides = base.after is not None and sale.after.price not in (None, base.after.price)
            if hides and (self.declared or not meant):
                found.append((sale.outlet, sale.after))
        return found


def _name(listed: ListedPrice) -> str:
    price = f"{listed.price:,}" if listed.price else ""
    shown = " ".join(filter(None, (price, listed.terms)))
    return f"{listed.source} ({shown})" if shown else listed.source
