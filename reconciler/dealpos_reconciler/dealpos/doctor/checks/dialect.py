"""Checks of the API dialect: generation, fields that are never returned, value formats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from dealpos_reconciler.core.model.kind import Kind, Kinds
from dealpos_reconciler.dealpos.doctor.evidence import Evidence, Purpose, Reply
from dealpos_reconciler.dealpos.doctor.finding import CheckResult, ok, warning
from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.dealpos.rows import Row

GENERATION = "API generation"
FIELDS = "fields"
VALUE_FORMATS = "value formats"

_NO_OBJECT = "skipped: the shop has no object to test with"
_TRY_LATER = "run the doctor again when the shop has an object"
_GENERATIONS = "ABC"
_FORMATS = {
    (int, str): "numbers as text",
    (int, float): "whole numbers with a fraction (100.0)",
    (bool, str): "booleans as words",
    (bool, int): "booleans as numbers",
}


def check_generation(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Name the API generations that print all routes that answered (dealpos-api.md §0).

    Only single reads show it: a list may answer although it ignores where its parameters are.
    """
    answered, missing = _telling_routes(evidence)
    if not (answered or missing):
        step = "no action needed: each read uses the route that answers"
        yield warning(GENERATION, "unknown: no object was read by itself", step)
        return
    fits = set(_GENERATIONS).intersection(*answered.values()).difference(*missing.values())
    parts = [f"answered: {_with_generations(answered)}"] if answered else []
    parts += [f"not offered: {_with_generations(missing)}"] if missing else []
    name = " or ".join(sorted(fits)) or "mixed API generations"
    yield ok(GENERATION, f"{name} ({'; '.join(parts)})")


def check_fields(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Name the fields that the documentation shows and this shop has not returned."""
    seen = [kind for kind in kinds.values() if any(evidence.rows(kind.name))]
    missing = {kind.name: names for kind in seen if (names := _missing_fields(evidence, kind))}
    if not seen:
        yield warning(FIELDS, _NO_OBJECT, _TRY_LATER)
    elif missing:
        fields = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in missing.items())
        step = "no action needed: they are not compared; a plan lists what an update leaves out"
        yield warning(FIELDS, f"never returned, or empty in every object: {fields}", step)
    else:
        yield ok(FIELDS, "every field that can be compared is returned")


def check_value_formats(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Name formats that differ from the documented ones (dealpos-api.md §13, §14 #7)."""
    rows = [(kind, row) for kind in kinds.values() for row in evidence.rows(kind.name)]
    formats = sorted({text for kind, row in rows for text in _odd_formats(kind, row)})
    if not rows:
        yield warning(VALUE_FORMATS, _NO_OBJECT, _TRY_LATER)
    elif formats:
        yield warning(VALUE_FORMATS, "; ".join(formats), "no action needed: they are understood")
    else:
        yield ok(VALUE_FORMATS, "as documented")


def _telling_routes(evidence: Evidence) -> tuple[dict[str, str], dict[str, str]]:
    """Return routes that answered and routes that are not offered, each with its generations.

    Routes that every generation prints say nothing, and are left out.
    """
    answered, missing = {}, {}
    for question in evidence.questions_for(Purpose.KNOWN):
        is_offered = question.reply is not Reply.NOT_OFFERED
        not_offered = question.refused_routes if is_offered else question.routes
        for route in OPERATIONS[question.operation].routes:
            name = f"{route.method} {route.path}"
            if route.generations == _GENERATIONS:
                continue
            if name in not_offered:
                missing[name] = route.generations
            elif question.rows and name == question.route:
                answered[name] = route.generations
    return answered, missing


def _with_generations(routes: dict[str, str]) -> str:
    return ", ".join(f"{route} ({', '.join(letters)})" for route, letters in routes.items())


def _missing_fields(evidence: Evidence, kind: Kind) -> list[str]:
    fields: set[str] = set()
    for row in evidence.rows(kind.name):
        with suppress(ValueError, TypeError, AttributeError):
            fields.update(kind.decode(row))
    readable = [name for name, _, _ in kind.read_fields if kind.fields[name].comparable]
    return [name for name in readable if name not in fields]


def _odd_formats(kind: Kind, row: Row) -> Iterator[str]:
    for _, keys, codec in kind.read_fields:
        raw = next((row[key] for key in keys if key in row), None)
        is_plain = isinstance(raw, float) and not raw.is_integer()  # cents
        if codec.plain and not is_plain and (text := _FORMATS.get((codec.plain, type(raw)))):
            yield text
