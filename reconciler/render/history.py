"""What was applied, as a list and as a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.ledger.ledger import AppliedRun
from reconciler.ledger.backend import LedgerSnapshot
from reconciler.render.words import counted, plain

_SHORT = 12


def history_text(held: LedgerSnapshot, store: str) -> str:
    """A line for each apply, the latest first."""
    return "\n".join(_lines(held, store)) + "\n"


def _lines(held: LedgerSnapshot, store: str) -> Iterator[str]:
    yield f"Store: {store}"
    yield ""
    for run in reversed(held.ledger.applies):
        made = ", ".join(f"{number:,} {action}" for action, number in _counts(run).items())
        commit = run.commit[:_SHORT] + "+" * run.commit.endswith("+") if run.commit else "no commit"
        yield plain(f"{run.when}  {commit:<{_SHORT + 1}}  {made}")
    if held.ledger.applies:
        yield ""
    if held.lock:
        yield plain(f"applying since {held.lock.since} {held.lock.by}".rstrip())
    yield (
        f"History: {counted(len(held.ledger.applies), 'run')}, "
        f"{counted(len(held.ledger.entries), 'object')} in the ledger"
    )


def history_document(held: LedgerSnapshot, store: str) -> dict[str, Any]:
    """The same for programs, with the address of every object."""
    lease = held.lock
    return {
        "store": store,
        "applies": [
            {
                "when": run.when,
                "commit": run.commit or None,
                "summary": dict(_counts(run)),
                "changes": [{"address": str(a), "action": v} for a, v in run.changes.items()],
            }
            for run in reversed(held.ledger.applies)
        ],
        "objects": len(held.ledger.entries),
        "applying": {"since": lease.since, "until": lease.until} if lease else None,
    }


def _counts(run: AppliedRun) -> Mapping[str, int]:
    return Counter(run.changes.values())
