"""Refuse a plan that violates a guardrail, and files of which every plan for a new shop would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dealpos_reconciler.catalogue.files import Files
from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.diff.change import create_object
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.live import Live
from dealpos_reconciler.core.plan.labels import Labels
from dealpos_reconciler.core.plan.plan import Plan, Violation, refusals
from dealpos_reconciler.errors import Problem, Refused
from dealpos_reconciler.guardrails.guardrail import PlanContext, run_guardrails
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.sections import allow_block, list_exceptions, violation_line
from dealpos_reconciler.workflows.dates.coming import look_at_coming
from dealpos_reconciler.workflows.open_shop import today


def refuse_declared_violations(folder: Path, desired: Desired) -> list[str]:
    """Raise Refused for declared values that violate a guardrail, as if every object were new.

    Return notes: what a plan would refuse for new objects only, and the rules that need the shop.
    """
    settings = load(folder)
    rules = {name: rule for name, rule in settings.guardrails.items() if rule.in_files}
    changes = tuple(
        create_object(KINDS[a.kind], a, declared.value, "declared", declared.source)
        for a, declared in desired
        if not declared.removed
    )
    plan = Plan("", changes, labels=Labels(desired, Live(), KINDS))
    context = PlanContext(plan, desired, Live(), KINDS, today(settings.timezone), partial=True)
    _, later = look_at_coming(context)
    violations, _ = run_guardrails(rules, context, Files(settings.root).locate, later)
    sure = tuple(v for v in violations if rules[v.rule].in_files == "error")
    refuse_violations(Plan("", violations=sure, labels=plan.labels))
    doubtful = [v for v in refusals(violations) if v not in sure]
    notes = [str(problem) for problem in _problems(doubtful, plan.labels)]
    if doubtful:
        notes.append("a plan refuses these unless the shop has them already")
    unchecked = [name for name in settings.guardrails if name not in rules]
    if unchecked:
        notes.append(f"guardrails that need the shop are checked by `plan`: {', '.join(unchecked)}")
    return notes


def refuse_violations(plan: Plan, *, shown: bool = False) -> None:
    """Raise Refused when a guardrail refuses the plan; before anything is written.

    It repeats no violation that was `shown` with the plan.
    """
    if found := refusals(plan.violations):
        if shown:
            raise Refused(len(found))
        problems = _problems(found, plan.labels)
        exceptions = list_exceptions(plan)
        raise Refused(len(found), problems, allow_block(exceptions, datetime.now(UTC).isoformat()))


def _problems(found: Sequence[Violation], labels: Mapping[Address, str]) -> list[Problem]:
    return [
        Problem(*(v.source or ("", 0, 0)), violation_line(v, labels), _ended_exception(v))
        for v in found
    ]


def _ended_exception(violation: Violation) -> str | None:
    if (was := violation.ended) is None:
        return None
    place = f"{was.source.file}:{was.source.line}:{was.source.column}"
    return f"its exception at {place} ended on {was.until}; renew it, or fix the value"
