"""Facts that a renderer needs beside its value: time, folder, commit, colour and width."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from reconciler.cli import terminal

if TYPE_CHECKING:
    from reconciler.render.view import AuditView, PlanView, ReportView, View
    from reconciler.workflows.plan import PlannedRun


def find_renderer(subject: str, output_format: str) -> ModuleType:
    """Return the renderer of a format: `render.plan.html` for a plan as html."""
    return import_module(f"reconciler.render.{subject}.{output_format}")


def make_view(folder: Path, output_format: str) -> View:
    """Return a view of something that is neither a plan nor an audit."""
    from reconciler.kinds import KINDS
    from reconciler.render.view import View

    return View(kinds=KINDS, **_describe_run(folder, output_format))


def make_plan_view(run: PlannedRun, folder: Path, output_format: str, **settings: Any) -> PlanView:
    """Return a view of a plan of the shop in `folder`."""
    from reconciler.catalogue.files import Files
    from reconciler.kinds import KINDS
    from reconciler.render.view import PlanView

    return PlanView(
        kinds=KINDS,
        usage=run.usage,
        finish=_time_of_day(run.usage.seconds),
        locate=Files(folder).locate,
        **_describe_run(folder, output_format),
        **settings,
    )


def make_audit_view(requests: int, seconds: float, folder: Path, output_format: str) -> AuditView:
    """Return a view of an audit that ends now."""
    from reconciler.kinds import KINDS
    from reconciler.render.view import AuditView

    return AuditView(
        kinds=KINDS,
        requests=requests,
        seconds=seconds,
        **_describe_run(folder, output_format),
        **describe_terminal(),
    )


def make_report_view(continue_command: str | None) -> ReportView:
    """Return a view of an apply that ends now."""
    from reconciler.render.view import ReportView

    return ReportView(
        continue_command=continue_command or None,
        **_describe_run(Path(), "text"),
        **describe_terminal(),
    )


def describe_terminal() -> dict[str, Any]:
    """Return colour and width of stdout, as a view takes them."""
    from reconciler.render.view import no_paint

    return {
        "paint": terminal.paint if terminal.has_color(sys.stdout) else no_paint,
    }


def _describe_run(folder: Path, output_format: str) -> dict[str, Any]:
    """Return time and place of a run; git is asked only for a format that names the commit."""
    from reconciler.ledger.git_repository import commit_of, path_in_repository

    run: dict[str, Any] = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "shop": folder.resolve().name,
        "folder": Path(os.path.relpath(folder)).as_posix(),
    }
    if output_format in ("github", "junit"):
        run["repository_path"] = path_in_repository(folder)
    if output_format in ("json", "markdown", "html"):
        run["commit"] = commit_of(folder)
    return run


def _time_of_day(seconds_from_now: float) -> str:
    """Return the local time so far from now, with its date where that is another day."""
    now = time.time()
    end = time.localtime(now + seconds_from_now)
    same_day = end.tm_yday == time.localtime(now).tm_yday
    return time.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M", end)
