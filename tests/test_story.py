"""A shop comes under git: imported, changed on both sides, audited, settled, remembered."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from tests.support.menu import back_office, by_code
from tests.support.repository import Repository

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


class Story(Repository):
    """A folder under git, and the shop behind it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.database = folder / ".reconciler" / "sandbox.db"
        self.write(".reconciler/.gitignore", "*\n")
        sandbox.seed(self.database, SEED)
        self.write("reconciler.yaml", "store: {url: sandbox}\nledger: git\n")

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
