"""The log: one line of JSON for each call and each event, on stdout.

A line holds no secret, customer, body or path. A reader of the log that is slow or gone never
makes a till wait: lines are written by a thread, and those that do not fit are counted as lost.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

_MAX_WAITING_LINES = 10_000
_WRITE_EVERY_SECONDS = 0.05


class Log:
    """Writes lines of JSON from a thread of its own, so that no request waits for them."""

    def __init__(
        self, stream: TextIO | None = None, on_lost: Callable[[int], None] | None = None
    ) -> None:
        self._stream = stream or sys.stdout
        self.on_lost = on_lost
        """Called with the number of lines that could not be written."""
        self._waiting: list[dict[str, Any]] = []
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def add(self, fields: Mapping[str, Any]) -> None:
        """Write one line with the present time; fields that are empty are left out."""
        if len(self._waiting) >= _MAX_WAITING_LINES:
            self._lose(1)
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        kept = {name: value for name, value in fields.items() if value not in ("", None)}
        self._waiting.append({"time": now, **kept})
        self._wake.set()

    def add_event(self, event: str, level: str = "info", **fields: Any) -> None:
        """Write one line about the server itself."""
        self.add({"level": level, "event": event, **fields})

    def add_failure(self, event: str, error: BaseException) -> None:
        """Write one line about an unforeseen error: its type and place, never its message.

        The message may repeat what a till sent.
        """
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        self.add_event(event, "error", error=type(error).__name__, place=place)

    def close(self) -> None:
        """Write what waits, and end."""
        self._ended = True
        self._wake.set()
        self._thread.join(timeout=2)

    def _write(self) -> None:
        ended = False
        while not ended:
            self._wake.wait()
            self._wake.clear()
            ended = self._ended
            lines, self._waiting = self._waiting, []
            text = "".join(f"{json.dumps(line, ensure_ascii=True)}\n" for line in lines)
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):  # a closed pipe, a full disk, a closed stream
                self._lose(len(lines))
            if not ended:
                threading.Event().wait(_WRITE_EVERY_SECONDS)

    def _lose(self, lines: int) -> None:
        if self.on_lost:
            self.on_lost(lines)


class LogHandler(logging.Handler):
    """Turns what the web server logs into lines of the log, without its details."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; of an exception its type and place alone."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self._log.add_failure("error", error)
        else:
            self._log.add_event(record.getMessage(), record.levelname.lower())
