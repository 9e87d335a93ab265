"""When a failed request is worth another, and after which pause."""

from __future__ import annotations

import random

from reconciler.dealpos.operations import Operation
from reconciler.errors import ApiError, Doubtful, Unreachable, Unreadable, Untrusted

TRIES = 4
"""How often a repeatable request is sent before its error is reported."""


def again(operation: Operation, error: ApiError, attempt: int) -> bool:
    """Whether a failed request is worth another: it is safe, and may go better."""
    if isinstance(error, Untrusted):
        return False
    if isinstance(error, Unreadable):
        # A proxy may have stepped in for a moment; one that stays is an error to report.
        return operation.reads and operation.name != "token" and attempt == 0
    if operation.single and isinstance(error, Doubtful) and error.told:
        return (
            attempt == 0
        )  # it may be how this shop says "not found" (dealpos-api.md §4: undocumented)
    return operation.repeatable or isinstance(error, Unreachable)


def pause(attempt: int) -> float:
    """Seconds before the next try: longer each time, and never the same for two programs."""
    return random.uniform(0.75, 1.25) * min(0.5 * float(2**attempt), 8.0)


def why(error: ApiError) -> str:
    """What went wrong, without what the server said of it, which may name a customer."""
    status = error.status if isinstance(error, Doubtful) else 0
    return f"HTTP {status}" if status else error.detail
