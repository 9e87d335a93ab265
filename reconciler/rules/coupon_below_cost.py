"""A coupon that can sell at a loss: the worst basket that it may be used on, at known costs.

Only prices and costs that the files or the shop give count; what has none is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.change import Change
from reconciler.core.guardrail import Finding, Ground, Guardrail, path_of
from reconciler.core.money import Amount, Sale
from reconciler.core.policy import percent
from reconciler.core.reduction import Reduction
from reconciler.core.shelf import Article, Shelf, article
from reconciler.core.state import Address
from reconciler.core.types import Name


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A coupon that can sell below cost; `ignore` lists addresses of what nobody buys with it."""

    ignore: list[Name] = field(default_factory=list)

    def check(self, ground: Ground) -> Iterator[Finding]:
        """One finding for a coupon whose terms change, one for what a standing coupon undercuts."""
        named = (text.partition("/") for text in self.ignore)
        shelf = Shelf(ground, {(kind, name) for kind, _, name in named})
        for change in ground.plan.changes:
            reduction = _changed(change, ground)
            losses = shelf.losses(reduction) if reduction else []
            if reduction and losses:
                loss, worst = losses[0]
                others = {a.address for _, a in losses} - {worst.address}
                more = f"; so are {len(others):,} more" if others else ""
                yield Finding(
                    _words(reduction, loss, worst) + more + _ASSUMED,
                    f"{loss:,} below cost",
                    "0 below cost",
                    change.address,
                )
        standing = {reduction: address for address, reduction in _standing(ground)}
        for change, places in ground.sales if standing else ():
            yield from _undercut(change, places, standing, shelf)


_ASSUMED = " (assuming that it comes off the whole basket)"


def _changed(change: Change, ground: Ground) -> Reduction | None:
    """What a coupon takes off that is written anew; None where its terms stay.

    No read shows the cap of a live one (facts §10), so the terms of a share never provably stay.
    """
    reduces = ground.kinds[change.address.kind].reduces
    if reduces is None or change.after is None:
        return None
    now = reduces(change.after)
    was = reduces(change.before) if change.before is not None else None
    return None if now is None or (now == was and not now.percent) else now


def _standing(ground: Ground) -> Iterator[tuple[Address, Reduction]]:
    """The declared coupons that stay as they are and can still be used."""
    for kind in ground.kinds.values():
        for name, declared in ground.desired.objects.get(kind.name, {}).items():
            address = Address(kind.name, name)
            live = ground.before(address)
            if kind.reduces is None or live is None or address in ground.changes:
                continue
            value = {**live, **declared.value}
            ended = kind.expires and "" != (value.get(kind.expires) or "") < ground.today
            reduction = None if ended else kind.reduces(value)
            if reduction:
                yield address, reduction


def _undercut(
    change: Change, places: Iterable[Sale], standing: Mapping[Reduction, Address], shelf: Shelf
) -> Iterator[Finding]:
    """What a standing coupon can sell below cost, and could not before this change."""
    found = [
        (loss, coupon, item, reduction)
        for item, was in _moved(change, places, shelf.ground)
        for reduction, coupon in standing.items()
        if (loss := item.loss(reduction)) > 0
        and not (was and was.loss(reduction) > 0)
        and shelf.takes(change.address, reduction)
    ]
    if found:
        loss, coupon, item, reduction = max(found, key=lambda entry: entry[:2])
        yield Finding(
            f"with {coupon}: {_words(reduction, loss, item)}{_ASSUMED}",
            f"{loss:,} below cost",
            "0 below cost",
            change.address,
            path_of(change, item.outlet, item.price),
        )


def _moved(
    change: Change, places: Iterable[Sale], ground: Ground
) -> Iterator[tuple[Article, Article | None]]:
    """The articles on sale after a change that were not on sale so before it."""
    if ground.in_use(change.address, change.after):
        sold = ground.in_use(change.address, change.before)
        for sale in places:
            now = article(change.address, sale.outlet, sale.after)
            was = article(change.address, sale.outlet, sale.before) if sold else None
            if now is not None and now != was:
                yield now, was


def _words(reduction: Reduction, loss: Amount, item: Article) -> str:
    off = percent(reduction.percent) if reduction.percent else f"{reduction.amount:,}"
    cap = f" (at most {reduction.cap:,})" if reduction.cap is not None else ""
    where = f" at {item.outlet}" if item.outlet else ""
    return (
        f"{off} off{cap} {item.count(reduction):,} × {item.address}{where}, "
        f"{item.price:,} each at a cost of {item.cost:,}, is {loss:,} below cost"
    )
