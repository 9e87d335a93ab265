"""Every error that reconciler raises on purpose, each with its exit code and a hint.

Code at the edges raises the narrow error. Whoever can decide what it means catches it, and
`cli.main` catches the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ReconcilerError(Exception):
    """An error that a user, the network or a server can cause."""

    exit_code = 1
    problems: tuple[Problem, ...] = ()
    """Each problem with its place, where the error is about files."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem at one place of a file; lines and columns count from 1, 0 is the whole file."""

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None

    def __lt__(self, other: Problem) -> bool:
        """Sort problems by file, line, column and message."""
        mine = (self.file, self.line, self.column, self.message)
        return mine < (other.file, other.line, other.column, other.message)

    def __str__(self) -> str:
        """Return `file:line:column: message`, which editors and CI logs link."""
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.message}" if where else self.message


class UsageError(ReconcilerError):
    """The command line asks for something that cannot be carried out."""


class SourceError(ReconcilerError):
    """The files are not valid. Carries every problem of the run, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the files")


class Refused(ReconcilerError):
    """Guardrails refuse the plan; nothing was written.

    Carries every violation, unless they were shown with the plan.
    """

    exit_code = 3

    def __init__(
        self, count: int, problems: Sequence[Problem] = (), exceptions: Sequence[str] = ()
    ) -> None:
        """Take the violations, and the lines of YAML that would allow them."""
        self.problems = tuple(sorted(problems))
        way = "fix the values, or add an exception under `allow:` (with reason and date) "
        super().__init__(
            f"refused by {count} guardrail violation{'s' if count != 1 else ''}; "
            "nothing was written",
            hint=f"{way}so that it is reviewed:\n" + "\n".join(exceptions) if problems else None,
        )


class Stopped(ReconcilerError):
    """Ctrl-C was pressed; no request was in flight."""


class StoreError(ReconcilerError):
    """The store is not configured, or is not safe to talk to."""


class ProviderError(ReconcilerError):
    """The coupon provider cannot be used: its store, its address or its secrets."""


class ProviderUnavailable(ProviderError):
    """The provider's store did not answer in time, or could not be written."""


class ReleaseConflict(ProviderError):
    """Another release of the provider's coupons was published since the plan was made."""


class JournalUnwritable(ReconcilerError):
    """A note that must be on disk before the shop is written to cannot be written."""


class LedgerError(ReconcilerError):
    """The ledger that the settings name cannot be read or written."""


class LedgerConflict(LedgerError):
    """Another run is applying, or has applied since the plan was made; nothing was written."""


class ApiError(ReconcilerError):
    """A request failed; `operation` names the call."""

    def __init__(self, operation: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"{operation}: {message}", hint=hint)
        self.operation = operation
        self.detail = message


class Unreachable(ApiError):
    """No connection was made, so nothing was sent and nothing has changed.

    The message does not name the operation, because none was started.
    """

    def __init__(self, operation: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(operation, message, hint=hint)
        self.message, self.args = message, (message,)


class CertificateInvalid(Unreachable):
    """The certificate of the server does not prove that it is the shop; nothing was sent."""


class OutcomeUnknown(ApiError):
    """The request was sent and its answer was lost: it may have happened or not.

    `status` is the HTTP status where the server answered with an error. `has_message` is true for
    a 500 with a message, which may mean "not found" (dealpos-api.md §4).
    """

    status = 0
    has_message = False


class Unauthorised(ApiError):
    """The server refused the credentials, or the API client lacks a permission."""


class RateLimited(ApiError):
    """The rate-limit window stayed closed for longer than documented."""


class Rejected(ApiError):
    """The server understood the request and said no.

    `repeated` is true where the answer to an earlier attempt was lost.
    """

    repeated = False

    def __init__(
        self, operation: str, status: int, message: str, *, hint: str | None = None
    ) -> None:
        super().__init__(operation, f"HTTP {status}: {message}", hint=hint)
        self.status = status
        self.answer = message

    @property
    def is_lasting(self) -> bool:
        """True if the same request is refused again; a permission may be granted meanwhile."""
        return self.status in (400, 409, 422)


class OperationUnavailable(Rejected):
    """This tenant does not have the operation under any documented path."""


class ReadbackMismatch(ApiError):
    """The server accepted a write and stored another value, or takes no documented spelling.

    `readback` is what reads showed; None where another attempt may do better.
    """

    def __init__(
        self, operation: str, message: str, readback: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(operation, message)
        self.readback = readback


class MismatchRemains(ReadbackMismatch):
    """A ReadbackMismatch where the wrong object is still in the shop."""


class UnexpectedResponse(ApiError):
    """The response has no documented shape."""


def suggestion(written: str, known: Collection[str]) -> str | None:
    """Return `did you mean …?` for the known name closest to `written`; None where none is."""
    from difflib import get_close_matches  # only a mistake needs it

    folded = {name.casefold(): name for name in known}
    close = get_close_matches(written.casefold(), list(folded), n=1, cutoff=0.5)
    return f"did you mean `{folded[close[0]]}`?" if close else None
