"""The shop as reads show it that are behind its writes: lists and other reads apart."""

import threading
from dataclasses import dataclass

from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.store import ObjectStore


@dataclass(slots=True)
class _Before:
    """The shop before one write, and the reads since: single and batch reads, then lists."""

    store: ObjectStore
    written: float
    reads: list[int]


class History:
    """The shop before each write that some read may not show yet, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[_Before] = []

    def is_kept(self, choices: Choices) -> bool:
        """Return whether reads may be behind."""
        return any(any(lag) for lag in _lags(choices))

    def note_write(self, store: ObjectStore, choices: Choices, now: float) -> None:
        """Keep the shop as it is before a write."""
        if self.is_kept(choices):
            with self._lock:
                self._kept.append(_Before(store.copy(), now, [0, 0]))

    def choose_store(
        self, store: ObjectStore, choices: Choices, now: float, listed: bool
    ) -> ObjectStore:
        """Return the shop that a read shows now, and count the read."""
        lags = _lags(choices)
        with self._lock:
            while self._kept and not any(
                _is_behind(self._kept[0], now, turn, lags[turn]) for turn in (False, True)
            ):
                del self._kept[0]
            hidden = [b for b in self._kept if _is_behind(b, now, listed, lags[listed])]
            for before in self._kept:
                before.reads[listed] += 1
            return hidden[0].store if hidden else store


def _lags(choices: Choices) -> tuple[tuple[float, int], tuple[float, int]]:
    """Return the seconds and the reads by which single and batch reads, and lists, are behind."""
    return (
        (choices.read_lag_seconds, choices.read_lag_reads),
        (choices.list_lag_seconds, choices.list_lag_reads),
    )


def _is_behind(before: _Before, now: float, listed: bool, lag: tuple[float, int]) -> bool:
    return now - before.written < lag[0] or before.reads[listed] < lag[1]
