"""Base price changes that have no effect at an outlet, because the outlet has its own price.

A declared outlet price that differs from the old base price is taken as intended. An outlet price
that no file declares, or that repeats the old base price, is taken as forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.core.diff.change import Change
from reconciler.core.model.pricing import Offer
from reconciler.core.money import Sale
from reconciler.guardrails.guardrail import Guardrail, PlanContext, RuleFinding, path_of


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """An outlet price that hides a change of the base price; `declared` counts intended ones."""

    declared: bool = False

    def check(self, context: PlanContext) -> Iterator[RuleFinding]:
        """Yield one finding for each object, naming the outlets."""
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
