"""Fit lists of objects into a size limit: in full, as names only, or cut and counted.

Sizes are counted in bytes: a text that fits here fits a host that counts characters, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from reconciler.render.words import amount, plain

_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)
MIN_RANGE = 3


def size(text: str) -> int:
    """Return the bytes that a text takes."""
    return len(text.encode())


def code(text: str) -> str:
    """Return `text` as a code span: nothing in it is markup, a mention or a link."""
    shown = plain(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    tick = "`" * (longest + 1)
    # A reader of Markdown takes one space away on either side.
    space = " " if shown[:1] in ("`", " ") or shown[-1:] in ("`", " ") else ""
    return f"{tick}{space}{shown}{space}{tick}" if shown else ""


class Fitted(NamedTuple):
    """A text that fits, and the number of names that did not."""

    text: str
    missing: int = 0


@dataclass(frozen=True, slots=True)
class NameList:
    """Objects that must be named. `names` are the same objects, grouped by what they share."""

    title: str
    entries: Sequence[str]
    names: Mapping[str, Sequence[str]]
    subject: str = "plan"

    def fit(self, room: int) -> Fitted:
        """Return the fullest form for which there is room."""
        if not self.entries:
            return Fitted("")
        full = _list(self.title, self.entries)
        if size(full) <= room:
            return Fitted(full)
        brief = self.brief()
        return Fitted(brief) if size(brief) <= room else self._cut_text(room)

    def brief(self) -> str:
        """Return every name, and nothing else."""
        lines = [f"{label}: {', '.join(_spans(names))}" for label, names in self.names.items()]
        return _list(self.title, lines) if self.entries else ""

    def _cut_text(self, room: int) -> Fitted:
        total = sum(len(names) for names in self.names.values())
        left = room - size(_list(self.title, ["", *self.names])) - size(self._more(total))
        lines, shown = [], 0
        for label, names in self.names.items():
            fitted = []
            for span, count in _counted_spans(names):
                left -= size(span) + 2
                if left < 0:
                    break
                fitted.append(span)
                shown += count
            if fitted:
                lines.append(f"{label}: {', '.join(fitted)}")
            left -= 4
        missing = total - shown
        return Fitted(_list(self.title, [*lines, self._more(missing)]), missing)

    def _more(self, count: int) -> str:
        return (
            f"**⚠️ {amount(count)} more are not shown (comment size limit). "
            f"Review the full {self.subject} before you decide.**"
        )


def _list(title: str, entries: Iterable[str]) -> str:
    return f"**{title}**\n\n" + "".join(f"- {entry}\n" for entry in entries) + "\n"


def _spans(names: Sequence[str]) -> Iterator[str]:
    return (span for span, _ in _counted_spans(names))


def _counted_spans(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield each name as a code span; consecutive numbers as a range: `V001` to `V099` (99)."""
    run: list[str] = []
    for name, following in pairwise([*sorted(names), None]):
        if name is not None:
            run.append(name)
        if following is None or not _consecutive(run[-1], following):
            if len(run) >= MIN_RANGE:
                yield f"{code(run[0])} to {code(run[-1])} ({amount(len(run))})", len(run)
            else:
                yield from ((code(entry), 1) for entry in run)
            run = []


def _consecutive(name: str, following: str) -> bool:
    one, two = _NUMBERED.fullmatch(name), _NUMBERED.fullmatch(following)
    return (
        one is not None
        and two is not None
        and one[1] == two[1]
        and len(one[2]) == len(two[2])
        and int(two[2]) == int(one[2]) + 1
    )


def fit_all(listings: Sequence[NameList], room: int) -> list[Fitted]:
    """Return all listings, fitted into one room.

    An earlier listing leaves the later ones enough for their names; where that is too much, it
    takes no more than half of the room that is left.
    """
    fitted: list[Fitted] = []
    needs = [size(listing.brief()) for listing in listings]
    for index, listing in enumerate(listings):
        later = sum(needs[index + 1 :])
        found = listing.fit(room - min(later, room // 2))
        room -= size(found.text)
        fitted.append(found)
    return fitted
