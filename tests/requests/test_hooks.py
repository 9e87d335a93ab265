"""Requests of a read that webhooks cause, as `docs/requests.md` has them under "Webhooks"."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.dealpos.budget import NO_LIMITS
from dealpos_reconciler.workflows.connect import fill_sandbox
from dealpos_reconciler.workflows.hooks.reading import read_hinted
from tests.support.shop import ROOT

PRODUCTS = range(60)
MENU = "categories: [{name: Drinks}]\nproducts:\n" + "".join(
    f"  - {{code: P{n}, name: Product {n}, category: Drinks, variants: ["
    f"{{code: P{n}A, model: A, unit_price: 1000}}, {{code: P{n}B, model: B, unit_price: 1000}}]}}\n"
    for n in PRODUCTS
)
SEED = {
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": f"P{n}",
            "Name": f"Product {n}",
            "Category": "Drinks",
            "Variants": [{"Code": f"P{n}{m}", "Model": m, "UnitPrice": 1000} for m in "AB"],
        }
        for n in PRODUCTS
    ],
    "customers": [{"Code": "C1", "Name": "Budi", "Email": "budi@example.com"}],
}
CUSTOMER = "customers: [{code: C1, name: Budi, email: budi@example.com}]\n"
TOKEN = 1
ROWS = {
    "a variant": ["variant/P0A"],
    "a product": ["product/P0"],
    "a customer": ["customer/C1"],
    "100 variants of 50 products": [f"variant/P{n}{m}" for n in range(50) for m in "AB"],
    "100 codes that no file declares": [f"variant/X{n}" for n in range(100)],
}


@pytest.mark.parametrize("title", ROWS)
def test_the_requests_of_a_read(tmp_path: Path, title: str) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    (tmp_path / "catalogue" / "menu.yaml").write_text(MENU + CUSTOMER, encoding="utf-8")
    fill_sandbox(load(tmp_path), SEED)
    for run in ("first", "again"):
        reading = read_hinted(tmp_path, list(map(Address.parse, ROWS[title])), NO_LIMITS)
        assert (reading.reason, reading.found) == ("", ()), run
    sent = reading.requests + (TOKEN if reading.has_connected else 0)
    text = (ROOT / "docs" / "requests.md").read_text(encoding="utf-8")
    assert f"| {title} | {sent} |" in text
