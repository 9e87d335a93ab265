"""What a single read answers for an object that does not exist (API §4: undocumented)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Outcome, Purpose
from reconciler.dealpos.doctor.finding import Finding, note, ok, untried

NAME = "not found"

_NO = frozenset({400, 404})


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """The answers, and the kinds that give them; what cannot be taken for a no is a note."""
    forms: dict[tuple[str, bool], list[str]] = {}
    for asked in evidence.every(Purpose.UNKNOWN):
        if asked.outcome not in (Outcome.UNASKED, Outcome.FORBIDDEN):
            forms.setdefault(_form(asked), []).append(asked.kind)
    if not forms:
        put_off = next((a for a in evidence.every(Purpose.UNKNOWN) if a.hint), None)
        if put_off:
            yield note(NAME, put_off.detail, put_off.hint)
        else:
            yield untried(NAME, "not tried: no single read was possible")
        return
    found = "; ".join(f"{', '.join(names)}: {text}" for (text, _), names in forms.items())
    if all(plain for _, plain in forms):
        yield ok(NAME, found)
    else:
        step = "nothing: it counts as a no only where the same read finds other objects"
        yield note(NAME, found, step)


def _form(asked: Asked) -> tuple[str, bool]:
    """How the answer looks, and whether it is a plain no."""
    if asked.rows:
        return "an object, though none can have this code", False
    if asked.answered:
        empty = bool(asked.exchanges) and asked.exchanges[-1].size == 0
        what = {"nothing": "no body" if empty else "null"}.get(asked.form, asked.form)
        return f"HTTP {asked.status} with {what}", True
    if asked.status == 0:
        return "the answer was lost", False
    return f"HTTP {asked.status}", asked.status in _NO
