"""Plans, reports and errors onto stdout and stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from reconciler.errors import ReconcilerError, SourceError

if TYPE_CHECKING:
    from reconciler.core.cost import Cost
    from reconciler.core.plan import Plan
    from reconciler.doctor.evidence import Evidence
    from reconciler.doctor.finding import Finding
    from reconciler.report import Report


def complain(error: ReconcilerError) -> None:
    """An error on stderr: every problem with its place, then what happened and what to do."""
    if isinstance(error, SourceError):
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
def errors_as(form: str) -> Iterator[None]:
    """With `--format json`, an error is the JSON document of the run."""
    try:
        yield
    except ReconcilerError as error:
        if form == "json":
            from reconciler.render.data import error_document

            print_json(error_document(error))
        raise


def say(text: str) -> None:
    """Text on stdout. A reader of a pipe that has gone away has what it wanted."""
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ReconcilerError(f"the output cannot be written: {error.strerror}") from None


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    from reconciler.render.data import dumps

    say(dumps(document) + "\n")


def print_plan(plan: Plan, cost: Cost, form: str, compact: bool = False) -> None:
    """A plan on stdout."""
    from reconciler.kinds import KINDS

    if form == "json":
        from reconciler.render.data import plan_document

        print_json(plan_document(plan, cost, KINDS))
    else:
        from reconciler.console import coloured, paint
        from reconciler.render.block import no_paint
        from reconciler.render.text import plan_text

        brush = paint if coloured(sys.stdout) else no_paint
        say(plan_text(plan, cost, KINDS, brush, compact))


def print_report(report: Report, form: str) -> None:
    """A report on stdout."""
    if form == "json":
        from reconciler.render.data import report_document

        print_json(report_document(report))
    elif report.outcomes:
        from reconciler.console import coloured, paint
        from reconciler.render.block import no_paint
        from reconciler.render.text import report_text

        brush = paint if coloured(sys.stdout) else no_paint
        say("\n" + report_text(report, brush))


def print_examination(evidence: Evidence, findings: Sequence[Finding], form: str) -> None:
    """What the doctor found, on stdout."""
    from reconciler.console import coloured
    from reconciler.render.examination import examination_document, examination_text

    if form == "json":
        print_json(examination_document(evidence, findings))
    else:
        say(examination_text(evidence, findings, coloured(sys.stdout)))


def approved() -> bool:
    """Ask on the terminal; only the whole word counts."""
    click.echo("\nApply these changes? Only `yes` is accepted: ", nl=False, err=True)
    return sys.stdin is not None and sys.stdin.readline().strip() == "yes"
