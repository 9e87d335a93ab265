"""Refuse a plan that violates a guardrail, and files of which every plan for a new shop would."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reconciler.catalogue.files import Files
from reconciler.catalogue.settings import load
from reconciler.core.diff.diff import create_object
from reconciler.core.model.desired import Desired
from reconciler.core.model.live import Live
from reconciler.core.plan.labels import Labels
from reconciler.core.plan.plan import Plan, Violation, refusals
from reconciler.errors import Problem, Refused
from reconciler.guardrails.guardrail import PlanContext, run_guardrails
from reconciler.kinds import KINDS
from reconciler.render.sections import allow_block, violation_line
from reconciler.workflows.open_shop import today


def refuse_declared_violations(folder: Path, desired: Desired) -> list[str]:
    """Raise Refused for declared values that violate a guardrail, as if every object were new.

    Return the names of the guardrails that need the shop and were not checked.
    """
    settings = load(folder)
    rules = {name: rule for name, rule in settings.guardrails.items() if rule.judges_files}
    changes = tuple(
        create_object(KINDS[a.kind], a, declared.value, "declared", declared.source)
        for a, declared in desired
        if not declared.removed
    )
    plan = Plan("", changes, labels=Labels(desired, Live(), KINDS))
    context = PlanContext(plan, desired, Live(), KINDS, today(), partial=True)
    violations, _ = run_guardrails(rules, context, Files(settings.root).locate)
    refuse_violations(Plan("", violations=violations, labels=plan.labels))
    return [name for name in settings.guardrails if name not in rules]


def refuse_violations(plan: Plan, *, shown: bool = False) -> None:
    """Raise Refused when a guardrail refuses the plan; before anything is written.

    It repeats no violation that was `shown` with the plan.
    """
    if found := refusals(plan.violations):
        if shown:
            raise Refused(len(found))
        problems = [
            Problem(*(v.source or ("", 0, 0)), violation_line(v, plan.labels), _ended_exception(v))
            for v in found
        ]
        raise Refused(len(found), problems, allow_block(found, datetime.now(UTC).isoformat()))


def _ended_exception(violation: Violation) -> str | None:
    if (was := violation.ended) is None:
        return None
    place = f"{was.source.file}:{was.source.line}:{was.source.column}"
    return f"its exception at {place} ended on {was.until}; renew it, or fix the value"
