"""The results of the shops of a fleet, from what their commands printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dealpos_reconciler.core.fleet.fleet import Member
from dealpos_reconciler.errors import Refused

State = Literal[
    "done",
    "already_done",
    "drifted",
    "incomplete",
    "refused",
    "failed",
    "interrupted",
    "not_started",
]
STATES: tuple[State, ...] = (
    *("done", "already_done", "drifted", "incomplete", "refused", "failed"),
    *("interrupted", "not_started"),
)
FINISHED: tuple[State, ...] = ("done", "already_done")
Command = Literal["plan", "apply", "audit"]
_INTERRUPTED = {130: "Ctrl-C", 143: "a termination signal"}


@dataclass(frozen=True, slots=True)
class CommandResult:
    """One command of one shop, as it ended."""

    command: Command
    exit_code: int
    document: Mapping[str, Any] | None = None
    """The JSON document that it printed; None where it printed none."""
    said: str = ""
    """The last line on stderr."""


@dataclass(frozen=True, slots=True)
class MemberResult:
    """The result of one shop."""

    member: Member
    state: State
    commands: tuple[CommandResult, ...] = ()
    reason: str = ""
    """The reason why it is not done; empty for one that is."""
    exit_code: int = 0

    def document(self, command: Command) -> Mapping[str, Any] | None:
        """Return the document of a command; None without one, and for an error."""
        for ran in self.commands:
            if ran.command == command and ran.document and "error" not in ran.document:
                return ran.document
        return None


def judge(member: Member, commands: Sequence[CommandResult], partial_code: int) -> MemberResult:
    """Return the result of a shop; `partial_code` is the exit code for what was done in part."""
    for ran in commands:
        state, reason = _judge_command(ran)
        if state == "done":
            continue
        code = ran.exit_code
        if ran.command == "audit" and len(commands) > 1:
            code = code if state in ("failed", "interrupted") else partial_code
        elif state == "failed" and ran.document is None:
            code = partial_code if ran.command == "apply" else 1
        return MemberResult(member, state, tuple(commands), reason, code)
    code = max((ran.exit_code for ran in commands), default=0)
    return MemberResult(member, "done", tuple(commands), exit_code=code)


def _judge_command(ran: CommandResult) -> tuple[State, str]:
    """Return the state after a command, and the reason for any state but `done`."""
    document = ran.document
    if ran.exit_code in _INTERRUPTED and (document is None or "error" in document):
        return "interrupted", f"interrupted by {_INTERRUPTED[ran.exit_code]}"
    if document is None:
        said = f": {ran.said}" if ran.said else ""
        return "failed", f"{ran.command} ended {_how(ran.exit_code)} without a result{said}"
    if "error" in document:
        refused = ran.exit_code == Refused.exit_code
        return "refused" if refused else "failed", _error(document)
    if ran.command == "audit":
        return _judge_audit(document)
    return _judge_report(ran) if ran.command == "apply" else _judge_plan(ran)


def _how(exit_code: int) -> str:
    return f"by signal {exit_code - 128}" if exit_code > 128 else f"with exit code {exit_code}"


def _error(document: Mapping[str, Any]) -> str:
    """Return the message of an error, its first problem and its hint."""
    message = str(document["error"])
    for problem in document.get("problems", ())[:1]:
        where = f"{problem['file']}:{problem['line']}: " if problem.get("file") else ""
        message += f": {where}{problem['message']}"
    hint = document.get("hint")
    return f"{message} ({hint})" if hint and "\n" not in hint else message


def _judge_plan(ran: CommandResult) -> tuple[State, str]:
    document: Mapping[str, Any] = ran.document or {}
    if ran.exit_code == Refused.exit_code:
        refusing = [found for found in document["violations"] if not found["allowed"]]
        return "refused", f"{_count(refusing, 'guardrail violation')}: {refusing[0]['message']}"
    if unknown := document["unknown"]:
        return (
            "failed",
            f"{_count(unknown, 'object')} could not be read: {_name_with_reason(unknown[0])}",
        )
    return "done", ""


def _judge_report(ran: CommandResult) -> tuple[State, str]:
    document: Mapping[str, Any] = ran.document or {}
    if ran.exit_code == 0:
        return "done", ""
    by_signal = ran.exit_code in _INTERRUPTED
    told = list(_shortcomings(document))
    return "interrupted" if by_signal else "incomplete", "; ".join(told) or (
        ran.said or "a part of the shop could not be read"
    )


def _shortcomings(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the reasons why an apply is incomplete: its end, and a change of each status."""
    if stopped := document.get("stopped"):
        yield f"stopped early: {stopped}"
    outcomes = document["outcomes"]
    for status in ("failed", "unverified", "stale", "skipped"):
        found = [o for o in outcomes if o["status"] == status and not _is_in_place(o)]
        if found and not (stopped and status == "skipped"):
            first = found[0]
            rest = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
            said = f": {first['message']}" if first["message"] else ""
            yield f"{first['action']} {_name_object(first)} {status}{said}{rest}"
    published = document.get("release")
    if published and published["status"] != "applied":
        yield f"release {published['number']} {published['status']}: {published['message']}"


def _is_in_place(outcome: Mapping[str, Any]) -> bool:
    return outcome["status"] == "skipped" and "already" in outcome["message"]


def _judge_audit(document: Mapping[str, Any]) -> tuple[State, str]:
    if unknown := [f for f in document["findings"] if f["state"] == "unknown"]:
        return (
            "failed",
            f"{_count(unknown, 'object')} could not be read: {_name_with_reason(unknown[0])}",
        )
    if document["clean"]:
        return "done", ""
    apart = [f for f in document["findings"] if f["state"] not in ("unmanaged", "authorising")]
    said = f": {apart[0]['message']}" if apart[0]["message"] else ""
    state = apart[0]["state"].replace("_", " ")
    return "drifted", (
        f"the audit found {_count(apart, 'object')} that are not as declared: "
        f"{_name_object(apart[0])} {state}{said}"
    ).replace("1 object that are", "1 object that is")


def _count(found: Sequence[Any], noun: str) -> str:
    return f"{len(found):,} {noun}{'' if len(found) == 1 else 's'}"


def _name_with_reason(found: Mapping[str, Any]) -> str:
    reason = found.get("reason") or found.get("message")
    return f"{_name_object(found)}{f' ({reason})' if reason else ''}"


def _name_object(found: Mapping[str, Any]) -> str:
    label = found.get("label")
    return f'{found["address"]} "{label}"' if label else str(found["address"])
