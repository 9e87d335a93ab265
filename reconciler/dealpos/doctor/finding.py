"""What a check says of a shop: one line of the doctor's table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether the tool can work there: yes, yes but know this, no."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it stands, what was found, what to do about it."""

    check: str
    verdict: Verdict
    found: str
    next_step: str = ""


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, found)


def note(check: str, found: str, next_step: str) -> Finding:
    """The tool copes; whoever runs it should know."""
    return Finding(check, Verdict.NOTE, found, next_step)


def untried(check: str, why: str = "not tried") -> Finding:
    """Something else stood in the way of finding it out."""
    return note(check, why, "solve the problems in this table, then run this again")


def problem(check: str, found: str, next_step: str) -> Finding:
    """Something stops the tool until somebody does something."""
    return Finding(check, Verdict.PROBLEM, found, next_step)
