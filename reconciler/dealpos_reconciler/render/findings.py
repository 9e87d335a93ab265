"""Sentences that the formats of an audit share: the live value first, then the declared one."""

from __future__ import annotations

from collections.abc import Iterator

from dealpos_reconciler.core.audit import CALM, STATES, Audit, AuditFinding
from dealpos_reconciler.core.diff.change import CONFLICT, DRIFTED, PENDING
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.money import margin, moved_sales
from dealpos_reconciler.core.plan.plan import OverdueStep
from dealpos_reconciler.render.blocks import field_rows
from dealpos_reconciler.render.money import percent
from dealpos_reconciler.render.sections import Verdict
from dealpos_reconciler.render.view import AuditView
from dealpos_reconciler.render.words import ObjectLabels, amount, plain, plural, with_labels

MEANINGS = {
    "drifted": "different from the files",
    "missing": "declared, not in the shop",
    "pending_removal": "marked as removed, still in the shop",
    "blocked": "different from the files, and no plan can change it",
    "unknown": "could not be read",
    "authorising": "opens functions of the till, not in your files; the code is not shown",
    "unmanaged": "in the shop, not in your files",
}
"""Every state in the order of a report, with its meaning for people."""
WITHOUT_DETAILS = ("missing", "pending_removal", "unmanaged")
"""States of which the title says everything."""
LEDGER_HINT = (
    "Enable the ledger to see whether the files or the shop changed. "
    "DealPOS does not report who made a change."
)
_CHANGED = {
    PENDING: "changed in the files",
    DRIFTED: "changed in the shop",
    CONFLICT: "conflict: changed in both",
}


def name_state(state: str) -> str:
    """Return a state as a word for people: `pending removal`."""
    return state.replace("_", " ")


def title_state(state: str, count: int) -> str:
    """Return the title of a section: `Missing (declared, not in the shop): 2 objects`."""
    word = name_state(state).capitalize()
    return f"{word} ({MEANINGS[state]}): {plural(count, 'object')}"


def _differences(finding: AuditFinding, kinds: Kinds) -> list[str]:
    rows = field_rows(finding, kinds[finding.address.kind])
    return [
        f"{name}: live {live}, declared {declared}"
        + (f" ({_CHANGED[field.origin]})" if field.origin else "")
        + (f"  {place}" if place else "")
        for (name, live, declared, place), field in zip(rows, finding.fields, strict=True)
    ]


def describe_margins(finding: AuditFinding, kinds: Kinds) -> Iterator[str]:
    """Yield the margins that differ: `margin: live 45.9 %, declared 45.0 %`."""
    for sale in moved_sales(finding.moved, kinds) if finding.moved else ():
        declared, live = margin(sale.before), margin(sale.after)
        if declared != live and sale.after is not None and not sale.is_masked:
            at = f" at {plain(sale.outlet)}" if sale.outlet else ""
            loss = ", sold below cost" if sale.falls_below_cost else ""
            yield f"margin{at}: live {percent(live)}, declared {percent(declared)}{loss}"


def describe_overdue(step: OverdueStep) -> str:
    """Return a due value that no run has applied: `unit_price: overdue by 7 h, since …`."""
    since = step.since[:16].replace("T", " ")
    return f"{step.path}: overdue by {step.seconds // 3600:,} h, due since {since}"


def describe(finding: AuditFinding, kinds: Kinds, labels: ObjectLabels) -> list[str]:
    """Return all facts about an object, a line each."""
    lines = _differences(finding, kinds)
    lines += map(describe_overdue, finding.overdue)
    if finding.reason or not lines:
        lines.append(with_labels(plain(finding.reason or MEANINGS[finding.state]), labels))
    return [*lines, *describe_margins(finding, kinds)]


def summarize_audit(audit: Audit) -> Verdict:
    """Return the one line that a reader must know."""
    if unread := len(audit.of("unknown")):
        return Verdict("refused", f"Incomplete: {plural(unread, 'object')} could not be read")
    if audit.clean:
        return Verdict("calm", "No drift: the shop matches the files")
    count = sum(finding.state not in CALM for finding in audit.findings)
    verb = "differs" if count == 1 else "differ"
    return Verdict("careful", f"Drift: {plural(count, 'object')} {verb} from the files")


def needs_ledger(audit: Audit) -> bool:
    """Return whether drift was found, and the ledger has no record of any of it."""
    origins = [field.origin for found in audit.of("drifted") for field in found.fields]
    return bool(origins) and not any(origins)


def closing_line(audit: Audit, view: AuditView) -> str:
    """Return the one line to grep for."""
    counts = audit.counts()
    found = [f"{amount(counts[state])} {name_state(state)}" for state in STATES if counts[state]]
    found.append(f"{amount(counts['unchanged'])} in sync")
    if late := sum(bool(finding.overdue) for finding in audit.findings):
        found.append(f"{amount(late)} overdue (by up to {audit.overdue_seconds // 3600:,} h)")
    clean = "no drift, " if audit.clean else ""
    return f"Audit: {clean}{', '.join(found)}. {plural(view.requests, 'request')}, read-only."
