"""Past applies of a ledger, as a list and as a document."""

from __future__ import annotations

from collections import Counter
from typing import Any

from dealpos_reconciler.ledger.backend import LedgerSnapshot
from dealpos_reconciler.render.words import COMMIT_CHARACTERS, amount, plain, plural, shorten_commit


def history_text(held: LedgerSnapshot, store: str) -> str:
    """Return a line for each apply, the latest first."""
    applies = held.ledger.applies
    lines = [f"Store: {plain(store)}", ""]
    for run in reversed(applies):
        counts = Counter(run.changes.values())
        changes = ", ".join(f"{amount(number)} {verb}" for verb, number in counts.items())
        commit = shorten_commit(run.commit) or "no commit"
        lines.append(plain(f"{run.when}  {commit:<{COMMIT_CHARACTERS + 1}}  {changes}"))
    lines += [""] if applies else []
    if held.lock:
        since = f"Another apply is running since {held.lock.since} {held.lock.by}"
        lines.append(plain(since.rstrip()))
    lines.append(
        f"History: {amount(len(applies))} {'apply' if len(applies) == 1 else 'applies'}, "
        f"{plural(len(held.ledger.entries), 'object')} in the ledger"
    )
    return "\n".join(lines) + "\n"


def history_document(held: LedgerSnapshot, store: str) -> dict[str, Any]:
    """Return the same for programs, with the address of every object."""
    lock = held.lock
    return {
        "store": store,
        "applies": [
            {
                "when": run.when,
                "commit": run.commit or None,
                "summary": dict(Counter(run.changes.values())),
                "changes": [{"address": str(a), "action": v} for a, v in run.changes.items()],
            }
            for run in reversed(held.ledger.applies)
        ],
        "objects": len(held.ledger.entries),
        "applying": {"since": lock.since, "until": lock.until} if lock else None,
    }
