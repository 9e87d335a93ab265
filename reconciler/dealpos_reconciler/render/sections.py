"""Facts that the formats of a plan share: verdict, sections, order of importance, exceptions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from dealpos_reconciler.catalogue.writing.yaml_text import escape_placeholders, quote
from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.model.look_alike import escape_character
from dealpos_reconciler.core.model.store import SHOP
from dealpos_reconciler.core.money import moved_sales
from dealpos_reconciler.core.plan.plan import Plan, Violation, refusals
from dealpos_reconciler.core.steps.usage import ApiUsage
from dealpos_reconciler.render.words import (
    ObjectLabels,
    duration,
    find_addresses,
    plain,
    plural,
    with_label,
    with_labels,
)

REMOVES = (Action.DELETE, Action.REPLACE, Action.RETIRE)
"""The actions that take something away, if only for a moment."""
EXCEPTION_DAYS = 30
_EXCEPTION = re.compile(r"exception from `([a-z-]+)`")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")


class Verdict(NamedTuple):
    """The first line of a page or a comment. `tone` is refused, careful, change or calm."""

    tone: str
    text: str


class Needed(NamedTuple):
    """An exception that would allow a violation: its rule, its object and the day it must reach."""

    rule: str
    address: Address | None
    day: str = ""
    """Empty for the plan itself."""


def find_removals(plan: Plan) -> list[Change]:
    """Return the changes that take something away, the most severe first."""
    found = [change for change in plan.changes if change.action in REMOVES]
    return sorted(found, key=lambda change: -change.action.severity)


def list_violations(plan: Plan) -> list[tuple[str, str, Sequence[Violation]]]:
    """Return the violations under their titles, and the effect of each title."""
    return [
        ("Guardrail violations", ": apply is blocked", refusals(plan.violations)),
        ("Reviewed guardrail exceptions", "", [v for v in plan.violations if v.allowed]),
    ]


def list_reasons(plan: Plan) -> list[tuple[str, str, Sequence[tuple[Address, str]]]]:
    """Return the objects that are not changed for a reason: title, its meaning, objects."""
    stale = [(skipped.address, skipped.reason) for skipped in plan.stale]
    return [
        ("Unknown", "could not be read; nothing is planned", plan.unknown),
        ("Blocked", "not as declared, not changed", plan.blocked),
        ("Stale", "changed since the plan was made, not applied", stale),
    ]


def list_undeclared(plan: Plan) -> list[tuple[str, str, list[str]]]:
    """Return the objects that no file declares: title, its meaning, names."""
    unmanaged = sorted(set(plan.unmanaged) - set(plan.orphaned))
    return [
        (title, meaning, [with_label(address, plan.labels) for address in addresses])
        for title, meaning, addresses in (
            ("Orphaned", "applied once, in no file any more; not changed", plan.orphaned),
            ("Unmanaged", "in the shop, not in your files; not changed", unmanaged),
        )
    ]


def mentioned_labels(plan: Plan) -> dict[str, str]:
    """Return the names of unchanged objects that the sentences of a plan mention, by address."""
    warnings = (*plan.warnings, *plan.look_alikes)
    reasons = [reason for _, _, found in list_reasons(plan) for _, reason in found]
    sentences = (
        *(warning.message for warning in warnings),
        *(violation.message for violation in plan.violations),
        *(change.reason for change in plan.changes if change.needs_reason),
        *reasons,
        *plan.notes,
    )
    mentioned = {address for warning in warnings for address in warning.addresses}
    for sentence in sentences:
        mentioned |= {address for _, address in find_addresses(sentence, plan.labels)}
    left = mentioned - {change.address for change in plan.changes}
    return {str(a): plan.labels[a] for a in sorted(left) if a in plan.labels}


def list_look_alikes(plan: Plan) -> tuple[str, str, list[str]]:
    """Return the pairs of keys that look alike: title, what to do, sentences."""
    pairs = [
        f"{', '.join(with_label(a, plan.labels) for a in warning.addresses)}: {warning.message}"
        for warning in plan.look_alikes
    ]
    return (
        "Look-alike keys",
        "both are in the shop; remove one in DealPOS if they are one object",
        pairs,
    )


def summarize_plan(plan: Plan) -> Verdict:
    """Return the one line that a reader must know."""
    warned = f"; {plural(len(plan.warnings), 'warning')}" if plan.warnings else ""
    if refused := refusals(plan.violations):
        text = f"Blocked by guardrails: {plural(len(refused), 'violation')}"
        return Verdict("refused", text + warned)
    if plan.unknown:
        unread = f"{plural(len(plan.unknown), 'object')} could not be read"
        return Verdict("careful", f"Incomplete: {unread}; {_count_planned(plan)}{warned}")
    days = plural(len({step.day[:10] for step in plan.coming}), "coming day")
    later = f"; more on {days}" if plan.coming else ""
    if find_removals(plan):
        return Verdict("careful", _count_planned(plan) + later + warned)
    if plan.changes:
        tone = "careful" if warned else "change"
        return Verdict(tone, f"{_count_planned(plan)}, no removals{later}{warned}")
    if plan.publication:
        return Verdict("change", f"No changes in the shop; a release is published{warned}")
    if plan.blocked:
        blocked = plural(len(plan.blocked), "object")
        return Verdict("careful", f"No changes; {blocked} blocked{warned}")
    if plan.coming:
        return Verdict("change", f"No changes now; changes on {days}")
    return Verdict("calm", "No changes: the shop matches the files")


def _count_planned(plan: Plan) -> str:
    removed = find_removals(plan)
    replaced = sum(change.action is Action.REPLACE for change in removed)
    counts = {
        "removal": len(removed) - replaced,
        "replacement": replaced,
        "other change" if removed else "change": len(plan.changes) - len(removed),
    }
    parts = [plural(number, noun) for noun, number in counts.items() if number]
    return ", ".join(parts) or plural(0, "change")


def interruption_line(plan: Plan) -> str:
    """Return after how many of the writes a run may end; empty for a plan without writes."""
    checked = plan.interruptions
    # One form for every number, for those who search a log for it.
    safe = f"{checked.safe:,} of {checked.points:,} stop points are safe"
    return safe if checked.points else ""


def explain_as_of(plan: Plan) -> str:
    """Return what a plan for another day is made of."""
    return f"{plan.as_of}. Files as of then, shop as it is now. This plan cannot be applied."


def provider_line(plan: Plan, kinds: Kinds) -> str:
    """Return the release that an apply publishes; empty for a plan that publishes none."""
    made = plan.publication
    if made is None:
        return ""
    own = Counter(c.action for c in plan.changes if kinds[c.address.kind].home != SHOP)
    parts = [f"{own[action]:,} to {action.value}" for action in Action if own[action]]
    parts += [plain(said) for said in made.settings]
    former = f"{made.previous:,} → " if made.previous else ""
    place = f" at {plain(made.place)}"
    return f"{', '.join(parts)}; release {former}{made.number:,}{place}"


def usage_line(plan: Plan, usage: ApiUsage, finish: str | None = None) -> str:
    """Return the requests that the plan used and an apply needs, and when that would be done."""
    used = f"{plural(usage.reads, 'request')} used by this plan"
    if plan.empty:
        return used
    own = ", its own reads included" if usage.repeated else ""
    end = f", finished at about {finish} if started now" if finish else ""
    return (
        f"{used}; apply needs {plural(usage.requests, 'request')}{own} "
        f"({plural(usage.windows, 'rate-limit window')}, {duration(usage.seconds)}){end}"
    )


def closing_line(plan: Plan) -> str:
    """Return the one line to grep for: the number of objects by what happens to them."""
    counts = plan.counts()
    rest = [] if plan.unchanged is None else [f"{plan.unchanged:,} unchanged"]
    rest += [f"{counts[name]:,} {name}" for name in ("blocked", "unknown") if counts[name]]
    rest += [f"{len(plan.stale):,} stale"] if plan.stale else []
    refused = refusals(plan.violations)
    rest += [plural(len(refused), "violation")] if refused else []
    verbs = [
        f"{counts[action.value]:,} to {action.value}"
        for action in Action
        if counts.get(action.value) or action in (Action.CREATE, Action.UPDATE)
    ]
    last = f" {', '.join(rest)}." if rest else ""
    return f"Plan: {'no changes' if plan.empty else ', '.join(verbs)}.{last}"


def rank_changes(changes: Iterable[Change], kinds: Kinds) -> list[Change]:
    """Return changes by importance: removals, sales below cost, then the largest price moves."""
    return sorted(changes, key=lambda change: _rank(change, kinds))


def _rank(change: Change, kinds: Kinds) -> tuple[int, bool, float]:
    sold = moved_sales(change, kinds)
    severity = change.action.severity if change.action in REMOVES else 0
    steepest = max((abs(float(sale.percent or 0)) for sale in sold), default=0.0)
    return -severity, not any(sale.falls_below_cost for sale in sold), -steepest


def explain_exceptions(plan: Plan) -> str:
    """Return the effect of the exceptions that `list_exceptions` finds."""
    return "allow the violations" if refusals(plan.violations) else "create the blocked objects"


def list_exceptions(plan: Plan) -> list[Needed]:
    """Return the exceptions that would allow violations and blocked objects."""
    blocked = (Needed(rule, a) for a, reason in plan.blocked for rule in _EXCEPTION.findall(reason))
    return [*map(find_exception, refusals(plan.violations)), *blocked]


def find_exception(violation: Violation) -> Needed:
    """Return the exception that would allow a violation."""
    return Needed(violation.rule, violation.address, violation.day[:10])


def allow_block(exceptions: Iterable[Needed], made_at: str) -> list[str]:
    """Return the lines of YAML that make exceptions for a month or until their day, each once."""
    until = "YYYY-MM-DD"
    if made_at:
        until = (date.fromisoformat(made_at[:10]) + timedelta(days=EXCEPTION_DAYS)).isoformat()
    ends: dict[tuple[str, Address | None], str] = {}
    for rule, address, day in exceptions:
        ends[rule, address] = max(ends.get((rule, address), ""), until, day)
    lines = ["allow:"] if ends else []
    for (rule, address), end in ends.items():
        about = f", address: {_write_address(address)}" if address else ""
        lines.append(f"  - {{rule: {rule}{about}, reason: say why, until: {end}}}")
    return lines


def _write_address(address: Address) -> str:
    """Return an address as YAML that means this object alone, wherever it is pasted."""
    text = escape_placeholders(str(address))
    if _PLAIN.fullmatch(text):
        return text
    # A fence of Markdown ends at three ticks, and a line that is wrapped loses double spaces.
    return re.sub("`|(?<= ) ", lambda c: escape_character(c[0]), quote(text))


def violation_line(violation: Violation, labels: ObjectLabels) -> str:
    """Return a violation in one sentence, after its rule and its object."""
    about = f" {with_label(violation.address, labels)}" if violation.address else ""
    return f"{plain(violation.rule)}{about}: {with_labels(plain(violation.message), labels)}"
