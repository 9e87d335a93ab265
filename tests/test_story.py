"""A shop comes under git: imported, changed on both sides, audited, settled, remembered."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import sandbox
from tests.support.menu import back_office, by_code

LATER = (datetime.now().astimezone() + timedelta(days=365)).date().isoformat()


def variant(code: str, model: str, price: int) -> dict[str, Any]:
    return {
        "Code": code,
        "Model": model,
        "UnitCost": 5000,
        "UnitPrice": price,
        "Discontinued": False,
        "Type": "Standard",
    }


SEED: dict[str, Any] = {
    "outlets": [{"Name": "Bandung"}],
    "categories": [{"Name": "Drinks"}, {"Name": "Drinks/Coffee"}, {"Name": "Food"}],
    "products": [
        {
            "Code": "1001",
            "Name": "Kopi Susu",
            "Category": "Drinks/Coffee",
            "Variants": [variant("1001R", "Regular", 18000), variant("1001L", "Large", 22000)],
        },
        {
            "Code": "2001",
            "Name": "Roti Bakar",
            "Category": "Food",
            "Variants": [variant("2001A", "Cokelat", 15000)],
        },
    ],
    "coupons": [
        {
            "Code": "DISC",
            "Type": "DiscountAmount",
            "Discount": 1000,
            "Limit": 100,
            "Balance": 100,
            "MinimumAmount": 20000,
            "ExpiryDate": LATER,
        }
    ],
}


class Story:
    """A folder under git, the shop behind it, and the commands that a person types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / ".reconciler" / "sandbox.db"
        self.database.parent.mkdir(parents=True)
        (self.database.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        sandbox.seed(self.database, SEED)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            "GIT_AUTHOR_NAME": "Sari",
            "GIT_AUTHOR_EMAIL": "sari@shop.example",
            "GIT_COMMITTER_NAME": "Sari",
            "GIT_COMMITTER_EMAIL": "sari@shop.example",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PYTHONPATH": str(Path(__file__).parent.parent),
        }
        self.git("init", "--quiet", "--initial-branch", "main")
        self.write("reconciler.yaml", "store: {url: sandbox}\nledger: git\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text)
        self.write(name, text.replace(old, new))

    def git(self, *words: str) -> str:
        return self._ran(["git", *words]).stdout

    def commit(self, subject: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)

    def type(self, *words: str, code: int = 0) -> str:
        """Run the program in the folder; what it said on both streams."""
        ran = self._ran([sys.executable, "-m", "reconciler", *words], check=False)
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def _ran(self, words: list[str], check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=check,
        )

    def shop(self) -> dict[str, Any]:
        document = sandbox.show(self.database)
        found = {v["Code"]: v["UnitPrice"] for p in document["products"] for v in p["Variants"]}
        found |= {p["Code"]: p["Discontinued"] for p in document["products"]}
        (coupon,) = document["coupons"]
        return found | {k: coupon[k] for k in ("Discount", "Limit", "Balance")}


@pytest.mark.timeout(300)
def test_a_live_shop_comes_under_git(tmp_path: Path) -> None:
    story = Story(tmp_path / "shop")
    story.type("import")
    assert "Plan: no changes" in story.type("plan", "--detailed-exitcode")
    story.commit("Import the shop")
    assert "Applied" not in story.type("apply", "--auto-approve")
    story.type("history", "--rebuild")

    # Prices move at the till, and one of them in the files as well.
    with back_office(story.folder) as document:
        rows = by_code(document)
        rows["1001R"]["UnitPrice"] = 18500
        rows["1001L"]["UnitPrice"] = 21000
        rows["DISC"]["Balance"] = 63
    story.edit("catalogue/drinks.yaml", "unit_price: 22000", "unit_price: 23000")
    story.commit("Large Kopi Susu costs 23,000")
    audit = story.type("audit", "--detailed-exitcode", code=2)
    assert "unit_price: live 18,500, declared 18,000" in audit
    assert re.search(
        r"Blocked.*variant/1001L.*is 21,000 in the shop and 23,000 in the files", audit, re.S
    )

    # One is adopted: a line of the file changes, and no other.
    story.type("adopt", "variant/1001R")
    changed = story.git("diff", "--unified=0", "--", "catalogue")
    assert re.findall(r"^[-+] .*", changed, re.M) == [
        "-        unit_price: 18000",
        "+        unit_price: 18500",
    ]
    story.commit("Take the till's price of the regular one")

    # Both sides changed the other: it is held until somebody says which one counts.
    held = story.type("apply", "--auto-approve")
    assert re.search(r"variant/1001L.*21,000", held, re.S)
    assert story.shop()["1001L"] == 21000
    story.type("apply", "--auto-approve", "--overwrite", "variant/1001L")
    assert story.shop()["1001L"] == 23000

    # A product goes out of sale, and a half-used coupon is replaced with the uses that are left.
    story.write("catalogue/removed.yaml", "removed:\n  - product/2001\n")
    story.edit("catalogue/coupons.yaml", "discount: 1000", "discount: 2000")
    food = (story.folder / "catalogue" / "food.yaml").read_text(encoding="utf-8")
    story.write("catalogue/food.yaml", food.partition("products:")[0])
    assert "coupon-in-use" in story.type("apply", "--auto-approve", code=3)
    assert story.shop()["Discount"] == 1000
    story.write(
        "catalogue/allowed.yaml",
        "allow:\n  - {rule: coupon-in-use, address: coupon/DISC, reason: agreed with marketing, "
        f"until: {LATER}}}\n",
    )
    story.commit("Take Roti Bakar out of sale; DISC takes off 2,000")
    story.type("apply", "--auto-approve")
    assert story.shop() == {
        "1001R": 18500,
        "1001L": 23000,
        "2001A": 15000,
        "1001": False,
        "2001": True,
        "Discount": 2000,
        "Limit": 63,
        "Balance": 63,
    }

    # Nothing is left to do, also for a clone that has never applied anything.
    assert "Plan: no changes" in story.type("plan", "--detailed-exitcode")
    story.type("audit", "--detailed-exitcode")
    (story.folder / ".reconciler" / "kept.json").unlink(missing_ok=True)
    assert "Plan: no changes" in story.type("plan", "--detailed-exitcode")
    assert story.git("status", "--porcelain") == ""
    assert story.git("log", "--reverse", "--format=%s").splitlines() == [
        "Import the shop",
        "Large Kopi Susu costs 23,000",
        "Take the till's price of the regular one",
        "Take Roti Bakar out of sale; DISC takes off 2,000",
    ]
    assert "1 replace, 1 retire" in story.type("history")
