"""Behaviours as case folders: files and a shop in, plan and requests out; see `support/story.py`.

`UPDATE=1 pytest tests/test_cases.py` writes the results anew: read the difference before you
commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dealpos_reconciler.errors import SourceError
from tests.support.documents import ReadDocument
from tests.support.provider import CODES_KEY
from tests.support.shop import MakeShop
from tests.support.story import Story

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
RESULTS = {"plan.txt", "problems.txt", "requests.txt", "next.txt"}
UPDATE = bool(os.environ.get("UPDATE"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_case(
    case: Path, make_shop: MakeShop, documented: ReadDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    results: dict[str, str] = {}
    try:
        Story(case, make_shop, documented).play(results.__setitem__)
    except SourceError as error:
        lines = [f"{problem}\n  {problem.hint or ''}\n" for problem in error.problems]
        results["problems.txt"] = "".join(lines)
    if UPDATE:
        for name in RESULTS:
            (case / name).unlink(missing_ok=True)
        for name, text in results.items():
            (case / name).write_text(text, encoding="utf-8")
    for name, text in results.items():
        assert text == (case / name).read_text(encoding="utf-8"), name
    assert {path.name for path in case.iterdir()} & RESULTS == results.keys()


def test_every_case_says_what_it_shows() -> None:
    for case in CASES:
        assert (case / "catalogue.yaml").read_text(encoding="utf-8").startswith("# "), case.name
