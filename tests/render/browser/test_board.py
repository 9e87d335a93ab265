"""The board in Chromium: sizes, colours, without a script, print, 10,000 objects, hostile names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.audit import audit_plan
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.render.board.page import OPEN_ROWS, render_board
from dealpos_reconciler.render.board.values import MAX_ROWS
from dealpos_reconciler.workflows.board.remembered import read_audit, remember_audit
from tests.render.browser.test_page import FAINT, SECONDS, WIDE, worked
from tests.support.boards import make_board, make_hostile
from tests.support.plans import Makes

NARROW = {"width": 390, "height": 844}
NARROWEST = {"width": 360, "height": 740}
FITS = "document.documentElement.scrollWidth <= innerWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_the_board_is_readable_without_a_script(
    visit: Callable[..., Any], picture: Callable[[Any, str], None], scheme: str, size: str
) -> None:
    page = visit(
        render_board(make_board()),
        color_scheme=scheme,
        viewport=WIDE if size == "wide" else NARROW,
    )
    picture(page, f"board-{scheme}-{size}")
    assert page.evaluate(FAINT) == []
    assert page.evaluate(FITS)
    for region in ("Drift (3)", "Coupons (4)", "Coming (14 days)", "Applies", "API usage"):
        assert page.get_by_role("region", name=region, exact=True).count() == 1
    # The bar has the width of what is used: 431 of 500.
    bar, used = page.locator(".bar").first, page.locator(".bar .used").first
    share = used.bounding_box()["width"] / bar.bounding_box()["width"]
    assert share == pytest.approx(431 / 500, abs=0.01)


def test_it_is_the_same_where_scripts_are_off(visit: Callable[..., Any]) -> None:
    page = visit(render_board(make_board()), java_script_enabled=False)
    assert page.locator(".card >> visible=true").count() == 7
    assert page.locator("script").count() == 0


def test_a_click_selects_a_whole_command(visit: Callable[..., Any]) -> None:
    page = visit(render_board(make_board()), viewport=WIDE)
    page.get_by_text("reconciler adopt variant/1003L").click()
    assert page.evaluate("getSelection().toString()") == "reconciler adopt variant/1003L"


def test_the_board_prints(visit: Callable[..., Any]) -> None:
    page = visit(render_board(make_board()), viewport=WIDE)
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator(".card >> visible=true").count() == 7


def test_no_name_on_the_board_does_anything(visit: Callable[..., Any], hostile: str) -> None:
    page = visit(render_board(make_hostile(hostile)), viewport=NARROWEST)
    assert page.evaluate(FITS)
    assert page.locator("img, iframe, object, script, [onerror], [onmouseover]").count() == 0


def test_long_names_push_nothing_to_the_side(visit: Callable[..., Any]) -> None:
    page = visit(render_board(make_hostile("x" * 300)), viewport=NARROWEST)
    assert page.evaluate(FITS)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_ten_thousand_objects_open_in_time(
    visit: Callable[..., Any],
    picture: Callable[[Any, str], None],
    makes: Makes,
    tmp_path: Path,
    viewport: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Held to in the page's own working time: what else the machine does at that time differs."""
    audit = audit_plan(makes.plan(*makes.large(10_000)))
    state = StateDir(tmp_path)
    remember_audit(state, audit, Desired(), KINDS)
    text = render_board(make_board(audit=read_audit(state, audit.store, {}), coupons=None))
    page = visit("", viewport=viewport)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    file = tmp_path / "large.html"
    file.write_text(text, encoding="utf-8")
    before = worked(cdp)
    page.goto(file.as_uri())
    more = page.get_by_text(f"{MAX_ROWS - OPEN_ROWS} more objects", exact=True)
    more.click()
    page.locator(".card").nth(MAX_ROWS - 1).scroll_into_view_if_needed()
    spent = worked(cdp) - before
    with capsys.disabled():
        print(f"\n10,000 objects, {len(text) / 1e6:.1f} MB: {spent:.2f} s of work")  # noqa: T201
    assert spent < SECONDS
    assert page.get_by_role("heading", name="Drift (10,000)").is_visible()
    assert page.get_by_text("9,500 more objects not shown").count() == 1
    assert page.evaluate(FITS)
