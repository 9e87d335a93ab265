"""Every error that reconciler raises on purpose, each with its exit code and a hint.

    ReconcilerError                 exit 1
    ├── UsageError                  the command line asks for something that cannot be
    ├── SourceError                 files that cannot be used; carries every Problem at once
    ├── Refused                     exit 3: a guardrail stands before the plan
    ├── Stopped                     Ctrl-C, between two calls
    ├── StoreError                  the store is not configured, or not safe to talk to
    ├── SandboxUnavailable          the embedded shop cannot be opened
    ├── Unremembered                what must be on disk before a write cannot be put there
    ├── LedgerError                 the ledger cannot be read or written
    │   └── Contended               another run is applying, or was faster
    └── ApiError                    the far end; each names the operation
        ├── Unreachable             nothing was sent: no connection, no such host
        │   └── Untrusted           its certificate proves nothing
        ├── Doubtful                sent, but the answer was lost: nobody knows whether it happened
        ├── Unauthorised            credentials or rights refused
        ├── Throttled               the request window stayed closed
        ├── Rejected                the server said no; carries its status and message
        │   └── NotOffered          the server does not have this operation
        ├── NotKept                 accepted, and something else is kept
        │   └── Kept                and it is still there
        ├── Overtaken               what was to be replaced has moved meanwhile
        └── Unreadable              the answer is not what the documentation describes

Edge code raises the narrow error; whoever can decide what it means catches it, `cli.main` the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


class ReconcilerError(Exception):
    """Anything that a user, a network or a server can cause."""

    exit_code = 1
    problems: tuple[Problem, ...] = ()
    """What stands at a line of a file, where the error is about files."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in one place of one file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """`file:line:column: message`, as editors and CI logs link it."""
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.message}" if where else self.message


class UsageError(ReconcilerError):
    """The command line asks for something that cannot be."""


class SourceError(ReconcilerError):
    """Files that cannot be used. Carries every problem of the run, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the files")


class Refused(ReconcilerError):
    """Guardrails refuse the plan, and nothing was written. Carries what each of them found."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        super().__init__(
            f"refused by {count} guardrail violation{'s' if count != 1 else ''}; "
            "nothing was written",
            hint="mend it, or put an exception under `allow:` in a catalogue file for review",
        )


class Stopped(ReconcilerError):
    """Somebody pressed Ctrl-C; nothing was in flight."""


class StoreError(ReconcilerError):
    """The store is not configured, or is not safe to talk to."""


class SandboxUnavailable(ReconcilerError):
    """The embedded shop cannot be opened."""


class Unremembered(ReconcilerError):
    """What must be on disk before the shop is written to cannot be put there."""


class LedgerError(ReconcilerError):
    """The ledger cannot be read or written where the settings say that it is."""


class Contended(LedgerError):
    """Another run is applying, or has applied since the plan was made; nothing was written."""


class ApiError(ReconcilerError):
    """Something went wrong between here and the shop; `operation` says during which call."""

    def __init__(self, operation: str, message: str, *, hint: str = "") -> None:
        super().__init__(f"{operation}: {message}", hint=hint)
        self.operation = operation
        self.detail = message


class Unreachable(ApiError):
    """No connection was made, so nothing was sent and nothing has changed.

    The message does not name the operation, because none was begun.
    """

    def __init__(self, operation: str, message: str, *, hint: str = "") -> None:
        super().__init__(operation, message, hint=hint)
        self.message, self.args = message, (message,)


class Untrusted(Unreachable):
    """The server's certificate does not prove that it is the shop; nothing was sent."""


class Doubtful(ApiError):
    """The request was sent and its answer was lost: whether it happened is unknown.

    `status` is the HTTP status where the server answered with an error; `told` says that it did
    so with a 500 and a message (dealpos-api.md §4).
    """

    status = 0
    told = False


class Unauthorised(ApiError):
    """The server refused the credentials, or the rights behind them."""


class Throttled(ApiError):
    """The request window stayed closed for longer than documented."""


class Rejected(ApiError):
    """The server understood the request and said no."""

    def __init__(self, operation: str, status: int, message: str, *, hint: str = "") -> None:
        super().__init__(operation, f"HTTP {status}: {message}", hint=hint)
        self.status = status
        self.answer = message


class NotOffered(Rejected):
    """This tenant does not have the operation under any documented path."""


class NotKept(ApiError):
    """The server accepted a write and keeps something else, or takes no documented spelling."""


class Kept(NotKept):
    """As NotKept, and what the server keeps is still there."""


class Overtaken(ApiError):
    """What was to be replaced is not as it was planned on; nothing was sent."""


class Unreadable(ApiError):
    """The answer is not in any documented shape."""


def suggestion(written: str, known: Collection[str]) -> str:
    """`did you mean …?` where something known is close to what was written, else nothing."""
    from difflib import get_close_matches  # only a mistake needs it

    folded = {name.casefold(): name for name in known}
    close = get_close_matches(written.casefold(), list(folded), n=1, cutoff=0.5)
    return f"did you mean `{folded[close[0]]}`?" if close else ""
