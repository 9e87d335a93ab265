"""Programmable failures, for tests of a client whose response is wrong or lost."""

import random
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

Kind = Literal["500", "502", "503", "429", "401", "html", "truncated", "drop", "timeout", "delay"]
Hostile = Literal["hang", "flood"]
"""Failures of a broken or hostile server; no random failure is one of them."""


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One planned failure: the ``nth`` matching request and the ``times - 1`` after it."""

    method: str
    """An HTTP method, or `*`."""
    path: str
    """A glob on the path below `/api/v3`, such as `/Variant*`."""
    kind: Kind | Hostile
    when: Literal["before", "after", "late"] = "before"
    """Before: the shop did not act. After: it acted and the answer was lost. Late: the answer was
    lost, and the shop acts ``seconds`` later."""
    nth: int = 1
    times: int = 1
    seconds: float = 1.0
    """Duration of a delay or a hang; time until the shop acts late."""
    megabytes: int = 64
    """Size of a flood."""
    retry_after: str = ""
    """The ``Retry-After`` of a 429 or 503; none where it is empty."""

    def matches(self, method: str, path: str) -> bool:
        """Return whether a request counts for this failure."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class Faults:
    """The planned failures, with the number of requests that each has met."""

    def __init__(self, *planned: InjectedFault) -> None:
        self._lock = threading.Lock()
        self._planned: list[InjectedFault] = []
        self._seen: list[int] = []
        self._random: random.Random | None = None
        self._rate = 0.0
        for fault in planned:
            self.add(fault)

    @classmethod
    def random(cls, seed: int, rate: float) -> "Faults":
        """Return failures of every kind, at a rate between 0 and 1, the same for the same seed."""
        faults = cls()
        faults._random = random.Random(seed)
        faults._rate = rate
        return faults

    def add(self, fault: InjectedFault) -> None:
        """Plan a failure."""
        known = (*get_args(Kind), *get_args(Hostile))
        if fault.kind not in known:
            raise ValueError(f"{fault.kind!r} is none of {known}")
        with self._lock:
            self._planned.append(fault)
            self._seen.append(0)

    def clear(self) -> None:
        """Forget every failure."""
        with self._lock:
            self._planned.clear()
            self._seen.clear()
            self._random = None

    def strike(self, method: str, path: str) -> InjectedFault | None:
        """Return the failure that this request meets, if any; the first planned wins."""
        with self._lock:
            struck = None
            for place, fault in enumerate(self._planned):
                if not fault.matches(method, path):
                    continue
                self._seen[place] += 1
                if struck is None and 0 <= self._seen[place] - fault.nth < fault.times:
                    struck = fault
            return struck or self._chance(method, path)

    def _chance(self, method: str, path: str) -> InjectedFault | None:
        if self._random is None or self._random.random() >= self._rate:
            return None
        kind = self._random.choice(get_args(Kind))
        return InjectedFault(method, path, kind, self._random.choice(("before", "after")))
