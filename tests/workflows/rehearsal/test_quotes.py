"""A rehearsal of every case folder: it sends what the plan quotes, and the shop nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealpos_reconciler.core.plan.target import Scope
from dealpos_reconciler.dealpos.tenant import load_profile
from dealpos_reconciler.errors import SourceError
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import PlannedRun, make_plan, preview_plan
from dealpos_reconciler.workflows.rehearsal import behaviours
from dealpos_reconciler.workflows.rehearsal.run import rehearse
from tests.support.documents import ReadDocument
from tests.support.provider import CODES_KEY
from tests.support.shop import ROOT, MakeShop
from tests.support.story import Story

CASES = sorted(path for path in (ROOT / "tests" / "cases").iterdir() if path.is_dir())


def plan_case(story: Story, *, of_its_own: bool = False) -> tuple[OpenShop, PlannedRun]:
    """Return the shop of a case, and the plan of its run or of an apply of its own."""
    options = story.read("command.yaml") or {}
    scope = Scope(tuple(options.get("target", ())), tuple(options.get("kind", ()))) or None
    client = story.shop.client()
    client.routes.tenant = load_profile(story.shop.state, "sandbox")
    opened = story.shop.open(client)
    make = preview_plan if of_its_own else make_plan
    return opened, make(opened, scope, tuple(options.get("overwrite", ())))


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a shop folder."""
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_rehearsal_sends_what_the_plan_quotes_and_the_shop_nothing(
    case: Path, make_shop: MakeShop, documented: ReadDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    monkeypatch.setattr(behaviours, "MAX_BEHAVIOURS", 0)
    story = Story(case, make_shop, documented)
    try:
        opened, run = plan_case(story)
    except SourceError:
        pytest.skip("the files of this case have problems")
    served, before = len(story.shop.twin.calls), files_of(story.shop.folder)
    found = rehearse(opened, run)
    assert len(story.shop.twin.calls) == served
    assert files_of(story.shop.folder) == before
    assert found.passed(run.plan.interruptions), found
    sent = [each for each in found.trace if each.path != "/Token/OAuth2"]
    assert run.usage.requests <= len(sent) <= run.usage.requests + found.unsure
    assert found.windows == run.usage.windows


@pytest.mark.parametrize("name", ["rate_limit_of_five", "coupon_replaced", "customer_moves"])
def test_the_reads_of_an_apply_of_its_own_are_counted(
    name: str, make_shop: MakeShop, documented: ReadDocument
) -> None:
    story = Story(ROOT / "tests" / "cases" / name, make_shop, documented)
    opened, run = plan_case(story, of_its_own=True)
    found = rehearse(opened, run)
    assert run.usage.repeated > 0
    assert (found.requests, found.windows) == (run.usage.requests, run.usage.windows)
