"""Errors of libyaml as problems at their place, with hints for common mistakes."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from reconciler.errors import Problem

_HINTS = {
    "found unexpected ':'": "put quotes around a value that contains a colon",
    "mapping values are not allowed in this context": "put quotes around a value that holds a "
    "colon; keys of one object begin in the same column",
    "found character that cannot start any token": "indent with spaces, not with tabs; put quotes "
    "around a value that begins with @, % or `",
    "did not find expected ',' or '}'": "close the brace, or put quotes around a value that "
    'contains one, such as "${NAME}"',
    "did not find expected ',' or ']'": "close the bracket",
    "found unknown escape character": "put single quotes around a value that contains a backslash",
    "found unexpected end of stream": "close the quote that is opened here",
}
"""Hints by the message of libyaml."""


def yaml_problem(error: YAMLError, content: str, shown: str) -> Problem:
    """Return `error` as a problem; `shown` is the name of the file in messages."""
    if isinstance(error, ReaderError):
        # What the reader gives as its position counts bytes.
        before = content[: content.find(chr(error.character))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what = f"the character #x{error.character:02x} is not allowed"
        return Problem(shown, line, column, f"broken YAML: {what}", "delete it")
    if isinstance(error, MarkedYAMLError):
        what = error.problem or error.context or "cannot be read"
        # A quote that is never closed ends with the file, where nobody would look for it.
        last = what == "found unexpected end of stream"
        mark = (last and error.context_mark) or error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return Problem(shown, line, column, f"broken YAML: {what}", _HINTS.get(what, ""))
    what = str(error).splitlines()[0]
    return Problem(shown, 0, 0, f"broken YAML: {what}")
