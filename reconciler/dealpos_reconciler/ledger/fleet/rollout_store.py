"""The rollout of a fleet in git, at `refs/reconciler-fleet/<fleet file>`, or in `.reconciler/`.

The ref is moved only from where it was read, as that of a ledger: of two runners that record a
result at the same time, the second one reads again and adds its own.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol, TypeVar
from urllib.parse import quote

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from dealpos_reconciler.core.fleet.rollout import MemberRecord, Rollout
from dealpos_reconciler.errors import LedgerConflict, LedgerError, UsageError
from dealpos_reconciler.ledger.file import Lock
from dealpos_reconciler.ledger.git_repository import GitRepository, path_in_repository
from dealpos_reconciler.ledger.state_dir import StateDir, load_json

FILE = "rollout.json"
VERSION = "1.0"
MAX_SECONDS = 120
"""Time for which a runner tries again while others record their results."""

Change = Callable[[Rollout], Rollout]
Result = TypeVar("Result")
_Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class MemberRecordDocument(TypedDict):
    """The last result of one shop."""

    ended: _Moment
    verified: bool
    clean: bool
    reason: str
    due: str


class RolloutDocument(TypedDict):
    """The whole document."""

    format_version: str
    commit: str
    identity: str
    began: _Moment
    members: dict[str, MemberRecordDocument]


class RolloutStore(Protocol):
    """The place of one rollout. Methods raise LedgerError where git or a file fails."""

    def read(self) -> Rollout:
        """Return the rollout as it is now; an empty one before any."""

    def update(self, change: Change) -> Rollout:
        """Apply `change` to the rollout as it is now, and return the result.

        `change` may be called several times.
        """


def open_store(fleet_file: Path, in_git: bool) -> RolloutStore:
    """Return the place of the rollout of a fleet: in git, or beside the fleet file."""
    if in_git:
        return GitRolloutStore(fleet_file)
    return FileRolloutStore(fleet_file)


class FileRolloutStore:
    """A file in `.reconciler/` beside the fleet file: for one clone alone."""

    def __init__(self, fleet_file: Path) -> None:
        self.state = StateDir(fleet_file.parent)
        self.name = f"{fleet_file.stem}.{FILE}"

    def read(self) -> Rollout:
        """Return the rollout as it is now; an empty one before any."""
        try:
            return _load(self.state.read(self.name).decode(errors="replace"), self.name)
        except OSError:
            return Rollout()

    def update(self, change: Change) -> Rollout:
        """Apply `change` while no other process does, and return the result."""
        lock = Lock(self.state.create, f"{self.name}.lock", "another run records its results")
        _try_again(lock.take)
        try:
            after = change(self.read())
            self.state.write(self.name, _dump(after).encode())
        except OSError as error:
            message = f"{self.state.path / self.name} cannot be written: {error.strerror}"
            raise LedgerError(message, hint="make the folder writable") from None
        finally:
            lock.release()
        return after


class GitRolloutStore:
    """A ref of the repository that holds the fleet file; at its remote, where it has one."""

    def __init__(self, fleet_file: Path) -> None:
        self.repository = GitRepository(fleet_file.parent)
        inner = path_in_repository(fleet_file.parent)
        path = f"{inner}/{fleet_file.name}" if inner else fleet_file.name
        self.ref = f"refs/reconciler-fleet/{ref_path(path)}"

    def read(self) -> Rollout:
        """Return the rollout at the tip of the ref, fetched; an empty one without a ref."""
        return self._read_at(self.repository.tip(self.ref))

    def update(self, change: Change) -> Rollout:
        """Commit the changed rollout; read again and repeat where another runner was faster."""

        def commit() -> Rollout:
            tip = self.repository.tip(self.ref)
            before = self._read_at(tip)
            after = change(before)
            if after != before:
                message = f"rollout of {after.commit[:12]}: {len(after.members)} shops"
                made = self.repository.commit({FILE: _dump(after)}, tip, message)
                self.repository.move(self.ref, made, tip)
            return after

        return _try_again(commit)

    def _read_at(self, tip: str) -> Rollout:
        text = self.repository.file(tip, FILE) if tip else ""
        return _load(text, self.ref) if text else Rollout()


def _try_again(attempt: Callable[[], Result]) -> Result:
    """Repeat an attempt while another runner is faster."""
    end = time.monotonic() + MAX_SECONDS
    while True:
        try:
            return attempt()
        except LedgerConflict:
            if time.monotonic() > end:
                raise
            time.sleep(random.uniform(0.05, 1))


def ref_path(path: str) -> str:
    """Return a path as part of a ref: git allows no `..`, no leading dot and no `.lock` there."""
    parts = (quote(part, safe="").replace("..", "%2E%2E") for part in path.split("/"))
    dotted = (f"%2E{part[1:]}" if part.startswith(".") else part for part in parts)
    return "/".join(f"{part}%" if part.endswith((".lock", ".")) else part for part in dotted)


def _dump(rollout: Rollout) -> str:
    document: RolloutDocument = {
        "format_version": VERSION,
        "commit": rollout.commit,
        "identity": rollout.identity,
        "began": rollout.began,
        "members": {
            name: {
                "ended": record.ended,
                "verified": record.verified,
                "clean": record.clean,
                "reason": record.reason,
                "due": record.due,
            }
            for name, record in sorted(rollout.members.items())
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _load(text: str, name: str) -> Rollout:
    """Return the rollout in a document; raises UsageError for a broken one."""
    try:
        found = TypeAdapter(RolloutDocument).validate_python(load_json(text), strict=True)
        if found["format_version"].partition(".")[0] != VERSION.partition(".")[0]:
            message = f"{name} has the newer format {found['format_version']}"
            raise UsageError(message, hint="use the newest version of reconciler")
    except (ValueError, RecursionError):
        hint = "delete it: the next apply begins with the first wave"
        raise UsageError(f"{name} is not a valid rollout", hint=hint) from None
    members = {member: MemberRecord(**record) for member, record in found["members"].items()}
    return Rollout(found["commit"], found["identity"], found["began"], members)
