"""A plan, an audit or an error as a self-contained HTML page: no network and no other file.

Its content security policy names the hashes of its own script and style and allows nothing else,
so that even markup that slipped through could do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dealpos_reconciler import __version__
from dealpos_reconciler.core.audit import STATES, Audit
from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.money import moved_sales
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.render import findings, sections
from dealpos_reconciler.render.blocks import MEANINGS, count_hidden, field_rows
from dealpos_reconciler.render.dates.coming import coming_line
from dealpos_reconciler.render.money import impact_line, money_rows
from dealpos_reconciler.render.rehearsal.words import TITLE, rehearsal_details, rehearsal_line
from dealpos_reconciler.render.view import AuditView, PlanView, View, place, place_of
from dealpos_reconciler.render.words import (
    ObjectLabels,
    moment,
    plain,
    plural,
    with_label,
    with_labels,
)


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as a page to search, filter and print."""
    kinds, labels = view.kinds, plan.labels
    changes = sections.rank_changes(plan.changes, kinds)
    exceptions = sections.list_exceptions(plan)
    sentence = partial(_sentence, labels=labels)
    anchors = {change.address: f"c{n}" for n, change in enumerate(changes, 1)}
    return fill_page(
        "plan.html.j2",
        "page.js",
        verdict=sections.summarize_plan(plan),
        plan=plan,
        view=view,
        store=plan.store,
        made="Plan made at",
        money=impact_line(view.price_impact(plan.changes), labels),
        as_of=sections.explain_as_of(plan) if plan.as_of else "",
        coming=coming_line(plan.coming),
        provider=sections.provider_line(plan, kinds),
        usage=sections.usage_line(plan, view.usage),
        interruptions=sections.interruption_line(plan),
        rehearsal=view.rehearsal and rehearsal_line(plan, view.rehearsal),
        rehearsal_title=TITLE,
        rehearsed=[*rehearsal_details(plan, view.rehearsal)] if view.rehearsal else [],
        violations=sections.list_violations(plan),
        allow="\n".join(sections.allow_block(exceptions, view.made_at)) if exceptions else "",
        allowing=sections.explain_exceptions(plan),
        removals=sections.find_removals(plan),
        meanings=MEANINGS,
        reasons=sections.list_reasons(plan),
        changes=changes,
        rows=lambda change: field_rows(change, kinds[change.address.kind]),
        sales=lambda change: moved_sales(change, kinds),
        money_rows=money_rows,
        rest=partial(_rest, kinds=kinds, labels=labels),
        asides=[
            sections.list_look_alikes(plan),
            ("Notes", "", list(map(sentence, plan.notes))),
            *sections.list_undeclared(plan),
        ],
        object=partial(_object, labels=labels, anchors=anchors),
        name=partial(with_label, labels=labels),
        sentence=sentence,
    )


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the audit as a page without a script."""
    return fill_page(
        "audit.html.j2",
        verdict=findings.summarize_audit(audit),
        audit=audit,
        view=view,
        store=audit.store,
        made="Audited at",
        sections=[(state, audit.of(state)) for state in STATES],
        findings=findings,
        name=partial(with_label, labels=audit.labels),
        sentence=partial(_sentence, labels=audit.labels),
    )


def render_error(error: ReconcilerError, view: View, subject: str) -> str:
    """Return the reason why there is no plan or audit, as a page that replaces an outdated one."""
    return fill_page("error.html.j2", error=error, subject=subject)


def _object(address: Address | None, labels: ObjectLabels, anchors: dict[Address, str]) -> Markup:
    """Return an object's name, as a link to its change where there is one."""
    if address is None:
        return Markup("the whole plan")
    name = Markup("<code>{}</code>").format(with_label(address, labels))
    if address in anchors:
        return Markup('<a href="#{}">{}</a>').format(anchors[address], name)
    return name


def _sentence(text: str, labels: ObjectLabels) -> str:
    return with_labels(plain(text), labels)


def _rest(change: Change, kinds: Kinds, labels: ObjectLabels) -> str:
    """Return the last line of a change: its reason, and the number of fields without a row."""
    rest = [_sentence(change.reason, labels)] if change.needs_reason else []
    rest += map(plain, change.remarks)
    hidden = count_hidden(change, kinds[change.address.kind])
    rest += [f"{plural(hidden, 'unchanged field')} not shown"] if hidden else []
    return "; ".join(rest)


def fill_page(template: str, script: str = "", *, more_style: str = "", **values: Any) -> str:
    """Return a page from the files in `templates/`; every value put into it is text."""
    pages, loader = _load_pages()
    styles = ["page.css", more_style] if more_style else ["page.css"]
    style = "".join(loader.get_source(pages, name)[0] for name in styles)
    code = loader.get_source(pages, script)[0] if script else ""
    return pages.get_template(template).render(
        style=style,
        style_hash=_fingerprint(style),
        script=code,
        script_hash=_fingerprint(code),
        version=__version__,
        **values,
    )


@cache
def _load_pages() -> tuple[Environment, PackageLoader]:
    """Return the templates; a server makes many pages of one."""
    loader = PackageLoader("dealpos_reconciler.render", "templates")
    pages = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
    )
    pages.filters.update(
        plain=lambda value: plain(str(value)), moment=moment, place=place, place_of=place_of
    )
    return pages, loader


def _fingerprint(text: str) -> str:
    """Return the hash by which a content security policy names a style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
