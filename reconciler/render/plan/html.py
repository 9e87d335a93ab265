"""A plan as a page to search, filter and print; and the page of an error in its place."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from markupsafe import Markup

from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address, Source
from reconciler.core.model.kind import Kinds
from reconciler.core.money import moved_sales, sum_price_impact
from reconciler.core.plan.plan import Plan, refusals
from reconciler.errors import ReconcilerError
from reconciler.render.money import impact_line, money_rows
from reconciler.render.page import page
from reconciler.render.plan import sections
from reconciler.render.plan.blocks import MEANINGS, count_hidden, field_rows
from reconciler.render.plan.text import usage_line
from reconciler.render.plan.violations import allow_block, violation_sentence
from reconciler.render.view import PlanView, View, place
from reconciler.render.words import (
    ObjectLabels,
    Row,
    moment,
    plain,
    plural,
    with_label,
    with_labels,
)


class Item(NamedTuple):
    """One change, in words."""

    kind: str
    action: str
    symbol: str
    name: str
    place: str
    rows: list[Row]
    is_loss: bool
    rest: str


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as a page."""
    kinds, labels = view.kinds, plan.labels
    changes = sections.rank_changes(plan.changes, kinds)
    anchors = {change.address: f"c{n}" for n, change in enumerate(changes, 1)}
    return page(
        "plan.html.j2",
        "page.js",
        verdict=sections.summarize_plan(plan),
        store=plain(plan.store),
        folder=plain(view.folder),
        commit=plain(view.commit or ""),
        made_at=moment(view.made_at),
        made="Plan made at",
        warnings=plan.warnings,
        counts=plan.counts(),
        money=impact_line(sum_price_impact(plan.changes, kinds), labels),
        usage=usage_line(plan, view.usage),
        violations=sections.list_violations(plan),
        allow="\n".join(allow_block(refusals(plan.violations), view.made_at)),
        removals=sections.find_removals(plan),
        meanings=MEANINGS,
        reasons=sections.list_reasons(plan),
        items=[_item(change, kinds, labels) for change in changes],
        kinds=sorted({change.address.kind for change in changes}),
        actions=sorted({change.action.value for change in changes}),
        asides=[
            ("Notes", "", [with_labels(note, labels) for note in plan.notes]),
            *sections.list_undeclared(plan),
        ],
        object=partial(_object, labels=labels, anchors=anchors),
        sentence=lambda text: with_labels(plain(text), labels),
        violation=lambda found: violation_sentence(found, labels),
        at=_at,
    )


def render_error(error: ReconcilerError, view: View, subject: str = "plan") -> str:
    """Return the reason why there is no plan or audit, as a page that replaces an outdated one."""
    return page("error.html.j2", error=error, subject=subject)


def _object(address: Address | None, labels: ObjectLabels, anchors: dict[Address, str]) -> Markup:
    """Return an object's name, as a link to its change where there is one."""
    if address is None:
        return Markup("the whole plan")
    name = Markup("<code>{}</code>").format(with_label(address, labels))
    if address in anchors:
        return Markup('<a href="#{}">{}</a>').format(anchors[address], name)
    return name


def _at(source: Source | None) -> Markup:
    return Markup(" <small>{}</small>").format(place(source)) if source else Markup("")


def _item(change: Change, kinds: Kinds, labels: ObjectLabels) -> Item:
    kind = kinds[change.address.kind]
    sold = moved_sales(change, kinds)
    unshown = count_hidden(change, kind)
    shows_reason = change.action in (Action.REPLACE, Action.DELETE)
    rest = [with_labels(plain(change.reason), labels)] if shows_reason else []
    rest += [f"{plural(unshown, 'unchanged field')} not shown"] if unshown else []
    return Item(
        change.address.kind,
        change.action.value,
        change.action.symbol,
        with_label(change.address, labels),
        place(change.source),
        [*field_rows(change, kind), *money_rows(sold)],
        any(sale.falls_below_cost for sale in sold),
        "; ".join(rest),
    )
