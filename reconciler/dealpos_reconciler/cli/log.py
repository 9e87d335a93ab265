"""The log of a command: what it tells people on stderr, and the same in a file.

Records go through the standard library's logging, with the fields of a JSON line beside the text.
No record holds a secret or a value of a customer.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dealpos_reconciler.cli import terminal
from dealpos_reconciler.core.runner_commands import defuse_commands
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.render.words import plain

DEBUG, INFO, ERROR = logging.DEBUG, logging.INFO, logging.ERROR
DETAIL = 5
"""The level of parameters and headers of a request, below that of the request."""
LEVELS = {1: DEBUG, 2: DETAIL}
"""The lowest level on stderr by the number of `-v`."""

_LOGGER = logging.getLogger("reconciler")
_LOGGER.propagate = False
_LOGGER.setLevel(DETAIL)


class StderrHandler(logging.Handler):
    """Writes text for people, or a line of JSON, to stderr; around a bar where there is one."""

    def __init__(self) -> None:
        super().__init__(INFO)
        self.as_json = False
        self.write: Callable[[str], None] = terminal.write_stderr
        """Writes one line; a bar puts itself in the place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record that is not for the file alone."""
        fields = _fields(record)
        if self.as_json:
            if record.levelno > DETAIL and record.getMessage():
                self.write(defuse_commands(_as_json(record, fields)))
        elif not getattr(record, "only_file", False):
            when = time.strftime("%H:%M:%S ") if record.levelno == DEBUG else ""
            lines = f"{when}{record.getMessage()}".split("\n")
            if hint := fields.get("hint"):
                indent = "    " if "file" in fields else ""
                lines += [f"{indent}{line}" for line in f"hint: {hint}".splitlines()]
            for line in lines:
                text = terminal.wrap(plain(line), terminal.read_width(sys.stderr))
                self.write(defuse_commands(text))


class LogFile(logging.FileHandler):
    """Appends records to a file, each on one line with its time."""

    def __init__(self, path: Path) -> None:
        try:
            super().__init__(path, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise UsageError(f"log file {path} cannot be written: {error.strerror}") from None
        self.setLevel(DEBUG)
        self.as_json = False

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        fields = _fields(record)
        if self.as_json:
            return _as_json(record, fields)
        message = " ".join(record.getMessage().split())
        hint = f" (hint: {fields['hint']})" if fields.get("hint") else ""
        return f"{_time(record)} {record.levelname} {message}{plain(hint)}"

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Go on where the disk is full: the run matters more than its log."""


def begin() -> StderrHandler:
    """Return a new handler of stderr; forget what an earlier command of this process has set."""
    for handler in list(_LOGGER.handlers):
        _LOGGER.removeHandler(handler)
        with suppress(OSError):  # a full disk
            handler.close()
    made = StderrHandler()
    _LOGGER.addHandler(made)
    return made


def stderr() -> StderrHandler:
    """Return the handler of stderr."""
    found = (handler for handler in _LOGGER.handlers if isinstance(handler, StderrHandler))
    return next(found, None) or begin()


def set_format(as_json: bool) -> None:
    """Choose text or JSON, on stderr and in the file."""
    stderr().as_json = as_json
    for handler in _LOGGER.handlers:
        if isinstance(handler, LogFile):
            handler.as_json = as_json


def add_file(path: Path) -> None:
    """Also write everything to a file, requests included. Raises UsageError."""
    handler = LogFile(path)
    handler.as_json = stderr().as_json
    _LOGGER.addHandler(handler)


def write(message: str, level: int = INFO, **fields: Any) -> None:
    """Log one message with the fields of its JSON line."""
    stderr()
    _LOGGER.log(level, "%s", message, extra={"fields": fields})


def write_to_file(message: str, **fields: Any) -> None:
    """Log one message that people on stderr do not need."""
    stderr()
    _LOGGER.info("%s", message, extra={"fields": fields, "only_file": True})


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(record, "fields", {})
    return fields


def _time(record: logging.LogRecord) -> str:
    made = datetime.fromtimestamp(record.created, UTC)
    return made.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _as_json(record: logging.LogRecord, fields: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in fields.items() if value not in (None, "")}
    line = {"time": _time(record), "level": record.levelname.lower()}
    line |= {"message": record.getMessage().strip(), **kept}
    return json.dumps(line, ensure_ascii=False, default=str)
