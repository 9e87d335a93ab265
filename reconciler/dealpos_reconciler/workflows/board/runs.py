"""The requests of the last runs of a shop, in `.reconciler/`, for the board.

The file is safe to delete. Every command that reads a shop writes it, so this module needs nothing
of the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypedDict

from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.ledger import now
from dealpos_reconciler.ledger.state_dir import StateDir

if TYPE_CHECKING:
    from dealpos_reconciler.render.board.values import RequestRow

RUNS_FILE = "runs.json"
MAX_RUNS = 20


class _KnownRun(TypedDict):
    at: str
    command: str
    requests: int


def note_run(state: StateDir, store: str, command: str, requests: int) -> None:
    """Remember the requests of a run; a run that sent none is not remembered."""
    if requests:
        known = _read_runs(state, store)[-MAX_RUNS + 1 :]
        runs = [*known, {"at": now(), "command": command, "requests": requests}]
        save_section(state, store, RUNS_FILE, {"runs": runs})


def read_runs(state: StateDir, store: str) -> tuple[RequestRow, ...]:
    """Return the last runs, the latest first."""
    from dealpos_reconciler.render.board.values import RequestRow

    return tuple(RequestRow(**run) for run in reversed(_read_runs(state, store)))


def _read_runs(state: StateDir, store: str) -> list[_KnownRun]:
    runs = read_section(state, RUNS_FILE, store).get("runs")
    return runs if isinstance(runs, list) and all(map(_is_run, runs)) else []


def _is_run(value: object) -> bool:
    """Return whether a value has the shape of a run; pydantic would take longer to import."""
    shape = {"at": str, "command": str, "requests": int}
    return isinstance(value, dict) and {name: type(value[name]) for name in value} == shape


def read_section(state: StateDir, file: str, store: str) -> dict[str, Any]:
    """Return what a file of the board holds of a store; nothing where it is damaged."""
    with suppress(ReconcilerError):
        return state.section(file, store)
    return {}


def save_section(state: StateDir, store: str, file: str, content: Mapping[str, Any]) -> None:
    """Write what a file of the board holds of a store, where that is possible."""
    # The run itself matters more than that it is remembered.
    with suppress(ReconcilerError):
        state.save_section(file, store, content)
