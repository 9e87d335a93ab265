"""Guardrail violations of a plan, as text and as data, and the exceptions that would allow them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from reconciler.core.model.address import Source
from reconciler.core.plan.plan import Plan, Violation, refusals
from reconciler.render.view import View
from reconciler.render.words import ObjectLabels, plain, plural, with_label, with_labels

EXCEPTION_DAYS = 30
_BARE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")


def violations_text(plan: Plan, view: View) -> Iterator[str]:
    """Yield the violations that block an apply and how to allow them, then allowed ones."""
    refused = refusals(plan.violations)
    paint = view.paint
    if refused:
        count = plural(len(refused), "violation")
        yield paint("red", f"Blocked by guardrails: {count}. 'apply' will refuse this plan.")
        for violation in refused:
            yield f"  {paint('red', '✗')} {_line(violation, plan.labels)}"
        yield "  Fix the values, or add an exception to a catalogue file so that it is reviewed:"
        yield ""
        yield from (f"    {line}" for line in allow_block(refused, view.made_at))
        yield ""
    allowed = [violation for violation in plan.violations if violation.allowed]
    if allowed:
        yield f"Allowed by a reviewed exception: {plural(len(allowed), 'violation')}"
        for violation in allowed:
            assert violation.allowed is not None
            yield f"  ✓ {_line(violation, plan.labels)}"
            reason = plain(violation.allowed.reason)
            until = violation.allowed.until
            yield f"      until {until}: {reason}  {_place(violation.allowed.source)}"
        yield ""


def allow_block(violations: Iterable[Violation], made_at: str) -> list[str]:
    """Return the lines of YAML that allow violations for a month, each object once."""
    until = "YYYY-MM-DD"
    if made_at:
        until = (date.fromisoformat(made_at[:10]) + timedelta(days=EXCEPTION_DAYS)).isoformat()
    wanted = dict.fromkeys((violation.rule, violation.address) for violation in violations)
    lines = ["allow:"]
    for rule, address in wanted:
        about = f", address: {_scalar(str(address))}" if address else ""
        lines.append(f"  - {{rule: {rule}{about}, reason: say why, until: {until}}}")
    return lines


def _scalar(text: str) -> str:
    """Return a text as YAML that may stand between braces; double quotes are as in JSON."""
    if _BARE.fullmatch(text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text)


def violation_line(violation: Violation, labels: ObjectLabels) -> str:
    """Return a violation in one sentence, after its rule and its object."""
    about = f" {with_label(violation.address, labels)}" if violation.address else ""
    return f"{plain(violation.rule)}{about}: {violation_sentence(violation, labels)}"


def violation_sentence(violation: Violation, labels: ObjectLabels) -> str:
    """Return the sentence of a violation, with the names of the objects in it."""
    return with_labels(plain(violation.message), labels)


def _line(violation: Violation, labels: ObjectLabels) -> str:
    where = f"  {_place(violation.source)}" if violation.source else ""
    return violation_line(violation, labels) + where


def _place(source: Source) -> str:
    return plain(f"{source.file}:{source.line}:{source.column}")
