"""The turn of one server among those that share a file: a lock beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock


class FileTurn:
    """A lock that the system releases when the process ends."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(f"{store.name}.turn")
        self._lock: FileLock | None = None

    def take(self) -> bool:
        """Return whether this process has the turn; take it where nobody has it."""
        from filelock import FileLock, Timeout

        if self._lock is None:
            try:
                lock = FileLock(self._path, timeout=0, mode=0o600)
                lock.acquire()
            except (Timeout, OSError):
                return False
            self._lock = lock
        return True

    def release(self) -> None:
        """Let go; does nothing without the turn."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
