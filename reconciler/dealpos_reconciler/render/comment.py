"""Markdown comments of limited size: their parts, and lists that fit into a room.

A list is shown in full, as names only, or cut and counted. Sizes are counted in bytes: a text that
fits here fits a host that counts characters, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dealpos_reconciler import __version__
from dealpos_reconciler.render.sections import Verdict
from dealpos_reconciler.render.view import View
from dealpos_reconciler.render.words import amount, plain, shorten

MAX_COMMENT_BYTES = 65_536
"""GitHub takes as many characters as a comment."""
MAX_ALLOW_BLOCK_BYTES = 8_000
MAX_ASIDE_BYTES = 2_000
MAX_NAME_CHARACTERS = 200
MAX_SENTENCE_CHARACTERS = 1_000
MIN_RANGE = 3

_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)
_SIGNS = {"refused": "⛔", "careful": "⚠️", "change": "✏️", "calm": "✅"}


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


def short(text: str, longest: int = MAX_NAME_CHARACTERS) -> str:
    """Return `text` as a code span, cut where it is longer."""
    return code(shorten(text, longest))


def marker(subject: str) -> str:
    """Return the first line of every comment, by which a job finds its own and updates it."""
    return f"<!-- reconciler {subject} -->"


def heading(subject: str, verdict: Verdict, missing: int = 10**9) -> str:
    """Return marker and verdict, with the number of entries that had no room (default: any)."""
    lost = f" — {amount(missing)} entries not shown (comment size limit)" if missing else ""
    return f"{marker(subject)}\n### {_SIGNS[verdict.tone]} {verdict.text}{lost}\n\n"


def count_table(counts: Mapping[str, int]) -> list[str]:
    """Return the lines of a table that has a column for each count."""
    return [
        f"| {' | '.join(counts)} |",
        f"|{' ---: |' * len(counts)}",
        f"| {' | '.join(map(amount, counts.values()))} |",
        "",
    ]


def aside(title: str, entries: Sequence[str], meaning: str = "") -> str:
    """Return a fold with as many entries as fit into its small room."""
    if not entries:
        return ""
    about = f": {meaning}" if meaning else ""
    summary = f"<details><summary>{title} ({amount(len(entries))}){about}</summary>"
    return "\n".join([summary, "", *bullets(entries, MAX_ASIDE_BYTES), "", "</details>", "", ""])


def bullets(entries: Sequence[str], room: int) -> list[str]:
    """Return as many entries as there is room for, and the number of the rest."""
    lines: list[str] = []
    for entry in entries:
        room -= size(entry) + 3
        if room < 0:
            return [*lines, f"- and {amount(len(entries) - len(lines))} more"]
        lines.append(f"- {entry}")
    return lines


def footer(store: str, view: View) -> str:
    """Return the last line: the program, the shop, and the files."""
    parts = [f"reconciler {__version__}", short(store)]
    parts += [f"folder {short(view.folder)}"] if view.folder != "." else []
    parts += [f"commit {short(view.commit)}"] if view.commit else []
    return f"---\n{' · '.join(parts)}\n"


def fold(summary: str, lines: Sequence[str], note: str = "", language: str = "diff") -> str:
    """Return a fold with a block of code, and a note below it."""
    parts = [f"<details><summary>{summary}</summary>", ""]
    if lines:
        # No line of a block is backticks alone, so that none of them ends the fence.
        parts += [f"```{language}", "\n".join(lines).rstrip("\n"), "```", ""]
    parts += [note, ""] if note else []
    return "\n".join([*parts, "</details>", "", ""])


def allow_fold(lines: Sequence[str], effect: str) -> str:
    """Return a fold with exceptions that can be pasted; empty without any, and for too many."""
    if not lines or size("\n".join(lines)) > MAX_ALLOW_BLOCK_BYTES:
        return ""
    return fold(f"To {effect}, add this to a catalogue file", lines, language="yaml")


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
        lines = [
            f"{label}: {', '.join(span for span, _ in _counted_spans(names))}"
            for label, names in self.names.items()
        ]
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


def _counted_spans(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield each name as a code span; consecutive numbers as a range: `V001` to `V099` (99)."""
    runs: list[list[str]] = []
    for name in sorted(names):
        if runs and _is_next(runs[-1][-1], name):
            runs[-1].append(name)
        else:
            runs.append([name])
    for run in runs:
        if len(run) >= MIN_RANGE:
            yield f"{code(run[0])} to {code(run[-1])} ({amount(len(run))})", len(run)
        else:
            yield from ((code(entry), 1) for entry in run)


def _is_next(name: str, following: str) -> bool:
    one, two = _NUMBERED.fullmatch(name), _NUMBERED.fullmatch(following)
    if one is None or two is None or one[1] != two[1] or len(one[2]) != len(two[2]):
        return False
    return int(two[2]) == int(one[2]) + 1


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
