"""Checks of each read that the tool needs: the route, its form, and its "not found".

A kind whose read is missing can often be read in another way, which costs more requests and
nothing else. `reading.read` decides that; these checks explain it. How a read answers for a code
that does not exist is undocumented (dealpos-api.md §4, §13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.dealpos.doctor.evidence import Evidence, Purpose, Question, Reply
from dealpos_reconciler.dealpos.doctor.finding import CheckResult, error, ok, skip, warning
from dealpos_reconciler.dealpos.operations import NOT_FOUND_STATUSES, OPERATIONS
from dealpos_reconciler.dealpos.rows import describe_shape

NOT_FOUND = "not found"
BATCH = "batch with unknown codes"

_TRY_AGAIN = "run the doctor again; if this line stays, show it to DealPOS"
_PLAN_FINDS_OUT = "no action needed: 'plan' finds it out when it needs it"

_BATCHES = (Purpose.BATCH_KNOWN, Purpose.BATCH)
"""The questions about a batch, the best first."""

Verdict = Callable[[str, str, str], CheckResult]


def check_operations(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check every read of every kind."""
    for kind in kinds.values():
        for read, purposes in (
            (kind.reads.listing, (Purpose.LISTING,)),
            (kind.reads.batch, _BATCHES),
            (kind.reads.single, (Purpose.KNOWN, Purpose.UNKNOWN)),
            (kind.reads.other, (Purpose.OTHER,)),
        ):
            if read and (read is not kind.reads.other or evidence.question(kind.name, *purposes)):
                yield _check_read(evidence, kinds, kind, read.operation, purposes)


def _check_read(
    evidence: Evidence, kinds: Kinds, kind: Kind, operation: str, purposes: tuple[Purpose, ...]
) -> CheckResult:
    right = OPERATIONS[operation].right
    question = next((q for p in purposes if (q := evidence.question(kind.name, p))), None)
    if question is None:
        return skip(operation, f"skipped: it needs {right} too")
    if question.reply is Reply.UNASKED:
        return skip(operation, question.failure, question.hint)
    if question.purpose is Purpose.UNKNOWN:
        return _describe_unknown_only(evidence, kind, question)
    if question.is_answered:
        return _describe_answer(evidence, kind, question)
    if evidence.token_always_refused:
        return skip(operation, f"{question.route}: HTTP {question.status}")
    if question.reply is Reply.FORBIDDEN:
        found = f"{question.route}: permission denied (HTTP {question.status})"
        return error(operation, found, f"add {right} to the group of the API client in DealPOS")
    verdict, step = _judge_missing_read(evidence, kinds, kind, question)
    return verdict(operation, _describe_failure(question), step)


def _describe_failure(question: Question) -> str:
    if question.reply is Reply.NOT_OFFERED:
        return f"not offered: {', '.join(dict.fromkeys(question.routes))}"
    return f"{question.route}: {question.failure}" if question.route else question.failure


def _describe_unknown_only(evidence: Evidence, kind: Kind, question: Question) -> CheckResult:
    """Describe a read that could only be asked for an object that does not exist.

    Its "not found" may also mean that the operation is not offered.
    """
    operation = question.operation
    if _is_surely_missing(question):
        if not evidence.has_answer(kind, Purpose.LISTING):
            return error(operation, _describe_failure(question), _TRY_AGAIN)
        step = f"no action needed while the shop has no {kind.name}; run the doctor again then"
        return warning(operation, _describe_failure(question), step)
    if question.status == 404 or question.reply is Reply.NOT_OFFERED:
        found = (
            f"unknown: the shop has no {kind.name} to test with (a missing one returns HTTP 404)"
        )
        return warning(operation, found, f"run the doctor again when the shop has a {kind.name}")
    if question.reply in (Reply.REFUSED, Reply.ANSWERED):
        return ok(operation, f"{question.route} (the shop has no {kind.name} to test with)")
    return warning(operation, f"{question.route}: HTTP {question.status}", _PLAN_FINDS_OUT)


def _describe_answer(evidence: Evidence, kind: Kind, question: Question) -> CheckResult:
    operation, route = question.operation, question.route
    if broken := _unusable_row(kind, question):
        return error(operation, f"{route}: {broken}", "report this line")
    refused = question.refused_routes
    others = f" (not offered: {', '.join(refused)})" if refused else ""
    if question.purpose is Purpose.KNOWN and not question.rows:
        found = f"{route} answers {question.envelope} for an object that a list returns{others}"
        return warning(operation, found, f"a {kind.name} that no other read shows stays unknown")
    is_empty = question.purpose is Purpose.LISTING and not question.rows
    if is_empty and any(evidence.rows(kind.name)):
        found = f"{route} returns an empty list, although the shop has a {kind.name}"
        return warning(operation, found, "no action needed: missing objects are read by name")
    return ok(operation, f"{route}: {_describe_size(question)}{others}")


def _describe_size(question: Question) -> str:
    if question.purpose in (Purpose.KNOWN, Purpose.OTHER):
        return "one object"
    total = f" of {question.total:,}" if question.total is not None else ""
    rows = "row" if len(question.rows) == 1 and not total else "rows"
    return f"{question.envelope}, {len(question.rows):,}{total} {rows}"


def _unusable_row(kind: Kind, question: Question) -> str | None:
    for row in question.rows:
        if kind.identity_of(row) is None:
            return f"rows have no {kind.identity} (they are {describe_shape(row)})"
        try:
            kind.decode(row)
        except (ValueError, TypeError, AttributeError) as error:
            return f"a row cannot be read: {error}"
    return None


def _judge_missing_read(
    evidence: Evidence, kinds: Kinds, kind: Kind, question: Question
) -> tuple[Verdict, str]:
    single = kind.reads.single
    if question.purpose in (Purpose.KNOWN, Purpose.OTHER):
        return _judge_missing_single(evidence, kinds, kind, question)
    if question.purpose in _BATCHES:
        if evidence.has_answer(kind, Purpose.LISTING):
            return warning, "no action needed: lists are read instead"
        return error, _TRY_AGAIN
    if question.reply is Reply.NOT_OFFERED and _can_be_named(evidence, kind):
        effect = "objects are read one by one (1 request each)"
        if single and not evidence.has_answer(kind, Purpose.KNOWN):
            return warning, f"no action needed if {single.operation} answers: {effect}"
        return warning, f"no action needed: {effect}"
    if evidence.has_answer(kind, *_BATCHES):
        return warning, "no action needed: objects are read by code, 100 in a request"
    return error, _TRY_AGAIN


def _judge_missing_single(
    evidence: Evidence, kinds: Kinds, kind: Kind, question: Question
) -> tuple[Verdict, str]:
    """Return what follows where no single object can be read, so that it proves no absence."""
    if any(kind.is_retired(row) for row in evidence.rows(kind.name)):
        return warning, f"no action needed: lists include {kind.retire} {kind.collection}"
    if question.reply is Reply.NOT_OFFERED and evidence.has_answer(kind, Purpose.LISTING):
        # dealpos-api.md §6.4, §9: two generations print no read of a single product or customer.
        child = next((k for k in kinds.values() if k.parent_kind == kind.name), None)
        if child and _can_prove_absence(evidence, child):
            return warning, (
                f"no action needed: a {kind.name} missing from the list is new where none of its "
                f"{child.collection} exists, and unknown otherwise"
            )
        other = kind.reads.other
        if other and evidence.has_answer(kind, Purpose.OTHER):
            return warning, (
                f"no action needed: {kind.collection} are read by {other.field}; declare the "
                f"{other.field} of each"
            )
        if not kind.reads.prefer_listing:
            # The files name a few of many, which seldom change.
            return warning, (
                f"enter new and changed {kind.collection} in DealPOS: they are compared as far as "
                "the list returns them, and not written"
            )
    return error, f"{_TRY_AGAIN}. Until then, new {kind.collection} stay unknown"


def _can_prove_absence(evidence: Evidence, kind: Kind) -> bool:
    """Return whether reads of a kind show what does not exist, as `reading.read` judges it."""
    if not evidence.has_answer(kind, Purpose.LISTING, *_BATCHES):
        return False
    known = evidence.question(kind.name, Purpose.KNOWN)
    is_open = known is None or known.is_answered or known.reply is Reply.UNASKED
    return is_open or any(kind.is_retired(row) for row in evidence.rows(kind.name))


def _can_be_named(evidence: Evidence, kind: Kind) -> bool:
    """Return whether objects can be read by name, or nothing speaks against it."""
    if evidence.has_answer(kind, Purpose.KNOWN, *_BATCHES):
        return True
    if kind.reads.single is None or evidence.question(kind.name, Purpose.KNOWN):
        return False
    unknown = evidence.question(kind.name, Purpose.UNKNOWN)
    return unknown is None or not _is_surely_missing(unknown)


def _is_surely_missing(question: Question) -> bool:
    """Return whether no route is offered, and none answered a 404, which may mean "not found"."""
    refused = {r.status for r in question.records if r.operation == question.operation}
    return question.reply is Reply.NOT_OFFERED and 404 not in refused


def check_not_found(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Name the answers of single reads; one that may mean something else is a warning."""
    forms: dict[tuple[str, bool], list[str]] = {}
    for question in evidence.questions_for(Purpose.UNKNOWN):
        if question.reply not in (Reply.UNASKED, Reply.FORBIDDEN):
            forms.setdefault(_answer_form(question), []).append(question.kind)
    found = "; ".join(f"{', '.join(names)}: {text}" for (text, _), names in forms.items())
    if not forms:
        unasked = (q for q in evidence.questions_for(Purpose.UNKNOWN) if q.hint)
        spent = ((question.failure, question.hint) for question in unasked)
        yield skip(NOT_FOUND, *next(spent, ("skipped: no single read was possible", None)))
    elif all(is_plain for _, is_plain in forms):
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
        found = f"one unknown code refuses the whole batch (HTTP {question.status})"
        step = "no action needed: lists are read instead when new objects are declared"
        return warning(BATCH, f"{question.operation}: {found}", step)
    return skip(BATCH, f"unknown: {question.operation} does not answer")


def _answer_form(question: Question) -> tuple[str, bool]:
    """Return the answer in words, and whether it is a plain "not found"."""
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
