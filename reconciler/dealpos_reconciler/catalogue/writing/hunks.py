"""Hunks of a unified diff, made from edits that are known.

To compare two texts of several megabytes takes a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

Edit = tuple[int, int, str]
"""The start and the end of a part of a text, and what takes its place."""


class Hunk(NamedTuple):
    """Lines that are replaced, with their ends."""

    above: int
    """Number of lines of the old text before them."""
    old: list[str]
    new: list[str]


def list_hunks(text: str, edits: Iterable[Edit]) -> Iterator[Hunk]:
    """Yield the hunks of edits that are in order and do not overlap; neighbours are one hunk."""
    done = above = 0
    last: Hunk | None = None
    for start, end, changed in _edit_lines(text, edits):
        above += text.count("\n", done, start)
        done = start
        hunk = _trim(Hunk(above, split_lines(text[start:end]), split_lines(changed)))
        if not (hunk.old or hunk.new):
            continue
        if last and last.above + len(last.old) == hunk.above:
            hunk = Hunk(last.above, last.old + hunk.old, last.new + hunk.new)
        elif last:
            yield last
        last = hunk
    if last:
        yield last


def split_lines(text: str) -> list[str]:
    """Return the lines of a text with their ends, as `patch` counts them."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _edit_lines(text: str, edits: Iterable[Edit]) -> Iterator[Edit]:
    """Yield edits of whole lines; those that touch the same line are one."""
    start = done = 0
    content = ""
    for first, last, new in edits:
        end = _line_end(text, done, content)
        if first >= end:
            yield start, end, content + text[done:end]
            start = done = text.rfind("\n", 0, first) + 1
            content = ""
        content += text[done:first] + new
        done = last
    end = _line_end(text, done, content)
    yield start, end, content + text[done:end]


def _line_end(text: str, done: int, content: str) -> int:
    """Return the end of the line that `content` ends in, before the rest of `text`."""
    is_whole = text[max(done - 1, 0) : done] in ("", "\n") and content[-1:] in ("", "\n")
    return done if is_whole else text.find("\n", done) + 1 or len(text)


def _trim(hunk: Hunk) -> Hunk:
    """Return a hunk without the lines at both ends that stay as they are."""
    above, old, new = hunk
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    above, old, new = above + same, old[same:], new[same:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return Hunk(above, old, new)
