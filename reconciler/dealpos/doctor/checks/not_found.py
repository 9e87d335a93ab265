"""Checks of "not found": how single and batch reads answer for a code that does not exist.

dealpos-api.md §4, §13: both are undocumented.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence, Purpose, Question, Reply
from reconciler.dealpos.doctor.finding import CheckResult, ok, skip, warning
from reconciler.dealpos.operations import NOT_FOUND_STATUSES

NOT_FOUND = "not found"
BATCH = "batch with unknown codes"


def check_not_found(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Name the answers of single reads; one that may mean something else is a warning."""
    forms: dict[tuple[str, bool], list[str]] = {}
    for question in evidence.questions_for(Purpose.UNKNOWN):
        if question.reply not in (Reply.UNASKED, Reply.FORBIDDEN):
            forms.setdefault(_answer_form(question), []).append(question.kind)
    if not forms:
        over_budget = next((q for q in evidence.questions_for(Purpose.UNKNOWN) if q.hint), None)
        reason = over_budget.failure if over_budget else "skipped: no single read was possible"
        yield skip(NOT_FOUND, reason, over_budget.hint if over_budget else None)
        return
    found = "; ".join(f"{', '.join(names)}: {text}" for (text, _), names in forms.items())
    if all(is_plain for _, is_plain in forms):
        yield ok(NOT_FOUND, found)
    else:
        step = 'no action needed: it means "not found" only where the read finds other objects'
        yield warning(NOT_FOUND, found, step)


def check_batch(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check whether a batch leaves out an unknown code, or is refused as a whole."""
    batches = [q for q in evidence.questions_for(Purpose.BATCH) if q.reply is not Reply.UNASKED]
    if not batches:
        yield skip(BATCH, "skipped: no batch read was possible")
    for question in batches:
        yield _check_one_batch(evidence, question)


def _check_one_batch(evidence: Evidence, question: Question) -> CheckResult:
    if question.is_answered:
        form = "returned as null" if question.nulls else "left out"
        return ok(BATCH, f"{question.operation}: an unknown code is {form}")
    known = evidence.question(question.kind, Purpose.BATCH_KNOWN)
    if known is not None and known.is_answered:
        return warning(
            BATCH,
            f"{question.operation}: one unknown code refuses the whole batch "
            f"(HTTP {question.status})",
            "no action needed: lists are read instead when new objects are declared",
        )
    return skip(BATCH, f"unknown: {question.operation} does not answer")


def _answer_form(question: Question) -> tuple[str, bool]:
    """Return what the answer looks like, and whether it is a plain "not found"."""
    if question.rows:
        return "an object, although none has this code", False
    if question.is_answered:
        is_empty = bool(question.records) and question.records[-1].size == 0
        body = {"nothing": "no body" if is_empty else "null"}
        content = body.get(question.envelope, question.envelope)
        return f"HTTP {question.status} with {content}", True
    if question.status == 0:
        return "the response was lost", False
    return f"HTTP {question.status}", question.status in NOT_FOUND_STATUSES
