"""Results of shops from the reports of other runs, such as the jobs of a CI matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dealpos_reconciler.core.fleet.fleet import Member
from dealpos_reconciler.core.fleet.results import Command, CommandResult, MemberResult
from dealpos_reconciler.core.fleet.rollout import short_commit
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.ledger.state_dir import load_json


def read_results(
    folder: Path, command: Command, members: Sequence[Member], commit: str | None
) -> list[MemberResult]:
    """Return the result of each shop from the JSON reports in a folder.

    Raises UsageError for a file that is not a report of this command and commit.
    """
    found: dict[str, MemberResult] = {}
    by_name = {member.name: member for member in members}
    for file in _list_files(folder):
        document = _read_report(file)
        if (document["command"], document["commit"]) != (command, commit):
            said = f"fleet {document['command']}, commit {short_commit(document['commit'] or '-')}"
            wanted = f"fleet {command}, commit {short_commit(commit or '-')}"
            hint = "give each run a folder of its own"
            raise UsageError(f"{file} is a report of {said}; this is {wanted}", hint=hint)
        for shop in document["shops"]:
            if member := by_name.get(shop["shop"]):
                found[member.name] = _result(member, shop)
    missing = f"no report of it is in {folder}"
    return [found.get(m.name) or MemberResult(m, "failed", (), missing, 1) for m in members]


def _list_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"folder not found: {folder}", hint="name a folder with JSON reports")
    return sorted(folder.rglob("*.json"))


def _read_report(file: Path) -> Any:
    from pydantic import TypeAdapter

    from dealpos_reconciler.render.fleet.documents import FleetDocument

    try:
        text = file.read_text(encoding="utf-8")
        document = TypeAdapter(FleetDocument).validate_python(load_json(text))
        for shop in document["shops"]:
            for name, inner in shop["documents"].items():
                _check_document(name, inner)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        hint = "make it with `reconciler fleet plan --format json`"
        raise UsageError(f"{file} is not a report of a fleet", hint=hint) from None
    return document


def _check_document(name: str, document: Any) -> None:
    """Raise ValueError for a document of a shop that no command of this version prints."""
    from pydantic import TypeAdapter

    from dealpos_reconciler.render.documents import AuditDocument, PlanDocument

    shapes: dict[str, Any] = {"plan": PlanDocument, "audit": AuditDocument}
    if not isinstance(document, dict) or "error" not in document:
        TypeAdapter(shapes.get(name, PlanDocument)).validate_python(document)


def _result(member: Member, shop: Any) -> MemberResult:
    commands = (
        CommandResult(command, shop["exit_code"], document)
        for command, document in shop["documents"].items()
    )
    return MemberResult(member, shop["state"], tuple(commands), shop["reason"], shop["exit_code"])
