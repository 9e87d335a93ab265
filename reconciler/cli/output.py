"""Plans, reports and errors onto stdout and stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import stream
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.core.audit import Audit
    from reconciler.core.report import Report
    from reconciler.dealpos.doctor.evidence import Evidence
    from reconciler.dealpos.doctor.finding import Finding
    from reconciler.render.audit.words import Run
    from reconciler.render.plan.json import Origin
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
    if form == "json":
        from reconciler.render.plan.json import dumps, error_document

        return dumps(error_document(error)) + "\n"
    if form == "markdown":
        from reconciler.render.plan.markdown import error_markdown

        return error_markdown(error, subject)
    if form == "html":
        from reconciler.render.plan.html import error_html

        return error_html(error, subject)
    if form == "github":
        from reconciler.ledger.commit import within
        from reconciler.render.plan.github import error_github

        return error_github(error, within(folder))
    if form == "junit":
        from reconciler.render.audit.junit import error_junit

        return error_junit(error)
    if form == "prometheus":
        from reconciler.render.audit.prometheus import error_prometheus

        return error_prometheus(_name(folder))
    return ""


def _name(folder: Path) -> str:
    return folder.resolve().name


def say(text: str) -> None:
    """Text on stdout."""
    with stream.taken():
        click.echo(text, nl=False)
        sys.stdout.flush()


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    from reconciler.render.plan.json import dumps

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
    elif form == "text":
        from reconciler.cli.console import coloured, paint
        from reconciler.kinds import KINDS
        from reconciler.render.plan.blocks import no_paint
        from reconciler.render.plan.text import plan_text

        brush = paint if coloured(sys.stdout) else no_paint
        say(plan_text(made.plan, made.cost, KINDS, brush, compact, _moment(made.cost.seconds)))
    else:
        say(_rendered(made, form, folder))


def _rendered(made: Made, form: str, folder: Path) -> str:
    """A plan as a page, a comment or annotations."""
    from reconciler.kinds import KINDS

    if form == "text":
        from reconciler.render.plan.text import plan_text

        return plan_text(made.plan, made.cost, KINDS, done=_moment(made.cost.seconds))
    if form == "github":
        from reconciler.catalogue.files import Files
        from reconciler.ledger.commit import within
        from reconciler.render.plan.github import plan_github

        return plan_github(made.plan, made.cost, KINDS, within(folder), Files(folder).locate)
    if form == "html":
        from reconciler.render.plan.html import plan_html

        return plan_html(made.plan, made.cost, KINDS, _origin(folder))
    from reconciler.render.plan.markdown import plan_markdown

    return plan_markdown(made.plan, made.cost, KINDS, _origin(folder))


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
    from reconciler.kinds import KINDS
    from reconciler.render.plan.json import plan_document

    return plan_document(made.plan, made.cost, KINDS, _origin(folder))


def _origin(folder: Path) -> Origin:
    from reconciler.ledger.commit import commit
    from reconciler.render.plan.json import Origin

    return Origin(Path(os.path.relpath(folder)).as_posix(), commit(folder))


def _moment(seconds: float) -> str:
    """The time of day so far from now, with its date where that is another day."""
    now = time.time()
    end = time.localtime(now + seconds)
    same = end.tm_yday == time.localtime(now).tm_yday
    return time.strftime("%H:%M" if same else "%Y-%m-%d %H:%M", end)


def print_report(report: Report, form: str, going_on: str = "") -> None:
    """A report on stdout; `going_on` is the command that does the rest."""
    if form == "json":
        from reconciler.render.plan.json import report_document

        print_json(report_document(report, going_on))
    elif report.outcomes:
        from reconciler.cli.console import coloured, paint
        from reconciler.render.plan.blocks import no_paint
        from reconciler.render.plan.text import report_text

        brush = paint if coloured(sys.stdout) else no_paint
        say("\n" + report_text(report, brush, going_on))


def print_audit(audit: Audit, run: Run, form: str, folder: Path) -> None:
    """What an audit found, on stdout; `folder` is the shop's."""
    from reconciler.kinds import KINDS, MANAGED

    if form == "json":
        from reconciler.render.audit.json import audit_document

        print_json(audit_document(audit, run, KINDS, _origin(folder)))
    elif form == "text":
        from reconciler.cli.console import coloured, paint
        from reconciler.render.audit.text import audit_text
        from reconciler.render.plan.blocks import no_paint

        say(audit_text(audit, run, KINDS, paint if coloured(sys.stdout) else no_paint))
    elif form == "markdown":
        from reconciler.render.audit.markdown import audit_markdown

        say(audit_markdown(audit, run, KINDS, _origin(folder)))
    elif form == "html":
        from reconciler.render.audit.html import audit_html

        say(audit_html(audit, run, KINDS, _origin(folder)))
    elif form == "prometheus":
        from reconciler.render.audit.prometheus import audit_prometheus

        say(audit_prometheus(audit, run, MANAGED, _name(folder)))
    else:
        say(_located(audit, run, form, folder))


def _located(audit: Audit, run: Run, form: str, folder: Path) -> str:
    """An audit whose findings stand at paths from the top of the repository."""
    from reconciler.kinds import KINDS
    from reconciler.ledger.commit import within

    if form == "github":
        from reconciler.render.audit.github import audit_github

        return audit_github(audit, run, KINDS, within(folder))
    from reconciler.render.audit.junit import audit_junit

    return audit_junit(audit, run, KINDS, within(folder))


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
