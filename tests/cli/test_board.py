"""`board`: the page of a folder, and what runs remember for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.workflows.board.collect import make_page
from dealpos_reconciler.workflows.hooks.reading import read_hinted
from tests.render.test_board import Page
from tests.support.menu import MENU, back_office, by_code
from tests.support.program import RunProgram, WriteCatalogue

COUPONS = """
outlets: [{name: Kemang}]
provider_coupons:
  - {code: TEN, type: Amount, amount: 1000, limit: 50, until: 2099-01-31}
  - {code: ZQHIDDEN, secret: true, type: Amount, amount: 1000, until: 2099-01-31}
allow:
  - {rule: coupon-expiry, reason: for ever, until: 2099-12-31}
  - {rule: coupon-below-cost, reason: small, until: 2099-12-31}
"""


@pytest.fixture
def applied(run: RunProgram, folder: Path) -> Path:
    """A folder whose shop is as declared, and which has a ledger."""
    settings = folder / "reconciler.yaml"
    settings.write_text(settings.read_text() + "\nledger: file\n", encoding="utf-8")
    assert run("apply", folder, "--auto-approve").code == 0
    return folder


def read_board(run: RunProgram, folder: Path, code: int = 0) -> str:
    out = folder / "page"
    ran = run("board", folder, "--out", out)
    assert ran.code == code, ran.err
    assert ran.out == f"Board: {out / 'index.html'}\n"
    return Page((out / "index.html").read_text(encoding="utf-8")).text


def change_price(folder: Path, price: int) -> None:
    """Change the price of the menu in the files: to the audit it is drift all the same."""
    file = folder / "catalogue" / "menu.yaml"
    file.write_text(MENU.replace("18000", str(price)), encoding="utf-8")


def test_the_board_of_a_folder_shows_applies_and_requests(run: RunProgram, applied: Path) -> None:
    text = read_board(run, applied)
    assert "No drift: the shop matches the files" in text
    assert "create" in text.partition("Applies")[2]
    assert "apply: " in text
    assert "board: " in text
    assert "Coupons" not in text


def test_drift_keeps_the_time_at_which_it_was_first_seen(run: RunProgram, applied: Path) -> None:
    change_price(applied, 18001)
    assert "Drift: 1 object differs from the files" in read_board(run, applied)
    file = applied / ".reconciler" / "audit.json"
    known = json.loads(file.read_text())
    (seen,) = known["sandbox"]["objects"].values()
    seen["since"] = "2020-01-01T00:00:00Z"
    file.write_text(json.dumps(known))
    assert run("audit", applied).code == 0
    text = Page(make_page(load(applied))).text
    assert " days catalogue/menu.yaml:" in text
    change_price(applied, 18000)
    assert "No drift" in read_board(run, applied)


def test_drift_of_the_shop_names_both_ways_out(run: RunProgram, applied: Path) -> None:
    with back_office(applied) as document:
        by_code(document)["1001R"]["UnitPrice"] = 15000
    text = read_board(run, applied)
    assert "unit_price: live 15,000, declared 18,000 (changed in the shop)" in text
    assert "reconciler adopt variant/1001R" in text
    assert "reconciler apply --target variant/1001R" in text


def test_an_edit_of_the_files_that_waits_is_not_to_be_adopted(
    run: RunProgram, applied: Path
) -> None:
    change_price(applied, 18001)
    text = read_board(run, applied)
    assert "reconciler adopt variant" not in text
    assert "reconciler apply --target variant/1001R" in text


def test_what_a_webhook_has_found_is_on_the_board(run: RunProgram, applied: Path) -> None:
    assert run("audit", applied).code == 0
    with back_office(applied) as document:
        by_code(document)["1001R"]["UnitPrice"] = 15000
    assert "No drift" in Page(make_page(load(applied))).text
    assert read_hinted(applied, [Address("variant", "1001R")], Limits()).result == "judged"
    text = Page(make_page(load(applied))).text
    assert "Drift: 1 object differs from the files" in text
    assert "webhooks: " in text


def test_the_board_costs_one_audit(run: RunProgram, applied: Path) -> None:
    assert run("audit", applied).code == 0
    read_board(run, applied)
    runs = json.loads((applied / ".reconciler" / "runs.json").read_text())["sandbox"]["runs"]
    audit, board = runs[-2:]
    assert (audit["command"], board["command"]) == ("audit", "board")
    assert audit["requests"] == board["requests"] > 0


def test_a_part_of_the_shop_is_not_remembered(run: RunProgram, applied: Path) -> None:
    assert run("audit", applied, "--kind", "product").code == 0
    assert not (applied / ".reconciler" / "audit.json").exists()
    assert "No audit is known yet" in Page(make_page(load(applied))).text


def test_coupons_have_their_uses_and_a_secret_code_stays_hidden(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    declare(COUPONS, "promotions.yaml")
    settings = folder / "reconciler.yaml"
    settings.write_text(settings.read_text() + "\ntimezone: Asia/Jakarta\n", encoding="utf-8")
    applied = run("apply", folder, "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    text = read_board(run, folder)
    assert "Coupons (2)" in text
    assert "TEN 0 of 50 used" in text
    assert "secret-1" in text
    kept = (folder / "page" / "index.html", *(folder / ".reconciler").glob("*.json"))
    assert not [file for file in kept if "zqhidden" in file.read_text().lower()]


def test_customers_are_fingerprints(run: RunProgram, folder: Path, declare: WriteCatalogue) -> None:
    customer = "customers:\n  - {code: D1, name: Private Zq, email: zq@private.example}\n"
    declare(customer, "customers.yaml")
    assert run("apply", folder, "--auto-approve").code == 0
    with back_office(folder) as document:
        (row,) = document["customers"]
        row.update(Name="Other Zq", Email="other@private.example")
    text = read_board(run, folder)
    assert "customer/D1" in text
    for file in (folder / "page" / "index.html", folder / ".reconciler" / "audit.json"):
        assert not [word for word in ("Zq", "private.example") if word in file.read_text()]


def test_a_broken_memory_is_no_memory(run: RunProgram, applied: Path) -> None:
    read_board(run, applied)
    for name in ("audit.json", "runs.json"):
        (applied / ".reconciler" / name).write_text('{"sandbox": {"at": 1, "runs": [1]}}')
    text = Page(make_page(load(applied))).text
    assert "No audit of this shop is remembered" in text
    assert "No run is remembered" in text


def test_a_folder_that_cannot_be_written_is_an_error(run: RunProgram, applied: Path) -> None:
    (applied / "page").write_text("in the way")
    ran = run("board", applied, "--out", applied / "page")
    assert ran.code == 1
    assert f"{applied / 'page'} cannot hold the page: File exists" in ran.err


def test_an_audit_that_fails_leaves_no_outdated_page(run: RunProgram, applied: Path) -> None:
    read_board(run, applied)
    (applied / "catalogue" / "menu.yaml").write_text("products: 5\n")
    ran = run("board", applied, "--out", applied / "page")
    assert ran.code == 1
    page = (applied / "page" / "index.html").read_text(encoding="utf-8")
    assert "No drift" not in page
    assert "menu.yaml:1" in page
