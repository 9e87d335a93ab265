"""The result of one check: one line of the doctor's table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckVerdict(StrEnum):
    """The verdict of a check: the tool works, works with an effect to know of, or does not work."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line: what was checked, its verdict, what was found, and what to do about it."""

    check: str
    verdict: CheckVerdict
    found: str
    next_step: str | None = None


def ok(check: str, found: str) -> CheckResult:
    """Return a result that needs no action."""
    return CheckResult(check, CheckVerdict.OK, found)


def warning(check: str, found: str, next_step: str) -> CheckResult:
    """Return a result that the tool copes with, and whose effect a user should know."""
    return CheckResult(check, CheckVerdict.WARNING, found, next_step)


def skip(check: str, reason: str = "skipped", next_step: str | None = None) -> CheckResult:
    """Return the result of a check that something else prevented."""
    step = next_step or "fix the errors in this table, then run the doctor again"
    return warning(check, reason, step)


def error(check: str, found: str, next_step: str | None) -> CheckResult:
    """Return a result that stops the tool until somebody acts."""
    return CheckResult(check, CheckVerdict.ERROR, found, next_step)
