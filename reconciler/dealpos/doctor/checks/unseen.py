"""Fields that no read of a kind has shown: they cannot be compared in this shop."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kind, Kinds
from reconciler.dealpos.doctor.evidence import Evidence, shown
from reconciler.dealpos.doctor.finding import Finding, note, ok

NAME = "fields"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """What is documented to be readable, and is not there."""
    seen = [kind for kind in kinds.values() if any(evidence.rows(kind.name))]
    lacking = {kind.name: names for kind in seen if (names := _lacking(evidence, kind))}
    if not seen:
        yield note(NAME, "not tried: no object was seen", "run this again when there is one")
    elif lacking:
        told = "; ".join(f"{name}: {', '.join(fields)}" for name, fields in lacking.items())
        step = "nothing: they are not compared, and an update leaves them out and says so"
        yield note(NAME, f"shown by no read, or empty everywhere: {told}", step)
    else:
        yield ok(NAME, "every field that can be compared is shown")


def _lacking(evidence: Evidence, kind: Kind) -> list[str]:
    fields = {name for row in evidence.rows(kind.name) for name in shown(kind, row)}
    readable = [name for name, _, _ in kind.readable if kind.fields[name].comparable]
    return [name for name in readable if name not in fields]
