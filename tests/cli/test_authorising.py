"""Coupons that open functions of the till: their codes reach no output and no file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.core.model.secret import AUTHORISES
from dealpos_reconciler.workflows import connect
from tests.support.program import ReadFolder, RunProgram, WriteCatalogue, contents
from tests.support.seeds import AUTHORISING

CODE = AUTHORISING["Code"]
KEY = "a-key-of-the-ledger-for-tests"
FORMATS = {
    "plan": ("text", "json", "markdown", "html", "github"),
    "audit": ("text", "json", "markdown", "html", "github", "junit", "prometheus"),
}
COUPONS = """
coupons:
  - {code: NEW, type: DiscountAmount, discount: 500, limit: 5, expiry_date: 2027-01-31}
"""
DECLARED = COUPONS + f"  - {{code: {CODE}, type: DiscountAmount, discount: 500, limit: 5}}\n"
TYPES = ("FullAccess", "SalesReturn", "DeleteItem", "DeleteParkedOrder", "SomethingNew", "")


@pytest.fixture
def guarded(folder: Path, declare: WriteCatalogue) -> Path:
    """A shop with a coupon that authorises, another that does not, and files with a third."""
    seed(folder)
    declare(COUPONS)
    return folder


def seed(folder: Path, **more: Any) -> None:
    others = [{"Code": "OLD", "Type": "DiscountAmount", "Discount": 100, "Limit": 5}]
    document = {
        "outlets": [{"Name": "Bandung"}],
        "coupons": [{**AUTHORISING, **more}, *others],
    }
    (folder / "sandbox.json").write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("verb", FORMATS)
def test_no_format_shows_the_code_or_the_description(
    run: RunProgram, guarded: Path, verb: str
) -> None:
    for format_ in FORMATS[verb]:
        ran = run(verb, guarded, "--format", format_, "-vv")
        assert CODE not in ran.out + ran.err
        assert "Manager" not in ran.out + ran.err


def test_an_audit_lists_it_as_a_class_of_its_own(run: RunProgram, guarded: Path) -> None:
    out = run("audit", guarded).out
    assert "Authorising (opens functions of the till, not in your files" in out
    assert ": limit 1, expires 2034-01-01\n" in out
    assert "1 authorising, 1 unmanaged, 0 in sync" in out
    metrics = run("audit", guarded, "--format", "prometheus").out
    assert 'kind="coupon",state="authorising"} 1\n' in metrics


@pytest.mark.parametrize("declared", [COUPONS, "categories: []\n"])
def test_an_audit_fails_on_it_where_that_is_asked_for(
    run: RunProgram, guarded: Path, declare: WriteCatalogue, declared: str
) -> None:
    declare(declared)
    assert run("audit", guarded).code == 0
    assert run("audit", guarded, "--fail-on", "authorising").code == 2
    seed(guarded, Code="PLAIN", Type="DiscountAmount", Description="")
    run("sandbox", "reset", guarded)
    assert run("audit", guarded, "--fail-on", "authorising").code == 0


def store_in_row(guarded: Path, key: str, value: str) -> None:
    """Write a value into the live row of the authorising coupon."""
    shop = sandbox.create_app(guarded / ".reconciler" / "sandbox.db").extensions["sandbox"]
    row = shop.store.get("coupon", CODE)
    with shop.store.transaction(write=True):
        shop.store.put("coupon", {**row.payload, key: value}, id_=row.id)


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_but_the_discounts_authorises(
    run: RunProgram, guarded: Path, type_: str
) -> None:
    run("plan", guarded)
    store_in_row(guarded, "Type", type_)
    summary = run("audit", guarded, "--format", "json").json["summary"]
    assert (summary["authorising"], summary["unmanaged"]) == (1, 1)


def test_the_mask_is_keyed_and_without_a_key_differs_in_every_run(
    run: RunProgram, guarded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mask() -> str:
        found = run("audit", guarded, "--format", "json").json["findings"]
        return next(f["address"] for f in found if f["state"] == "authorising")

    monkeypatch.setenv("RECONCILER_LEDGER_KEY", KEY)
    kept = mask()
    assert kept == mask()
    assert len(kept) == len("coupon/#a91f")
    monkeypatch.delenv("RECONCILER_LEDGER_KEY")
    # Without a key, each process has a salt of its own.
    monkeypatch.setattr(connect, "_RUN_SALT", b"the salt of another run")
    assert mask() != kept


def test_an_import_leaves_no_trace_and_says_how_many_it_left_out(
    run: RunProgram, guarded: Path, files: ReadFolder
) -> None:
    ran = run("import", guarded)
    assert ran.code == 0
    assert "not written: 1 authorising coupon; a code that opens functions" in ran.out
    written = {name: text for name, text in files(guarded).items() if name != "sandbox.json"}
    assert all(CODE.encode() not in text and b"Manager" not in text for text in written.values())
    assert b"code: OLD" in b"".join(written.values())
    kept = [p for p in (guarded / ".reconciler").iterdir() if p.name != "sandbox.db"]
    assert all(CODE.encode() not in path.read_bytes() for path in kept)
    assert run("import", guarded, "--format", "json").json["authorising"] == 1


@pytest.mark.parametrize("pattern", ["coupon/*", f"coupon/{CODE}"])
def test_adopt_refuses_it(run: RunProgram, guarded: Path, pattern: str) -> None:
    ran = run("adopt", "--shop", guarded, pattern)
    assert ran.code == 4
    assert "authorises functions of the till, so its code is a secret" in ran.out
    assert CODE not in ran.out + ran.err
    assert all(CODE.encode() not in text for text in catalogue(guarded).values())


def catalogue(folder: Path) -> dict[str, bytes]:
    return contents(folder / "catalogue")


def test_a_prune_scope_leaves_it_alone(run: RunProgram, guarded: Path) -> None:
    with (guarded / "reconciler.yaml").open("a", encoding="utf-8") as settings:
        settings.write("prune: [{kinds: [coupon], delete: true}]\n")
    found = run("plan", guarded, "--format", "json").json["resource_changes"]
    assert [change["address"] for change in found] == ["coupon/NEW", "coupon/OLD"]


@pytest.mark.parametrize(
    "declared", [DECLARED, COUPONS + f"removed: [{{address: coupon/{CODE}, delete: true}}]\n"]
)
@pytest.mark.parametrize("ledger", ["none", "file"])
def test_one_that_the_files_name_is_blocked_and_stays(
    run: RunProgram, guarded: Path, declare: WriteCatalogue, declared: str, ledger: str
) -> None:
    declare(declared, "menu.yaml")
    with (guarded / "reconciler.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"ledger: {ledger}\n")
    document = run("plan", guarded, "--format", "json").json
    (blocked,) = document["blocked"]
    assert blocked["address"].startswith("coupon/#")
    assert "Change or delete it in DealPOS" in blocked["reason"]
    ran = run("apply", guarded, "--auto-approve", "-vv")
    assert CODE not in ran.out + ran.err
    shown = sandbox.show(guarded / ".reconciler" / "sandbox.db")["coupons"]
    assert next(row for row in shown if row["Code"] == CODE)["Type"] == "FullAccess"
    (guarded / "catalogue" / "menu.yaml").unlink()  # the one file that names it


@pytest.mark.parametrize("other", [CODE.lower(), f"{CODE[:-1]}\u200b{CODE[-1]}"])
@pytest.mark.parametrize("live", ["the code alone", "both codes", "both codes, one in the files"])
def test_a_code_that_looks_like_it_would_tell_it(
    run: RunProgram, guarded: Path, declare: WriteCatalogue, other: str, live: str
) -> None:
    document = json.loads((guarded / "sandbox.json").read_text(encoding="utf-8"))
    if live != "the code alone":
        document["coupons"].append({**document["coupons"][1], "Code": other, "Description": other})
    (guarded / "sandbox.json").write_text(json.dumps(document), encoding="utf-8")
    if live != "both codes":
        declare(DECLARED.replace(CODE, json.dumps(other)), "menu.yaml")
    for format_ in FORMATS["plan"]:
        ran = run("plan", guarded, "--format", format_, "-vv")
        assert other not in ran.out + ran.err
        assert json.dumps(other)[1:-1] not in ran.out + ran.err
    if live != "both codes":
        (blocked,) = run("plan", guarded, "--format", "json").json["blocked"]
        assert blocked["address"].startswith("coupon/#")
        assert "Change or delete it in DealPOS" in blocked["reason"]
    before = sandbox.show(guarded / ".reconciler" / "sandbox.db")["coupons"]
    ran = run("apply", guarded, "--auto-approve", "-vv")
    assert other not in ran.out + ran.err
    after = sandbox.show(guarded / ".reconciler" / "sandbox.db")["coupons"]
    assert [row for row in after if row["Code"] != "NEW"] == before


@pytest.mark.parametrize("pattern", ["coupon/*", "coupon/MGR-7q2k8"])
def test_adopt_does_not_tell_a_code_that_looks_like_it(
    run: RunProgram, guarded: Path, declare: WriteCatalogue, pattern: str
) -> None:
    declare(DECLARED.replace(CODE, CODE.lower()), "menu.yaml")
    ran = run("adopt", "--shop", guarded, pattern)
    assert CODE.lower() not in ran.out + ran.err
    assert (AUTHORISES in ran.out) is (pattern == "coupon/*")
    assert "use the same spelling" not in ran.out


def test_a_removal_of_a_code_that_looks_like_it_does_not_tell_it(
    run: RunProgram, guarded: Path, declare: WriteCatalogue
) -> None:
    declare(f"removed: [{{address: coupon/{CODE.lower()}, delete: true}}]\n", "menu.yaml")
    out = run("plan", guarded).out
    assert CODE.lower() not in out
    assert ": not removed: the coupon in DealPOS authorises functions of the till" in out


def test_a_row_that_cannot_be_read_does_not_show_it_either(
    run: RunProgram, guarded: Path, declare: WriteCatalogue
) -> None:
    run("plan", guarded)
    store_in_row(guarded, "Limit", CODE)
    ran = run("import", guarded)
    assert "could not be read: coupon/#" in ran.out
    assert CODE not in ran.out + ran.err
