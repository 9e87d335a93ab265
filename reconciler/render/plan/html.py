"""A plan as a page to search, filter and print; and why there is none."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address, Source
from reconciler.core.model.kind import Kinds
from reconciler.core.money import moves, total
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.violation import refusals
from reconciler.errors import ReconcilerError
from reconciler.render.money import money_rows, total_line
from reconciler.render.page import page
from reconciler.render.plan.blocks import hidden, place, rows
from reconciler.render.plan.verdict import removals, verdict
from reconciler.render.view import PlanView, View
from reconciler.render.words import Row, counted, plain, spent


class Item(NamedTuple):
    """One change, in words."""

    kind: str
    action: str
    symbol: str
    address: str
    place: str
    rows: list[Row]
    loss: bool
    rest: str


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as a page."""
    kinds, usage = view.kinds, view.usage
    anchors = {change.address: f"c{n}" for n, change in enumerate(plan.changes, 1)}

    def named(address: Address | None) -> Markup:
        return _object(address, anchors)

    return page(
        "plan.html.j2",
        "page.js",
        verdict=verdict(plan),
        store=plain(plan.store),
        folder=plain(view.folder),
        commit=plain(view.commit or ""),
        counts=plan.counts() | {"blocked": len(plan.blocked)},
        money=total_line(total(plan.changes, kinds)),
        cost=spent(usage.requests, usage.windows, usage.seconds),
        violations=[
            ("Violations of guardrails: apply is refused", refusals(plan.violations)),
            ("Allowed exceptions from guardrails", [v for v in plan.violations if v.allowed]),
        ],
        removals=removals(plan),
        reasons=[
            ("Could not be read: nothing is planned for them", plan.unknown),
            ("Withheld: not as declared, and left as they are", plan.blocked),
        ],
        items=[_item(change, kinds) for change in plan.changes],
        kinds=sorted({change.address.kind for change in plan.changes}),
        actions=sorted({change.action.value for change in plan.changes}),
        asides=[
            ("Notes", plan.notes),
            ("In the shop and not in the files, left alone", plan.unmanaged),
        ],
        object=named,
        at=_at,
    )


def render_error(error: ReconcilerError, view: View, subject: str = "plan") -> str:
    """Return the reason why there is no plan or audit, as a page that replaces an outdated one."""
    return page("error.html.j2", error=error, subject=subject)


def _object(address: Address | None, anchors: dict[Address, str]) -> Markup:
    """An object's name, as a link to its change where there is one."""
    if address is None:
        return Markup("the whole plan")
    name = Markup("<code>{}</code>").format(plain(str(address)))
    if address in anchors:
        return Markup('<a href="#{}">{}</a>').format(anchors[address], name)
    return name


def _at(source: Source | None) -> Markup:
    if source is None:
        return Markup("")
    return Markup(" <small>{}:{}</small>").format(plain(source.file), source.line)


def _item(change: Change, kinds: Kinds) -> Item:
    kind = kinds[change.address.kind]
    sold = moves(change, kinds)
    unshown = hidden(change, kind)
    told = [plain(change.reason)] if change.action in (Action.REPLACE, Action.DELETE) else []
    told += [f"{counted(unshown, 'unchanged field')} not shown"] if unshown else []
    return Item(
        change.address.kind,
        change.action.value,
        change.action.symbol,
        plain(str(change.address)),
        place(change),
        [*rows(change, kind), *money_rows(sold)],
        any(sale.falls_below_cost for sale in sold),
        "; ".join(told),
    )
