"""Rewrites are remembered in the state folder; losing them loses nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.ledger.rewrites import FILE, read_rewrites, save_rewrites
from dealpos_reconciler.ledger.state_dir import StateDir

COUPON = Address("coupon", "A/B")


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    return StateDir(tmp_path)


def test_what_is_remembered_is_recalled_for_its_store_alone(state: StateDir) -> None:
    save_rewrites(state, "https://a.example", {COUPON: {("limit",): (100, 63)}})
    save_rewrites(state, "https://a.example", {Address("coupon", "C"): {("limit",): (5, 1)}})
    assert read_rewrites(state, "https://a.example") == {
        COUPON: {("limit",): (100, 63)},
        Address("coupon", "C"): {("limit",): (5, 1)},
    }
    assert read_rewrites(state, "https://b.example") == {}


def test_the_folder_is_hidden_from_git_and_nothing_is_written_for_nothing(state: StateDir) -> None:
    assert state.path == state.root / ".reconciler"
    save_rewrites(state, "sandbox", {})
    assert not state.path.exists()
    save_rewrites(state, "sandbox", {COUPON: {("limit",): (2, 1)}})
    assert (state.path / ".gitignore").read_text() == "*\n"


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
def test_a_broken_file_is_as_good_as_none(state: StateDir, content: str) -> None:
    state.create()
    (state.path / FILE).write_text(content)
    assert read_rewrites(state, "sandbox") == {}
    save_rewrites(state, "sandbox", {COUPON: {("limit",): (2, 1)}})
    assert read_rewrites(state, "sandbox") == {COUPON: {("limit",): (2, 1)}}


def test_a_file_in_the_place_of_the_folder_is_named(state: StateDir) -> None:
    state.path.write_text("in the way")
    with pytest.raises(UsageError, match="is not used: it is not a folder"):
        read_rewrites(state, "sandbox")


@pytest.mark.parametrize(
    "entry", [5, {"path": ["limit"]}, {"path": "limit", "written": 1, "kept": 2}, {"path": []}]
)
def test_a_file_with_an_entry_in_another_form_is_as_good_as_none(
    state: StateDir, entry: object
) -> None:
    state.create()
    good = {"path": ["discount"], "written": 1.5, "kept": 2}
    content = {"sandbox": {str(COUPON): [entry, good]}}
    (state.path / FILE).write_text(json.dumps(content))
    assert read_rewrites(state, "sandbox") == {}


def test_what_an_object_no_longer_keeps_otherwise_is_forgotten(state: StateDir) -> None:
    other = Address("coupon", "C")
    both = {COUPON: {("limit",): (2, 1)}, other: {("description",): ("a ", "a")}}
    save_rewrites(state, "sandbox", both)
    save_rewrites(state, "sandbox", {COUPON: {}})
    assert read_rewrites(state, "sandbox") == {other: both[other]}
