"""Parts of a Markdown comment that plan and audit share, and the comment of an error."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler import __version__
from reconciler.errors import ReconcilerError, SourceError
from reconciler.render.fit import code, size
from reconciler.render.view import View
from reconciler.render.words import amount, shortened

MAX_COMMENT_BYTES = 65_536
"""GitHub takes as many characters as a comment."""
MAX_ASIDE_BYTES = 2_000
MAX_NAME_CHARACTERS = 200
MAX_SENTENCE_CHARACTERS = 1_000


def marker(subject: str) -> str:
    """Return the first line of every comment, by which a job finds its own and updates it."""
    return f"<!-- reconciler {subject} -->"


def short(text: str, longest: int = MAX_NAME_CHARACTERS) -> str:
    """Return `text` as a code span, cut where it is longer."""
    return code(shortened(text, longest))


def aside(title: str, entries: Sequence[str], meaning: str = "") -> str:
    """Return a fold with as many entries as fit into its small room."""
    if not entries:
        return ""
    lines, room = [], MAX_ASIDE_BYTES
    for entry in entries:
        room -= size(entry) + 3
        if room < 0:
            break
        lines.append(f"- {entry}")
    rest = len(entries) - len(lines)
    more = [f"- and {amount(rest)} more"] if rest else []
    summary = f"<details><summary>{title} ({amount(len(entries))}){meaning}</summary>"
    return "\n".join([summary, "", *lines, *more, "", "</details>", "", ""])


def footer(store: str, view: View) -> str:
    """Return the last line: the program, the shop, and the files."""
    parts = [f"reconciler {__version__}", short(store)]
    parts += [f"folder {short(view.folder)}"] if view.folder != "." else []
    parts += [f"commit {short(view.commit)}"] if view.commit else []
    return f"---\n{' · '.join(parts)}\n"


def error_comment(error: ReconcilerError, subject: str) -> str:
    """Return the reason why there is no plan or audit, in place of an outdated comment."""
    problems = error.problems if isinstance(error, SourceError) else ()
    hint = [short(error.hint, MAX_SENTENCE_CHARACTERS), ""] if error.hint else []
    message = short(error.message, MAX_SENTENCE_CHARACTERS)
    head = [marker(subject), f"### ⛔ No {subject}", "", message, "", *hint]
    entries = [code(f"{problem}{_add_hint(problem.hint)}") for problem in problems]
    return "\n".join(head) + "\n" + _problems(entries)


def _add_hint(hint: str) -> str:
    return f" ({hint})" if hint else ""


def _problems(entries: Sequence[str]) -> str:
    lines: list[str] = []
    room = MAX_COMMENT_BYTES - 4 * MAX_SENTENCE_CHARACTERS
    for entry in entries:
        room -= size(entry) + 3
        if room < 0:
            return "\n".join([*lines, f"- and {amount(len(entries) - len(lines))} more", ""])
        lines.append(f"- {entry}")
    return "\n".join([*lines, ""])
