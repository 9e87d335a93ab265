"""The commit in results and records: `+` where any file that the shop is made of differs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.ledger.git_repository import commit_of
from tests.support.menu import MENU
from tests.support.repository import Repository

SHOP = "shops/a"
SETTINGS = "store: {url: sandbox}\nledger: file\nlayers: ['../../base [x]', catalogue]\n"
PATCH = "products: [{code: '1001', variants: [{code: 1001R, unit_cost: 9000}]}]\n"


@pytest.fixture
def chain(tmp_path: Path) -> Repository:
    """A shop of two layers, one of which is outside of its folder; committed."""
    (tmp_path / "chain" / SHOP / "catalogue").mkdir(parents=True)
    made = Repository(tmp_path / "chain")
    made.write("base [x]/menu.yaml", MENU)
    made.write(f"{SHOP}/reconciler.yaml", SETTINGS)
    made.write(f"{SHOP}/catalogue/prices.yaml", PATCH)
    made.write("notes.txt", "")
    made.commit("begin")
    return made


def labels(chain: Repository) -> set[str]:
    """Return the commit in each format and record that has one."""
    head = chain.git("rev-parse", "HEAD").strip()
    saved = chain.folder.parent / "plan.json"
    told = [
        chain.type("plan", SHOP, "--out", str(saved), "--format", "json"),
        saved.read_text(encoding="utf-8"),
        chain.type("plan", SHOP, "--format", "markdown"),
        chain.type("audit", SHOP, "--format", "json"),
    ]
    chain.type("apply", SHOP, "--auto-approve")
    told.append(chain.type("history", SHOP, "--format", "json"))
    chain.type("board", SHOP, "--out", str(chain.folder.parent / "board"))
    (page,) = (chain.folder.parent / "board").glob("*.html")
    found = [re.search(f"{head}[+]?", text) for text in told]
    found.append(re.search(f"{head[:12]}[+]?", page.read_text(encoding="utf-8")))
    assert all(found)
    return {match[0].removeprefix(head).removeprefix(head[:12]) for match in found if match}


def test_an_edit_of_a_layer_outside_of_the_shop_folder_marks_the_commit(chain: Repository) -> None:
    chain.write("notes.txt", "no file of the shop")
    first: Any = json.loads(chain.type("plan", SHOP, "--format", "json"))
    assert first["commit"] == chain.git("rev-parse", "HEAD").strip()
    chain.edit("base [x]/menu.yaml", "18000", "18100")
    assert labels(chain) == {"+"}


def test_a_new_file_of_a_layer_marks_the_commit_and_the_ledger_does_not(chain: Repository) -> None:
    chain.type("apply", SHOP, "--auto-approve")
    assert "reconciler.ledger.json" in chain.git("status", "--porcelain")
    assert "+" not in str(commit_of(chain.folder / SHOP, ("../../base [x]",)))
    chain.write("base [x]/more.yaml", "categories: [{name: More}]\n")
    document: Any = json.loads(chain.type("plan", SHOP, "--format", "json"))
    assert document["commit"].endswith("+")


def test_a_folder_that_git_cannot_compare_marks_the_commit(chain: Repository) -> None:
    assert str(commit_of(chain.folder / SHOP, ("../../../elsewhere",))).endswith("+")
