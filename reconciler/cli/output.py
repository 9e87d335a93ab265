"""Plans, reports and errors onto stdout and stderr."""

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

import click

from reconciler.cli import stream
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.core.audit import Audit
    from reconciler.core.report import Report
    from reconciler.dealpos.doctor.evidence import Evidence
    from reconciler.dealpos.doctor.finding import Finding
    from reconciler.render.view import Paint, PlanView
    from reconciler.workflows.plan import Made


_SUFFIXES = {".md": "markdown", ".html": "html", ".json": "json", ".txt": "text"}


def complain(error: ReconcilerError) -> None:
    """An error on stderr: every problem with its place, then what happened and what to do."""
    for problem in error.problems:
        click.echo(_plain(str(problem)), err=True)
        if problem.hint:
            click.echo(f"    hint: {_plain(problem.hint)}", err=True)
    click.echo(f"error: {_plain(error.message)}", err=True)
    if error.hint:
        click.echo(f"hint: {_plain(error.hint)}", err=True)


def _plain(text: str) -> str:
    from reconciler.render.words import plain

    return plain(text)


@contextmanager
def errors_as(
    form: str, folder: Path = Path(), subject: str = "plan", reports: Sequence[Path] = ()
) -> Iterator[None]:
    """An error is told on stdout too where a program, a page or a comment waits for the run's word.

    Of `reports`, comments and pages get it too: it takes the place of one that is outdated.
    """
    try:
        yield
    except ReconcilerError as error:
        if text := _told(error, form, folder, subject):
            say(text)
        for path in reports:
            named = _SUFFIXES.get(path.suffix.lower(), "")
            if named in ("markdown", "html"):
                with suppress(OSError):  # the error itself is what must be told
                    path.write_text(_told(error, named, folder, subject), encoding="utf-8")
        raise


def _told(error: ReconcilerError, form: str, folder: Path, subject: str) -> str:
    """An error in the form of what it stands for; text is for people, who read stderr."""
    from reconciler.kinds import KINDS
    from reconciler.render.view import View

    if form == "text":
        return ""
    view = View(kinds=KINDS, **_place(folder, form))
    return str(_renderer(subject, form).render_error(error, view))


def _renderer(subject: str, form: str) -> ModuleType:
    """The module of a format: `render.plan.html`."""
    return import_module(f"reconciler.render.{subject}.{form}")


def _place(folder: Path, form: str) -> dict[str, Any]:
    """Where the files are, as far as the format says so: git is asked only then."""
    from reconciler.ledger.git_repository import commit_of, path_in_repository

    place: dict[str, Any] = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "shop": folder.resolve().name,
        "folder": Path(os.path.relpath(folder)).as_posix(),
    }
    if form in ("github", "junit"):
        place["repository_path"] = path_in_repository(folder)
    if form in ("json", "markdown", "html"):
        place["commit"] = commit_of(folder) or None
    return place


def say(text: str) -> None:
    """Text on stdout."""
    with stream.taken():
        click.echo(text, nl=False)
        sys.stdout.flush()


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    from reconciler.render.json import dumps

    say(dumps(document) + "\n")


def print_plan(
    made: Made,
    form: str,
    folder: Path = Path(),
    compact: bool = False,
    signing: bytes | None = None,
) -> None:
    """A plan on stdout; `folder` is the shop's, and `signing` the key where it is to be signed."""
    if form == "json":
        from reconciler.workflows.signature import seal

        print_json(seal(_document(made, folder), signing))
    else:
        say(_rendered(made, form, folder, compact=compact, paint=_brush()))


def _brush() -> Paint:
    from reconciler.cli.console import coloured, paint
    from reconciler.render.view import no_paint

    return paint if coloured(sys.stdout) else no_paint


def _rendered(made: Made, form: str, folder: Path, **terminal: Any) -> str:
    return str(_renderer("plan", form).render_plan(made.plan, _view(made, form, folder, terminal)))


def _view(made: Made, form: str, folder: Path, terminal: Mapping[str, Any]) -> PlanView:
    from reconciler.catalogue.files import Files
    from reconciler.kinds import KINDS
    from reconciler.render.view import PlanView

    return PlanView(
        kinds=KINDS,
        usage=made.cost,
        finish=_moment(made.cost.seconds),
        locate=Files(folder).locate,
        **_place(folder, form),
        **terminal,
    )


def write_reports(
    made: Made, files: Sequence[Path], folder: Path, signing: bytes | None = None
) -> None:
    """A plan into files beside, each in the format that its suffix names.

    Raises UsageError for another suffix, and for a file that cannot be written.
    """
    for path in files:
        form = report_form(path)
        if form == "json":
            save_plan(made, folder, path, signing)
            continue
        try:
            path.write_text(_rendered(made, form, folder), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def report_form(path: Path) -> str:
    """The format that a file's suffix names; raises UsageError for one that names none."""
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{path}: no format", hint=f"name it {', '.join(_SUFFIXES)}")
    return form


def save_plan(made: Made, folder: Path, out: Path, signing: bytes | None) -> None:
    """A plan into the file `out`; raises UsageError where it cannot be written."""
    from reconciler.workflows import plan_file as saved

    saved.write(out, _document(made, folder), signing)


def _document(made: Made, folder: Path) -> Mapping[str, Any]:
    from reconciler.render.plan.json import plan_document

    return plan_document(made.plan, _view(made, "json", folder, {}))


def _moment(seconds: float) -> str:
    """The time of day so far from now, with its date where that is another day."""
    now = time.time()
    end = time.localtime(now + seconds)
    same = end.tm_yday == time.localtime(now).tm_yday
    return time.strftime("%H:%M" if same else "%Y-%m-%d %H:%M", end)


def print_report(report: Report, form: str, going_on: str = "") -> None:
    """A report on stdout; `going_on` is the command that does the rest."""
    if form == "json":
        from reconciler.render.report import report_document

        print_json(report_document(report, going_on))
    elif report.outcomes:
        from reconciler.render.report import report_text

        say("\n" + report_text(report, _brush(), going_on))


def print_audit(audit: Audit, requests: int, seconds: float, form: str, folder: Path) -> None:
    """What an audit found, on stdout; `folder` is the shop's."""
    from reconciler.kinds import KINDS
    from reconciler.render.view import AuditView

    view = AuditView(
        kinds=KINDS, requests=requests, seconds=seconds, paint=_brush(), **_place(folder, form)
    )
    say(_renderer("audit", form).render_audit(audit, view))


def print_examination(evidence: Evidence, findings: Sequence[Finding], form: str) -> None:
    """What the doctor found, on stdout."""
    from reconciler.cli.console import coloured
    from reconciler.render.doctor import examination_document, examination_text

    if form == "json":
        print_json(examination_document(evidence, findings))
    else:
        say(examination_text(evidence, findings, coloured(sys.stdout)))


def approved() -> bool:
    """Ask on the terminal; only the whole word counts."""
    click.echo("\nApply these changes? Only `yes` is accepted: ", nl=False, err=True)
    return sys.stdin is not None and sys.stdin.readline().strip() == "yes"
