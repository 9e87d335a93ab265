"""What the shop keeps otherwise, remembered beside it; losing it loses no more than that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.catalogue.settings import Settings, load
from reconciler.core.model.address import Address
from reconciler.ledger.rewrites import FILE, recall, remember

COUPON = Address("coupon", "A/B")


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    (tmp_path / "reconciler.yaml").write_text("store: {url: sandbox}\n")
    return load(tmp_path, {})


def test_what_is_remembered_is_recalled_for_its_store_alone(shop: Settings) -> None:
    remember(shop, "https://a.example", {COUPON: {("limit",): (100, 63)}})
    remember(shop, "https://a.example", {Address("coupon", "C"): {("limit",): (5, 1)}})
    assert recall(shop, "https://a.example") == {
        COUPON: {("limit",): (100, 63)},
        Address("coupon", "C"): {("limit",): (5, 1)},
    }
    assert recall(shop, "https://b.example") == {}


def test_the_folder_is_hidden_from_git_and_nothing_is_written_for_nothing(shop: Settings) -> None:
    remember(shop, "sandbox", {})
    assert not shop.state.exists()
    remember(shop, "sandbox", {COUPON: {("limit",): (2, 1)}})
    assert (shop.state / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"sandbox": 5}',
        '{"sandbox": {"x": {"l": 1}, "a/b": 5}}',
        '{"sandbox": {"coupon/A/B": {"limit": [100, 63]}}}',
    ],
)
def test_a_broken_file_is_as_good_as_none(shop: Settings, content: str) -> None:
    shop.keep()
    (shop.state / FILE).write_text(content)
    assert recall(shop, "sandbox") == {}
    remember(shop, "sandbox", {COUPON: {("limit",): (2, 1)}})
    assert recall(shop, "sandbox") == {COUPON: {("limit",): (2, 1)}}


def test_a_folder_that_cannot_be_written_stops_nothing(shop: Settings) -> None:
    shop.state.write_text("in the way")
    remember(shop, "sandbox", {COUPON: {("limit",): (2, 1)}})
    assert recall(shop, "sandbox") == {}


@pytest.mark.parametrize(
    "entry", [5, {"path": ["limit"]}, {"path": "limit", "written": 1, "kept": 2}, {"path": []}]
)
def test_an_entry_in_another_form_is_passed_over(shop: Settings, entry: object) -> None:
    shop.keep()
    good = {"path": ["discount"], "written": 1.5, "kept": 2}
    content = {"sandbox": {str(COUPON): [entry, good]}}
    (shop.state / FILE).write_text(json.dumps(content))
    assert recall(shop, "sandbox") == {COUPON: {("discount",): (1.5, 2)}}


def test_what_an_object_no_longer_keeps_otherwise_is_forgotten(shop: Settings) -> None:
    other = Address("coupon", "C")
    both = {COUPON: {("limit",): (2, 1)}, other: {("description",): ("a ", "a")}}
    remember(shop, "sandbox", both)
    remember(shop, "sandbox", {COUPON: {}})
    assert recall(shop, "sandbox") == {other: both[other]}
