"""The largest page that lists serve (dealpos-api.md §13: undocumented for most of them)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Asked, Evidence, Purpose
from reconciler.dealpos.doctor.finding import Finding, note, ok, untried

NAME = "page size"

_STEP = "nothing: lists are read to their end, in more requests"


def judge(evidence: Evidence, kinds: Kinds) -> Iterator[Finding]:
    """What was asked for and what came, where a list is long enough to tell."""
    lists = [a for a in evidence.every(Purpose.LISTING) if a.answered and a.size]
    if not lists:
        yield untried(NAME, "not tried: no list with pages has answered")
        return
    told = [text for asked in lists for text in _told(evidence, asked)]
    if told:
        yield note(NAME, "; ".join(dict.fromkeys(told)), _STEP)
        return
    longest = max(lists, key=lambda asked: len(asked.rows))
    count = len(longest.rows)
    if count >= longest.size:
        yield ok(NAME, f"{longest.operation} serves pages of {count:,}")
    elif not _whole(evidence, longest):
        begin = f"{longest.operation}: asked for {longest.size:,}, got {count:,}"
        yield note(NAME, f"{begin}; whether that is all of them was not asked", _STEP)
    else:
        yield ok(
            NAME,
            f"asked for {longest.size:,}: every list fits into one page (the longest has "
            f"{count:,} rows), so a smaller cap cannot be seen",
        )


def _whole(evidence: Evidence, asked: Asked) -> bool:
    """Whether a list is known to end with its first page: by its total, or by its second page."""
    second = evidence.of(asked.kind, Purpose.SECOND_PAGE)
    return not asked.rows or asked.total is not None or bool(second and second.answered)


def _told(evidence: Evidence, asked: Asked) -> Iterator[str]:
    """What a list shows of a cap: a refusal, or fewer rows than there are."""
    if asked.refused_sizes:
        sizes = ", ".join(f"{size:,}" for size in asked.refused_sizes)
        yield f"pages of {sizes} are refused, {asked.size:,} is served"
    if asked.scant:
        yield f"an over-large page brings {asked.scant:,} rows, one of {asked.size:,} more"
    second = evidence.of(asked.kind, Purpose.SECOND_PAGE)
    got, more = len(asked.rows), second is not None and second.shows_more_than(asked)
    if got >= asked.size:
        return
    begin = f"{asked.operation}: asked for {asked.size:,}, got {got:,}"
    if asked.total is None:
        if more:
            yield f"{begin}, and a second page holds more: cut without a word"
    elif 0 < got < asked.total:
        stuck = second is not None and second.answered and not more
        end = "a second page shows nothing new" if stuck else "cut without a word"
        yield f"{begin} of {asked.total:,}: {end}"
