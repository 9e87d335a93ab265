"""Errors for people on stderr, and for programs, pages and comments in their own format."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.cli import terminal
from reconciler.cli.output import REPORT_FORMATS, describe_run, find_renderer
from reconciler.errors import ReconcilerError


def print_message(text: str) -> None:
    """Write one line for a person to stderr, wrapped where that is a terminal."""
    from reconciler.render.words import plain

    terminal.write_stderr(terminal.wrap(plain(text), terminal.read_width(sys.stderr)))


def print_error(error: ReconcilerError) -> None:
    """Write every problem with its file and line to stderr, then the error and its hint."""
    for problem in error.problems:
        print_message(str(problem))
        if problem.hint:
            print_message(f"    hint: {problem.hint}")
    print_message(f"error: {error.message}")
    if error.hint:
        for line in f"hint: {error.hint}".splitlines():
            print_message(line)


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
        if text := _render(error, output_format, folder, subject):
            terminal.write_stdout(text)
        for path in reports:
            report_format = REPORT_FORMATS.get(path.suffix.lower(), "")
            if report_format in ("markdown", "html"):
                with suppress(OSError):  # the error itself matters more
                    text = _render(error, report_format, folder, subject)
                    path.write_text(text, encoding="utf-8")
        raise


def _render(error: ReconcilerError, output_format: str, folder: Path, subject: str) -> str:
    """Return an error in a machine format; "" for text, which people read on stderr."""
    if output_format == "text":
        return ""
    from reconciler.render.view import View

    view = View(**describe_run(folder, output_format))
    return str(find_renderer(subject, output_format).render_error(error, view))
