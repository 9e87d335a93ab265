"""The page of the board: everything that it is to say, and no name that does anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from dealpos_reconciler.render.board.page import OPEN_ROWS, describe_age, render_board
from dealpos_reconciler.render.board.values import MAX_ROWS, Coupons
from dealpos_reconciler.render.words import plain
from tests.support.boards import NOW, make_audit, make_board, make_drift, make_hostile


class Page(HTMLParser):
    """Return the tags of a page, and its text as a browser would show it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.parts: list[str] = []
        self.feed(page)
        self.text = " ".join(" ".join(self.parts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def test_the_board_says_what_a_manager_asks() -> None:
    text = Page(render_board(make_board())).text
    for said in (
        "Drift: 3 objects differ from the files, 1 sold below cost",
        "Last audit: 2027-01-15 08:00 UTC under a minute ago",
        "Last apply: 2027-01-14 08:00 UTC",
        "Last settle: 2027-01-14 22:00 UTC",
        "Commit: 0123abc45678+",
        'variant/1003L "Kopi Susu, Large" drifted for 90 min catalogue/drinks.yaml:14',
        "margin: live -12.5 %, declared 50.0 %, sold below cost",
        "reconciler adopt variant/1003L",
        "reconciler apply --target variant/1003L",
        "for 3 days",
        "LEBARAN25 431 of 500 used, 3 held at tills catalogue/promotions.yaml:40",
        "1 sale: over the limit",
        "2 sales: doubtful, perhaps voided",
        "2 sales with a code that no release knows",
        "VISIT-2027 batch of 5,000 codes 1,200 of 5,000 used",
        "STAFF 12 used",
        "2027-01-18 00:00 NEWYEAR begins",
        "2027-01-20 coupon/PAGI10 ends",
        "3 update, 1 create commit 0123abc45678",
        "audit: 9 requests",
    ):
        assert said in text


def test_times_are_those_of_the_shop() -> None:
    text = Page(render_board(make_board(zone=ZoneInfo("Asia/Jakarta")))).text
    assert "Last apply: 2027-01-14 15:00 Last settle: 2027-01-15 05:00" in text
    assert "Times in Asia/Jakarta" in text
    assert "UTC" not in text


def test_only_the_served_page_loads_itself_again() -> None:
    assert 'http-equiv="refresh"' not in render_board(make_board())
    assert '<meta http-equiv="refresh" content="60">' in render_board(make_board(served=True))


def test_a_board_without_an_audit_says_what_to_run() -> None:
    text = Page(render_board(make_board(audit=None))).text
    assert "No audit is known yet" in text
    assert "Run this in the shop folder: reconciler audit" in text
    assert "No drift" not in text


def test_uses_that_are_not_known_are_not_shown_as_none() -> None:
    text = Page(render_board(make_board(coupons=Coupons(problem="the store is away")))).text
    assert "The uses are not known: the store is away" in text
    assert "No provider coupon is published" not in text


def test_a_clean_shop_is_calm() -> None:
    page = render_board(make_board(audit=make_audit(), coupons=None, coming=(), applies=()))
    assert '<header class="calm">' in page
    assert "Coupons" not in Page(page).text


def test_objects_beyond_the_limit_are_counted() -> None:
    drift = tuple(make_drift(f"variant/V{n}") for n in range(MAX_ROWS))
    audit = make_audit(*drift, counts={"drifted": 10_000, "unchanged": 0})
    page = render_board(make_board(audit=audit, coupons=None))
    text = Page(page).text
    assert page.count('class="card"') == MAX_ROWS
    assert f"{MAX_ROWS - OPEN_ROWS} more objects" in text
    assert f"{10_000 - MAX_ROWS:,} more objects not shown" in text


def test_names_are_text_alone(hostile: str) -> None:
    page = Page(render_board(make_hostile(hostile)))
    known = Page(render_board(make_board()))
    assert set(page.tags) <= set(known.tags)
    assert page.attributes <= known.attributes
    assert "script" not in page.tags
    assert plain(hostile).strip() in "".join(page.parts)


def test_the_page_asks_for_nothing_and_styles_by_hash_alone() -> None:
    page = render_board(make_board())
    assert "default-src 'none'" in page
    assert not re.search(r'(src|style|href)="(?!#)', page)


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (NOW, "under a minute"),
        ("2027-01-15T07:58:30Z", "1 min"),
        ("2027-01-15T03:00:00Z", "5 h"),
        ("2027-01-12T08:00:00Z", "3 days"),
        ("2027-01-15T09:00:00Z", "under a minute"),
        ("", ""),
        ("yesterday", ""),
    ],
)
def test_an_age_is_in_words(since: str, words: str) -> None:
    assert describe_age(since, NOW) == words
