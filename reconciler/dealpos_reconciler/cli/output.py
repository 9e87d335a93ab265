"""Results of a run and its errors, in the format that was asked for, with time and place.

Errors for people go to stderr; programs, pages and comments get them in their own format.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dealpos_reconciler import confined
from dealpos_reconciler.cli import terminal
from dealpos_reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.core.audit import Audit
    from dealpos_reconciler.core.plan.plan import Plan
    from dealpos_reconciler.core.report import Report
    from dealpos_reconciler.render.view import Paint, PlanView
    from dealpos_reconciler.workflows.plan import PlannedRun

REPORT_FORMATS = {".md": "markdown", ".html": "html", ".json": "json", ".txt": "text"}
"""The format of a report file by its suffix."""


def print_message(text: str) -> None:
    """Write one line for a person to stderr, and to the log."""
    from dealpos_reconciler.cli import log

    log.write(text)


def print_error(error: ReconcilerError) -> None:
    """Write every problem with its file and line to stderr, then the error and its hint."""
    from dealpos_reconciler.cli import log

    for problem in error.problems:
        where = {"file": problem.file, "line": problem.line, "column": problem.column}
        log.write(str(problem), log.ERROR, hint=problem.hint, **where)
    log.write(f"error: {error.message}", log.ERROR, hint=error.hint)


@contextmanager
def report_errors(
    output_format: str, folder: Path = Path(), subject: str = "plan", reports: Sequence[Path] = ()
) -> Iterator[None]:
    """Write an error also to stdout where a program, a page or a comment waits for a result.

    Those of `reports` that people read get it too: it replaces a result that is outdated.
    """
    try:
        yield
    except ReconcilerError as error:
        if output_format != "text":  # people read it on stderr
            print_result(output_format, _render_error(error, output_format, folder, subject))
        for path in reports:
            report_format = REPORT_FORMATS.get(path.suffix.lower(), "")
            if report_format in ("markdown", "html"):
                with suppress(OSError):  # the error itself matters more
                    text = _render_error(error, report_format, folder, subject)
                    _write_report(path, text)
        raise


def _render_error(error: ReconcilerError, output_format: str, folder: Path, subject: str) -> str:
    from dealpos_reconciler.render.view import View

    view = View(**describe_run(folder, output_format))
    return str(find_renderer(output_format).render_error(error, view, subject))


def print_json(document: Any) -> None:
    """Write one JSON document to stdout."""
    from dealpos_reconciler.render.json import iterate_text

    for block in iterate_text(document):
        terminal.write_stdout(block)
    terminal.write_stdout("\n")


def print_text(text: str) -> None:
    """Write text for people to stdout, wrapped where that is a terminal."""
    print_lines(terminal.wrap(text, terminal.read_width(sys.stdout)))


def print_lines(text: str) -> None:
    """Write lines to stdout as they are, except commands to the runner of a CI job."""
    from dealpos_reconciler.core.runner_commands import defuse_commands

    terminal.write_stdout(defuse_commands(text))


def print_result(output_format: str, text: str, document: Any = None) -> None:
    """Write a result to stdout: `document` as JSON, text for people wrapped, others as they are."""
    if output_format == "json" and document is not None:
        print_json(document)
    elif output_format == "text":
        print_text(text)
    elif output_format in ("github", "json"):
        terminal.write_stdout(text)
    else:
        print_lines(text)


def print_plan(
    run: PlannedRun,
    output_format: str,
    folder: Path = Path(),
    compact: bool = False,
    signing: bytes | None = None,
) -> None:
    """Write a plan of the shop in `folder` to stdout, in JSON signed with the key `signing`."""
    if output_format == "json":
        from dealpos_reconciler.workflows.plan_file import sign

        print_json(sign(_document(run, folder), signing))
    else:
        text = _render_plan(run, output_format, folder, compact=compact, paint=choose_paint())
        print_result(output_format, text)


def print_shown_plan(
    file: Path, plan: Plan, view: PlanView, output_format: str, compact: bool
) -> None:
    """Write a plan that was read from a file to stdout; as JSON, the file as it is."""
    if output_format == "json":
        return terminal.write_stdout(file.read_text(encoding="utf-8", errors="replace"))
    from dataclasses import replace

    from dealpos_reconciler.catalogue.files import Files
    from dealpos_reconciler.ledger.git_repository import path_in_repository

    folder = Path(view.folder)
    view = replace(
        view,
        paint=choose_paint(),
        compact=compact,
        finish=_time_of_day(view.usage.seconds),
        repository_path=path_in_repository(folder),
        locate=Files(folder).locate,
    )
    print_result(output_format, str(find_renderer(output_format).render_plan(plan, view)))


def parse_report_format(path: Path) -> str:
    """Return the format that a file's suffix names; raises UsageError for another suffix."""
    found = REPORT_FORMATS.get(path.suffix.lower())
    if found is None:
        suffixes = ", ".join(REPORT_FORMATS)
        raise UsageError(f"{path}: unknown report format", hint=f"use one of {suffixes}")
    return found


def write_reports(
    run: PlannedRun, files: Sequence[Path], folder: Path, signing: bytes | None = None
) -> None:
    """Write a plan to files, each in the format that its suffix names.

    Raises UsageError for another suffix, and for a file that cannot be written.
    """
    for path in files:
        output_format = parse_report_format(path)
        if output_format == "json":
            save_plan(run, folder, path, signing)
            continue
        try:
            _write_report(path, _render_plan(run, output_format, folder))
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def _write_report(path: Path, text: str) -> None:
    """Write text that a CI job may print; may raise OSError."""
    from dealpos_reconciler.core.runner_commands import defuse_commands

    confined.write(path, defuse_commands(text).encode(errors="backslashreplace"))


def write_trace(run: PlannedRun, path: Path) -> None:
    """Write the requests of a rehearsal to a file; raise UsageError where it cannot be written."""
    from dealpos_reconciler.core.runner_commands import defuse_commands
    from dealpos_reconciler.render.rehearsal.document import trace_lines

    text = "".join(trace_lines(run.rehearsal)) if run.rehearsal else ""
    try:
        confined.write(path, defuse_commands(text).encode(errors="backslashreplace"))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def save_plan(run: PlannedRun, folder: Path, out: Path, signing: bytes | None) -> None:
    """Write a plan to the file `out`; raise UsageError where it cannot be written."""
    from dealpos_reconciler.workflows import plan_file

    plan_file.write_plan(out, _document(run, folder), signing)


def print_report(report: Report, output_format: str, continue_command: str | None = None) -> None:
    """Write a report of an apply to stdout; `continue_command` does the rest."""
    from dealpos_reconciler.render.report import report_document, report_text
    from dealpos_reconciler.render.view import ReportView

    run = describe_run(Path(), "text")
    view = ReportView(continue_command=continue_command, paint=choose_paint(), **run)
    if output_format == "json":
        print_json(report_document(report, view))
    elif report.outcomes or report.published:
        print_text("\n" + report_text(report, view))


def print_audit(
    audit: Audit, requests: int, seconds: float, output_format: str, folder: Path
) -> None:
    """Write the result of an audit of the shop in `folder` to stdout."""
    from dealpos_reconciler.render.view import AuditView

    run = describe_run(folder, output_format)
    view = AuditView(requests=requests, seconds=seconds, paint=choose_paint(), **run)
    print_result(output_format, find_renderer(output_format).render_audit(audit, view))


def find_renderer(output_format: str) -> ModuleType:
    """Return the renderer of a format: `render.formats.html` for html."""
    return import_module(f"dealpos_reconciler.render.formats.{output_format}")


def _render_plan(run: PlannedRun, output_format: str, folder: Path, **settings: Any) -> str:
    view = _make_plan_view(run, folder, output_format, **settings)
    return str(find_renderer(output_format).render_plan(run.plan, view))


def _document(run: PlannedRun, folder: Path) -> Mapping[str, Any]:
    from dealpos_reconciler.render.formats.json import plan_document

    return plan_document(run.plan, _make_plan_view(run, folder, "json"))


def _make_plan_view(run: PlannedRun, folder: Path, output_format: str, **settings: Any) -> PlanView:
    from dealpos_reconciler.catalogue.files import Files
    from dealpos_reconciler.render.view import PlanView
    from dealpos_reconciler.workflows.plan_file import make_marker

    return PlanView(
        marker=make_marker(),
        usage=run.usage,
        finish=_time_of_day(run.usage.seconds),
        locate=Files(folder).locate,
        rehearsal=run.rehearsal,
        **describe_run(folder, output_format),
        **settings,
    )


def choose_paint() -> Paint:
    """Return the function that colours text for stdout."""
    from dealpos_reconciler.render.view import no_paint

    return terminal.paint if terminal.has_color(sys.stdout) else no_paint


def describe_run(folder: Path, output_format: str) -> dict[str, Any]:
    """Return time and place of a run; git is asked only for a format that names the commit."""
    from dealpos_reconciler.catalogue.layers.folders import read_sources
    from dealpos_reconciler.ledger.git_repository import commit_of, path_in_repository

    run: dict[str, Any] = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "shop": folder.resolve().name,
        "folder": Path(os.path.relpath(folder)).as_posix(),
    }
    if output_format in ("github", "junit"):
        run["repository_path"] = path_in_repository(folder)
    if output_format in ("json", "markdown", "html"):
        run["commit"] = commit_of(folder, read_sources(folder))
    return run


def _time_of_day(seconds_from_now: float) -> str:
    """Return the local time so far from now, with its date where that is another day."""
    now = time.time()
    end = time.localtime(now + seconds_from_now)
    same_day = end.tm_yday == time.localtime(now).tm_yday
    return time.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M", end)
