"""Exit codes of the program, the only place that defines them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ERROR: Final = 1
CHANGES: Final = 2
REFUSED: Final = 3
PARTIAL: Final = 4
INTERRUPTED: Final = 130
"""128 and the number of the signal, as shells give it."""

EXIT_CODES: Final = {
    0: "success",
    ERROR: "error, or objects that could not be read",
    CHANGES: "changes or drift found (only with --detailed-exitcode)",
    REFUSED: "a guardrail is violated or a rehearsal failed, nothing was changed",
    PARTIAL: "partly done: something failed, was skipped, is unverified or could not be read",
    INTERRUPTED: "interrupted by Ctrl-C; 143: by a termination signal",
}
"""The meaning of each exit code, for help and docs."""

_RANKS: Final = (0, CHANGES, ERROR, PARTIAL, REFUSED)


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of several shops: 3 before 4, 1 and 2; an interruption before all."""
    return max(codes, key=_rank, default=0)


def _rank(code: int) -> int:
    return _RANKS.index(code) if code in _RANKS else len(_RANKS) + code
