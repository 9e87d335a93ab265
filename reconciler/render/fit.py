"""Lists that must fit into a room: at length, briefly, or as far as it goes and saying so.

Rooms are counted in bytes: whether a host counts bytes or characters, what fits here fits there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from reconciler.render.words import amount, plain

_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)
_RUN = 3


def size(text: str) -> int:
    """The bytes that a text takes."""
    return len(text.encode())


def code(text: str) -> str:
    """`text` as a code span: nothing in it is markup, a mention or a link."""
    shown = plain(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    tick = "`" * (longest + 1)
    # A reader of Markdown takes one space away on either side.
    space = " " if shown[:1] in ("`", " ") or shown[-1:] in ("`", " ") else ""
    return f"{tick}{space}{shown}{space}{tick}" if shown else ""


class Fitted(NamedTuple):
    """What fitted, and how many names did not."""

    text: str
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """Objects that must be named. `names` are the same objects by what they have in common."""

    title: str
    entries: Sequence[str]
    names: Mapping[str, Sequence[str]]

    def fit(self, room: int) -> Fitted:
        """The fullest form for which there is room."""
        if not self.entries:
            return Fitted("")
        full = _list(self.title, self.entries)
        if size(full) <= room:
            return Fitted(full)
        brief = self.brief()
        return Fitted(brief) if size(brief) <= room else self._cut(room)

    def brief(self) -> str:
        """Every name, and nothing else."""
        lines = [f"{label}: {', '.join(_spans(names))}" for label, names in self.names.items()]
        return _list(self.title, lines) if self.entries else ""

    def _cut(self, room: int) -> Fitted:
        total = sum(len(names) for names in self.names.values())
        left = room - size(_list(self.title, ["", *self.names])) - size(_loud(total, self.title))
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
        return Fitted(_list(self.title, [*lines, _loud(total - shown, self.title)]), total - shown)


def _loud(count: int, title: str) -> str:
    return (
        f"**⚠️ {amount(count)} more are NOT NAMED HERE, there is no room for them; "
        f"do not judge this plan by this comment** ({title})"
    )


def _list(title: str, entries: Iterable[str]) -> str:
    return f"**{title}**\n\n" + "".join(f"- {entry}\n" for entry in entries) + "\n"


def _spans(names: Sequence[str]) -> Iterator[str]:
    return (span for span, _ in _counted_spans(names))


def _counted_spans(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Each name as a code span; consecutive numbers as a range: `V001` to `V099` (99)."""
    run: list[str] = []
    for name, following in pairwise([*sorted(names), None]):
        if name is not None:
            run.append(name)
        if following is None or not _consecutive(run[-1], following):
            if len(run) >= _RUN:
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


def fit_all(listings: Sequence[Listing], room: int) -> list[Fitted]:
    """All listings in one room; an earlier one leaves the later ones enough to be brief in.

    Where that is too much, it takes no more than half of what is left.
    """
    fitted: list[Fitted] = []
    needs = [size(listing.brief()) for listing in listings]
    for index, listing in enumerate(listings):
        later = sum(needs[index + 1 :])
        found = listing.fit(room - min(later, room // 2))
        room -= size(found.text)
        fitted.append(found)
    return fitted
