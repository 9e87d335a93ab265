"""What guardrails have against a plan, as text and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.core.model.address import Source
from reconciler.core.model.desired import Allowance
from reconciler.core.plan.violation import Violation, refusals
from reconciler.render.words import counted, plain

if TYPE_CHECKING:
    from reconciler.core.plan.plan import Plan
    from reconciler.render.plan import documents
    from reconciler.render.view import Paint


def violations_text(plan: Plan, paint: Paint) -> Iterator[str]:
    """What refuses the apply and the way out of it, then what is allowed and why."""
    refused = refusals(plan.violations)
    if refused:
        count = counted(len(refused), "violation")
        yield paint("red", f"Guardrails ({count}; an apply is refused):")
        for violation in refused:
            yield f"  {paint('red', '✗')} {_line(violation)}"
            yield f"      {plain(violation.hint)}"
        yield ""
    allowed = [violation for violation in plan.violations if violation.allowed]
    if allowed:
        yield f"Allowed by a reviewed exception ({counted(len(allowed), 'violation')}):"
        for violation in allowed:
            assert violation.allowed is not None
            yield f"  ✓ {_line(violation)}"
            reason = plain(violation.allowed.reason)
            until = violation.allowed.until
            yield f"      until {until}: {reason}  {_place(violation.allowed.source)}"
        yield ""


def told(violation: Violation) -> str:
    """One line: rule, object, what would happen, and the limit."""
    about = f" {violation.address}" if violation.address else ""
    return plain(f"{violation.rule}{about}: {violation.message}")


def _line(violation: Violation) -> str:
    """The same with the line of the file that asks for it."""
    place = f"  {_place(violation.source)}" if violation.source else ""
    return told(violation) + place


def _place(source: Source) -> str:
    return plain(f"{source.file}:{source.line}:{source.column}")


def violation_document(violation: Violation) -> documents.Violation:
    """A violation as data."""
    return {
        "rule": violation.rule,
        "message": violation.message,
        "measured": violation.measured,
        "limit": violation.limit,
        "unit": violation.unit,
        "address": str(violation.address) if violation.address else None,
        "source": _source(violation.source) if violation.source else None,
        "hint": violation.hint,
        "allowed": _allowed(violation.allowed) if violation.allowed else None,
    }


def _allowed(allowance: Allowance) -> documents.Allowed:
    return {
        "reason": allowance.reason,
        "until": allowance.until,
        "source": _source(allowance.source),
    }


def _source(source: Source) -> documents.Source:
    return {"file": source.file, "line": source.line, "column": source.column}
