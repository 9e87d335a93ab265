"""Values that come from the environment: shown as such, never in clear, and applied as they are."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from dealpos_reconciler import sandbox
from tests.support.menu import back_office
from tests.support.program import RunProgram, WriteCatalogue

PLAN = ("text", "json", "markdown", "html", "github")
AUDIT = (*PLAN, "junit", "prometheus")
VALUES = {
    "CATALOGUE_PRICE": "18765",
    "CATALOGUE_COST": "7654",
    "CATALOGUE_NAME": "Kopi Rahasia",
    "CATALOGUE_CODE": "VISIT-KMG-77",
    "CATALOGUE_WORDS": "only for Kemang",
}
FILES = """
categories: [{name: Drinks}]
products:
  - code: "1001"
    name: ${CATALOGUE_NAME}
    category: Drinks
    variants:
      - code: 1001R
        model: Regular
        unit_price: ${CATALOGUE_PRICE}
        unit_cost: ${CATALOGUE_COST}
        outlet_prices: {Bandung: {price: "${CATALOGUE_PRICE}"}}
coupons:
  - code: ${CATALOGUE_CODE}
    type: DiscountAmount
    discount: 500
    limit: 5
    expiry_date: 2027-01-31
    minimum_amount: 0
    description: Visit, ${CATALOGUE_WORDS}
"""
SEED = {"outlets": [{"Name": "Bandung"}]}


@pytest.fixture
def secret(folder: Path, declare: WriteCatalogue, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with values from the environment, and a shop that has none of its objects."""
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    declare(FILES)
    (folder / "sandbox.json").write_text(json.dumps(SEED), encoding="utf-8")
    return folder


def assert_hidden(text: str) -> None:
    for value in (*VALUES.values(), "18,765", "7,654"):
        assert value not in text, value


def assert_no_file_holds_the_code(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and ".db" not in path.name:
            assert VALUES["CATALOGUE_CODE"] not in path.read_text(encoding="utf-8"), path


def held(folder: Path) -> dict[str, list[dict[str, object]]]:
    """Everything that the shop of a folder holds."""
    return sandbox.show(folder / ".reconciler" / "sandbox.db")


@pytest.mark.parametrize("format_", PLAN)
def test_a_plan_shows_where_they_come_from(run: RunProgram, secret: Path, format_: str) -> None:
    ran = run("plan", secret, "--format", format_, "-vv")
    assert ran.code in (0, 3)
    assert_hidden(ran.out + ran.err)
    assert "(from CATALOGUE_" in ran.out


def test_fractions_are_hidden_too(
    run: RunProgram, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATALOGUE_COST", "7654.5")
    for format_ in PLAN:
        out = run("plan", secret, "--format", format_).out
        assert "7654.5" not in out
        assert "7,654.5" not in out


def test_they_are_applied_as_they_are(run: RunProgram, secret: Path) -> None:
    ran = run("apply", secret, "--auto-approve", "-vv")
    assert ran.code == 0, ran.out + ran.err
    assert_hidden(ran.out + ran.err)
    (product,) = sandbox.show(secret / ".reconciler" / "sandbox.db")["products"]
    (variant,) = product["Variants"]
    assert product["Name"] == VALUES["CATALOGUE_NAME"]
    assert (variant["UnitPrice"], variant["UnitCost"]) == (18765, 7654)
    assert variant["OutletPrice"][0]["Price"] == 18765
    (coupon,) = held(secret)["coupons"]
    assert coupon["Code"] == VALUES["CATALOGUE_CODE"]
    assert coupon["Description"] == "Visit, only for Kemang"
    assert "Plan: no changes" in run("plan", secret).out
    assert_no_file_holds_the_code(secret)


@pytest.mark.parametrize("format_", AUDIT)
def test_drift_of_them_shows_neither_side(
    run: RunProgram, secret: Path, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("apply", secret, "--auto-approve").code == 0
    for name, value in (("CATALOGUE_PRICE", "19432"), ("CATALOGUE_WORDS", "for all of Jakarta")):
        monkeypatch.setenv(name, value)
    for verb in ("plan", "audit") if format_ in PLAN else ("audit",):
        ran = run(verb, secret, "--format", format_)
        for value in ("18765", "18,765", "only for", "19432", "19,432", "Jakarta"):
            assert value not in ran.out + ran.err, (verb, value)


@pytest.mark.parametrize("ledger", ["none", "file"])
def test_a_coupon_with_a_secret_code_is_replaced_and_keeps_its_uses(
    run: RunProgram, secret: Path, ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (secret / "reconciler.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"ledger: {ledger}\nguardrails: {{coupon-in-use: off}}\n")
    assert run("apply", secret, "--auto-approve").code == 0
    with back_office(secret) as document:
        document["coupons"][0]["Balance"] = 2
    monkeypatch.setenv("CATALOGUE_WORDS", "for Kemang and Bandung")
    ran = run("apply", secret, "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    (coupon,) = held(secret)["coupons"]
    assert (coupon["Code"], coupon["Limit"]) == (VALUES["CATALOGUE_CODE"], 2)
    assert coupon["Description"] == "Visit, for Kemang and Bandung"
    assert "Plan: no changes" in run("plan", secret).out
    assert_no_file_holds_the_code(secret)


def test_a_saved_plan_is_applied_with_the_values_that_were_approved(
    run: RunProgram, secret: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    assert run("plan", secret, "--out", plan).code == 0
    assert_hidden(plan.read_text(encoding="utf-8"))
    ran = run("apply", plan, "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    (product,) = sandbox.show(secret / ".reconciler" / "sandbox.db")["products"]
    assert product["Variants"][0]["UnitPrice"] == 18765
    assert held(secret)["coupons"][0]["Code"] == VALUES["CATALOGUE_CODE"]
    assert "Plan: no changes" in run("plan", secret).out


def test_a_saved_plan_is_stale_where_the_environment_has_changed(
    run: RunProgram, secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "plan.json"
    assert run("plan", secret, "--out", plan).code == 0
    monkeypatch.setenv("CATALOGUE_NAME", "Kopi Terbuka")
    ran = run("apply", plan, "--auto-approve")
    assert ran.code == 4
    assert "its declaration has changed since the plan was saved" in ran.out + ran.err
    assert held(secret)["products"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("CATALOGUE_PRICE", "18.765"), ("CATALOGUE_PRICE", "many"), ("CATALOGUE_CODE", "VISIT" * 50)],
)
def test_a_problem_of_the_files_does_not_show_them(
    run: RunProgram, secret: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    for format_ in ("text", "json", "github"):
        ran = run("plan", secret, "--format", format_)
        assert ran.code == 1
        assert value not in ran.out + ran.err
        assert_hidden(ran.out + ran.err)


def test_what_the_files_remove_by_such_a_name_is_removed(
    run: RunProgram, secret: Path, declare: WriteCatalogue
) -> None:
    assert run("apply", secret, "--auto-approve").code == 0
    cut = FILES[: FILES.index("coupons:")]
    declare(cut + 'removed: [{address: "coupon/${CATALOGUE_CODE}", delete: true}]\n')
    for format_ in PLAN:
        ran = run("plan", secret, "--format", format_)
        assert VALUES["CATALOGUE_CODE"] not in ran.out + ran.err
    assert run("apply", secret, "--auto-approve").code == 0
    assert held(secret)["coupons"] == []


def test_an_exception_is_for_the_object_that_a_plan_names(
    run: RunProgram, secret: Path, declare: WriteCatalogue
) -> None:
    declare(FILES.replace("    expiry_date: 2027-01-31\n", ""))
    assert run("plan", secret).code in (0, 3)
    assert run("apply", secret, "--auto-approve").code == 3
    for name in ("${CATALOGUE_CODE}", "(from CATALOGUE_CODE)"):
        entry = f"rule: coupon-expiry, address: 'coupon/{name}', reason: agreed, until: 2099-12-31"
        allow = f"allow: [{{{entry}}}]\n"
        declare(FILES.replace("    expiry_date: 2027-01-31\n", "") + allow)
        assert "0 violations" not in run("plan", secret).out
        assert "coupon-expiry coupon/(from CATALOGUE_CODE)" in run("plan", secret).out
        assert run("plan", secret, "--format", "json").json["violations"][0]["allowed"]


def test_what_stands_in_the_way_of_a_removal_is_named_by_its_mask(
    run: RunProgram, secret: Path, declare: WriteCatalogue
) -> None:
    needs = FILES + "    requires: {variants: [1001R]}\n"
    declare(needs)
    assert run("apply", secret, "--auto-approve").code == 0
    cut = needs[: needs.index("products:")] + needs[needs.index("coupons:") :]
    removed = "removed: [{address: variant/1001R, delete: true}]\n"
    declare(cut.replace("    requires: {variants: [1001R]}\n", "") + removed)
    for format_ in PLAN:
        ran = run("plan", secret, "--format", format_)
        assert VALUES["CATALOGUE_CODE"] not in ran.out + ran.err


def test_a_variant_that_repeats_the_name_of_its_product_does_not_show_it(
    run: RunProgram, secret: Path, declare: WriteCatalogue
) -> None:
    assert run("apply", secret, "--auto-approve").code == 0
    declare(FILES.replace("model: Regular", "model: Medium"))
    for format_ in PLAN:
        ran = run("plan", secret, "--format", format_)
        assert "Medium" in ran.out
        assert VALUES["CATALOGUE_NAME"] not in ran.out + ran.err


@pytest.mark.parametrize("ignores_case", [False, True])
def test_the_spelling_of_the_shop_does_not_show_them(
    run: RunProgram, secret: Path, monkeypatch: pytest.MonkeyPatch, ignores_case: bool
) -> None:
    """A code in capitals would tell the code; and it is not created a second time beside it."""
    choices = sandbox.Choices(keys_ignore_case=ignores_case)
    monkeypatch.setattr(sandbox, "create_app", partial(sandbox.create_app, choices=choices))
    monkeypatch.setenv("CATALOGUE_CODE", "Visit-kmg-77")
    terms = {"Type": "DiscountAmount", "Discount": 500, "Limit": 5}
    seed = {**SEED, "coupons": [{"Code": VALUES["CATALOGUE_CODE"], **terms}]}
    (secret / "sandbox.json").write_text(json.dumps(seed), encoding="utf-8")

    assert "in letter case" in run("plan", secret).out
    commands = ["plan", "--format", "json"], ["audit"], ["adopt", "coupon/*", "--shop"], ["import"]
    for words in commands:
        ran = run(*words, secret)
        assert VALUES["CATALOGUE_CODE"] not in ran.out + ran.err, words
    run("apply", secret, "--auto-approve")
    assert [row["Code"] for row in held(secret)["coupons"]] == [VALUES["CATALOGUE_CODE"]]
    (secret / "sandbox.json").unlink()
    assert_no_file_holds_the_code(secret)
