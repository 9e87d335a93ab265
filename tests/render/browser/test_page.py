"""The page in Chromium: reading, filtering, colours, keyboard, print, size."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.render.formats.html import render_plan
from tests.support.plans import Makes

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}
SECONDS = 2.0


def html(plan: Plan, makes: Makes) -> str:
    return render_plan(plan, makes.view(folder="shops/kopi", commit="0123abc"))


def visible(page: Any) -> list[str]:
    return page.eval_on_selector_all(
        "tbody",
        "all => all.filter(e => e.offsetParent).map(e => e.querySelector('code').innerText)",
    )


# Every text on the page against what is behind it, as WCAG 2 reckons; below 4.5 is too faint.
FAINT = """
() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => {
      c /= 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    if (["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const pair = [numbers(getComputedStyle(element).color), behind(element)].map(light).sort();
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5) faint.push(`${element.tagName} ${element.className} ${ratio.toFixed(1)}`);
  }
  return faint;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_everything_is_readable(
    visit: Callable[..., Any],
    picture: Callable[[Any, str], None],
    makes: Makes,
    everything: Callable[[], Plan],
    scheme: str,
    size: str,
) -> None:
    page = visit(
        html(everything(), makes),
        color_scheme=scheme,
        viewport=WIDE if size == "wide" else NARROW,
    )
    picture(page, f"{scheme}-{size}")
    assert page.evaluate(FAINT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark is (scheme == "dark")


@pytest.mark.parametrize("tone", ["careful", "change", "calm"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_verdict_is_readable(
    visit: Callable[..., Any], makes: Makes, scheme: str, tone: str
) -> None:
    changes = {
        "careful": [makes.change("variant/A", Action.DELETE)],
        "change": [makes.change("variant/A", unit_price=(1, 2))],
        "calm": [],
    }
    page = visit(html(makes.plan(*changes[tone]), makes), color_scheme=scheme)
    assert page.locator(f"header.{tone}").count() == 1
    assert page.evaluate(FAINT) == []


def test_search_kind_and_action_narrow_what_is_shown(
    visit: Callable[..., Any], makes: Makes, everything: Callable[[], Plan]
) -> None:
    page = visit(html(everything(), makes))
    assert len(visible(page)) == 5
    page.get_by_label("Search").fill("1003 PRICE")
    page.get_by_role("status").get_by_text("1 of 5 shown").wait_for()
    assert visible(page) == ['variant/1003L "Kopi Susu, Large"']
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("status").get_by_text("5 of 5 shown").wait_for()
    page.get_by_label("Kind").select_option("variant")
    page.get_by_role("status").get_by_text("2 of 5 shown").wait_for()
    page.get_by_label("Action").select_option("delete")
    page.get_by_role("status").get_by_text("1 of 5 shown").wait_for()
    assert visible(page) == [r'variant/1003S "Kopi Susu, \"Small\""']


def test_a_link_to_a_change_that_is_filtered_out_shows_it(
    visit: Callable[..., Any], makes: Makes, everything: Callable[[], Plan]
) -> None:
    page = visit(html(everything(), makes))
    page.get_by_label("Search").fill("category/Drinks")
    page.get_by_role("status").get_by_text("1 of 5 shown").wait_for()
    warnings = page.get_by_role("region", name="Warnings")
    warnings.get_by_role("link", name="product/1003").click()
    page.get_by_role("status").get_by_text("5 of 5 shown").wait_for()
    page.locator("#c2:target").wait_for()
    assert page.locator("#c2").is_visible()
    assert (page.locator("#c2 code").first.text_content() or "").startswith("product/1003")


def test_the_keyboard_reaches_everything(
    visit: Callable[..., Any], makes: Makes, everything: Callable[[], Plan]
) -> None:
    page = visit(html(everything(), makes))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the changes"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.name || document.activeElement.type"))
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        if page.evaluate("document.activeElement !== document.body"):
            assert ring != "none"
    assert {"search", "kind", "action", "reset"} <= reached


def test_landmarks_headings_and_headers_are_there(
    visit: Callable[..., Any], makes: Makes, everything: Callable[[], Plan]
) -> None:
    page = visit(html(everything(), makes))
    for role in ("banner", "main", "contentinfo", "search", "status"):
        assert page.get_by_role(role).count() == 1, role
    assert page.get_by_role("heading", level=1).count() == 1
    for region in ("Summary", "Changes (5)", "Removals and replacements (3)"):
        assert page.get_by_role("region", name=region, exact=True).count() == 1
    assert page.get_by_role("columnheader").all_inner_texts() == ["Field", "Before", "After"]
    assert page.get_by_role("rowheader", name="unit_price").count() == 1


def test_without_a_script_it_is_read_all_the_same(
    visit: Callable[..., Any], makes: Makes, everything: Callable[[], Plan]
) -> None:
    page = visit(html(everything(), makes), java_script_enabled=False)
    assert not page.locator("form").is_visible()
    assert page.locator("tbody >> visible=true").count() == 5
    assert page.get_by_text("variant/GONE").is_visible()


def test_it_prints_everything(
    visit: Callable[..., Any], makes: Makes, everything: Callable[[], Plan], tmp_path: Path
) -> None:
    page = visit(html(everything(), makes), viewport=WIDE)
    page.emulate_media(media="print")
    assert not page.locator("form").is_visible()
    assert page.locator("tbody >> visible=true").count() == 5
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    page.pdf(path=folder / "print.pdf", format="A4")
    assert (folder / "print.pdf").stat().st_size > 10_000


def test_no_name_does_anything(visit: Callable[..., Any], makes: Makes, hostile: str) -> None:
    page = visit(html(makes.hostile(hostile), makes), viewport=NARROW)
    assert len(visible(page)) == 5
    page.get_by_label("Search").fill("variant")
    page.get_by_role("status").get_by_text("of 5 shown").wait_for()
    # One reading direction: nothing pushes the page to the side.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("body script").count() == 1
    assert page.locator("img, iframe, object, [onerror], [onmouseover]").count() == 0


def test_right_to_left_names_stay_in_their_place(
    visit: Callable[..., Any], picture: Callable[[Any, str], None], makes: Makes
) -> None:
    name = "قهوة عربية"
    plan = makes.plan(makes.change(f"variant/{name}", description=("old", name)))
    page = visit(html(plan, makes), viewport=WIDE)
    picture(page, "right-to-left")
    edges = page.locator("[scope=rowgroup]").evaluate(
        """title => {
          const [sign, name, place] = ["b", "code", "small"].map(
            (s) => title.querySelector(s).getBoundingClientRect());
          return [sign.right <= name.left, name.right <= place.left];
        }"""
    )
    assert edges == [True, True]


def measured(page: Any, cdp: Any, act: Any, said: str) -> tuple[float, float]:
    """Wall seconds, and seconds of work in the page, until it says so."""
    before, began = worked(cdp), time.perf_counter()
    act()
    page.wait_for_function("said => document.querySelector('#shown').innerText === said", arg=said)
    return time.perf_counter() - began, worked(cdp) - before


def worked(cdp: Any) -> float:
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    return next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def test_ten_thousand_changes_open_and_filter_in_time(
    visit: Callable[..., Any], makes: Makes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Held to in the page's own working time: what else the machine does at that time differs."""
    text = html(makes.plan(*makes.large(9_990), *makes.large(10, Action.RETIRE, "OLD")), makes)
    page = visit("", viewport=WIDE)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    file = tmp_path / "large.html"
    file.write_text(text, encoding="utf-8")
    search, action = page.locator("[name=search]"), page.locator("[name=action]")
    steps = {
        "open": (lambda: page.goto(file.as_uri()), "10,000 shown"),
        "first search": (lambda: search.fill("OLD7"), "1 of 10,000 shown"),
        "show all": (lambda: search.fill(""), "10,000 of 10,000 shown"),
        "filter": (lambda: action.select_option("update"), "9,990 of 10,000 shown"),
    }
    found = {name: measured(page, cdp, *step) for name, step in steps.items()}
    told = [f"{name} {wall:.2f} s ({work:.2f} s work)" for name, (wall, work) in found.items()]
    with capsys.disabled():
        print(f"\n10,000 changes, {len(text) / 1e6:.1f} MB: {', '.join(told)}")  # noqa: T201
    # Removals come first on the page, and the filter shows the updates alone.
    assert [page.locator(f"#c{n}").is_visible() for n in (1, 9_991)] == [False, True]
    assert max(work for _, work in found.values()) < SECONDS
