"""Requests of the command line, beside the fewest that the documented operations allow.

`docs/requests.md` holds the table. `make requests` compares all of it, the large shops too;
`UPDATE=1 make requests` writes it again.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.requests.bounds import Bound
from tests.requests.runs import Runs
from tests.requests.stories import ABOVE, LONG, SIZES, STORIES, WITHIN, Story

PAGE = Path(__file__).parent.parent.parent / "docs" / "requests.md"
UPDATE = bool(os.environ.get("UPDATE"))
LARGE = bool(os.environ.get("LARGE"))

HEAD = """\
| variants | story | run | first | again | bound | why more |
| ---: | --- | --- | ---: | ---: | ---: | --- |
"""
KEYS = [f"| {n:,} | {s.name} | {run} |" for s in STORIES for n in SIZES for run in s.commands]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("variants", SIZES)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_requests_of_a_story(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    story: Story,
    variants: int,
) -> None:
    if (variants != SIZES[0] or story.name in LONG) and not LARGE:
        pytest.skip("make requests")
    runs = Runs(tmp_path, monkeypatch)
    measured = runs.measure(story, variants)
    bound = Bound(story.live(variants), story.files(variants), story.cap)
    rows, problems = {}, []
    for run, requests in measured.items():
        first, again = map(len, requests)
        fewest = bound.count[run]
        extra = {s.name: s.count(bound) for s in story.safety.get(run, ())}
        spent = max(first, again) - sum(extra.values())
        is_above = spent > 1.05 * fewest
        above, small = (table.get((story.name, run)) for table in (ABOVE, WITHIN))
        is_due = spent > fewest or variants == SIZES[0]
        missing = (above if is_above else above or small) if is_due else None
        why = [f"{count:,} for {name}" for name, count in extra.items() if count]
        if spent > fewest:
            why.append(f"{'**above the bound**' if is_above else 'missing'}: {missing}")
        if (spent > fewest) != bool(missing) or fewest > min(first, again):
            problems.append(f"{run}: {dict(Counter(requests[0]))}, bound {fewest}, {missing}")
        if other := {"plan": "apply", "plan --out": "apply plan.json"}.get(run):
            sent = len(measured.get(other, ((), ()))[1]) - 1
            quoted = runs.quoted[run][1] or runs.quoted[run][0]  # an apply of nothing only reads
            if other in measured and (sent > quoted if other.endswith(".json") else sent != quoted):
                problems.append(f"{run}: {quoted} quoted for {other}, {sent} sent")
        used, more = runs.quoted.get(run, (again - 1, 0))  # the token is not quoted
        if used + (more if run.startswith("apply") else 0) != again - 1:
            sent = dict(Counter(requests[1]))
            problems.append(f"{run}: {used} and {more} quoted, {again - 1} sent: {sent}")
        key = f"| {variants:,} | {story.name} | {run} |"
        rows[key] = f"{key} {first:,} | {again:,} | {fewest:,} | {', '.join(why)} |"
    stale = compare(rows)
    assert not problems, "\n".join(problems)
    sent = {run: dict(Counter(requests[0])) for run, requests in measured.items()}
    assert not stale, f"UPDATE=1 make requests; sent: {sent}"


def compare(rows: dict[str, str]) -> list[str]:
    """Return the rows that differ from those of the page; with UPDATE, write them."""
    with PAGE.open("r+", encoding="utf-8") as page:
        fcntl.flock(page, fcntl.LOCK_EX)  # tests run side by side
        head, _, table = page.read().partition(HEAD)
        known = {key: line for line in table.splitlines() for key in KEYS if line.startswith(key)}
        if UPDATE:
            known |= rows
            lines = [known[key] for key in KEYS if key in known]
            page.seek(0)
            page.truncate()
            page.write(head + HEAD + "\n".join(lines) + "\n")
    return [row for key, row in rows.items() if known.get(key) != row]


def test_the_page_has_a_row_for_each_run() -> None:
    head, _, table = PAGE.read_text(encoding="utf-8").partition(HEAD)
    assert "`UPDATE=1 make requests`" in head
    assert [key for line in table.splitlines() for key in KEYS if line.startswith(key)] == KEYS
    assert len(table.splitlines()) == len(KEYS)


def test_what_is_left_to_make_requests_is_a_story() -> None:
    assert {story.name for story in STORIES} > LONG
