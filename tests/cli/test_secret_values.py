"""Secret values, by `secret: true` or from the environment: no output and no file holds them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from tests.support.menu import back_office
from tests.support.program import Ran, RunProgram, WriteCatalogue

KEY = "a-key-of-the-ledger-for-tests"
PLAN = ("text", "json", "markdown", "html", "github")
AUDIT = (*PLAN, "junit", "prometheus")
CODE, TEXT = "VISIT-KMG-77", "for Ibu Ratna"
VALUES = {
    "CATALOGUE_TOP": "Rahasia",
    "CATALOGUE_NAME": "Kopi Gelap",
    "CATALOGUE_PRICE": "38765",
    "CATALOGUE_COST": "37654",
    "CATALOGUE_OFF": "12347",
    "CATALOGUE_LIMIT": "7919",
    "CATALOGUE_DAY": "2047-03-04",
    "CATALOGUE_WORDS": "hanya Kemang",
}
SECRETS = (CODE, TEXT, *VALUES.values(), "38,765", "37,654", "12,347", "7,919")
COUPON = f"""
  - code: {CODE}
    secret: true
    type: DiscountAmount
    discount: 500
    limit: 5
    expiry_date: 2027-01-31
    minimum_amount: 0
    description: {TEXT}, {CODE}
    reference_id: ref-{CODE}
"""
FILES = f"""
categories: [{{name: "${{CATALOGUE_TOP}}"}}, {{name: "${{CATALOGUE_TOP}}/Coffee"}}]
products:
  - code: "1001"
    name: ${{CATALOGUE_NAME}}
    category: ${{CATALOGUE_TOP}}/Coffee
    variants:
      - code: 1001R
        model: Regular
        unit_price: ${{CATALOGUE_PRICE}}
        unit_cost: ${{CATALOGUE_COST}}
        outlet_prices: {{Bandung: {{price: "${{CATALOGUE_PRICE}}", extra_cost: 5}}}}
      - {{code: 1001S, model: Small, unit_price: 40000, unit_cost: "${{CATALOGUE_COST}}"}}
coupons:
  - code: OPEN
    type: DiscountAmount
    discount: ${{CATALOGUE_OFF}}
    limit: ${{CATALOGUE_LIMIT}}
    expiry_date: ${{CATALOGUE_DAY}}
    minimum_amount: 0
    description: ${{CATALOGUE_WORDS}}
{COUPON}
"""
NO_GUARDRAILS = """
guardrails: {coupon-expiry: off, coupon-below-cost: off, coupon-in-use: off, below-cost: off}
"""


@pytest.fixture
def shop(folder: Path, declare: WriteCatalogue, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with secret values of every sort, and a shop that has none of its objects."""
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    declare(FILES)
    seed = {"outlets": [{"Name": "Bandung"}]}
    (folder / "sandbox.json").write_text(json.dumps(seed), encoding="utf-8")
    return folder


def configure(folder: Path, text: str) -> None:
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as settings:
        settings.write(text)


def find_secrets(text: str, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """Return the secrets in a text; a digest may hold the digits of one by chance."""
    text = re.sub(r"[0-9a-f]{16,}", "", text)
    return [secret for secret in secrets if secret in text]


def assert_hidden(folder: Path, *ran: Ran, secrets: tuple[str, ...] = SECRETS) -> None:
    """Find no secret in the output of runs, nor in a file that the tool has written."""
    for text in (part for one in ran for part in (one.out, one.err)):
        assert find_secrets(text, secrets) == [], text
    for path in folder.rglob("*"):
        written = path.is_file() and ".db" not in path.name and path.name != "sandbox.json"
        if written and "catalogue" not in path.parts:
            text = path.read_bytes().decode(errors="replace")
            assert find_secrets(text, secrets) == [], path


def held(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return sandbox.show(folder / ".reconciler" / "sandbox.db")


@pytest.mark.parametrize(
    ("ledger", "key", "guardrails"),
    [("none", "", ""), ("none", "", NO_GUARDRAILS), ("file", KEY, NO_GUARDRAILS)],
)
def test_no_command_shows_them(
    run: RunProgram,
    shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ledger: str,
    key: str,
    guardrails: str,
) -> None:
    configure(shop, f"ledger: {ledger}\n{guardrails}")
    if key:
        monkeypatch.setenv("RECONCILER_LEDGER_KEY", key)

    def sweep(*after: str) -> None:
        for format_ in AUDIT:
            verbs = ("plan", "audit") if format_ in PLAN else ("audit",)
            for verb in verbs:
                ran = run(verb, shop, "--format", format_, "-vv")
                assert_hidden(shop, ran, secrets=(*SECRETS, *after))
        for words in (["validate"], ["validate", "--format", "json"], ["history"], ["import"]):
            assert_hidden(shop, run(words[0], shop, *words[1:]), secrets=(*SECRETS, *after))
        plan = tmp_path / "plan.json"
        reports = [tmp_path / f"plan.{suffix}" for suffix in ("md", "html", "txt")]
        words = [word for path in reports for word in ("--report", path)]
        assert_hidden(shop, run("plan", shop, "--out", plan, *words), secrets=(*SECRETS, *after))
        for path in (plan, *reports):
            assert find_secrets(path.read_text(encoding="utf-8"), (*SECRETS, *after)) == []

    sweep()
    ran = run("apply", shop, "--auto-approve", "-vv")
    assert_hidden(shop, ran)
    if not guardrails:
        assert ran.code == 3
        return
    assert ran.code == 0, ran.out + ran.err
    assert "Plan: no changes" in run("plan", shop).out
    sweep()
    with back_office(shop) as document:
        document["products"][0]["Name"] = "Kopi Terang"
        document["products"][0]["Variants"][0]["UnitPrice"] = 41017
        for coupon in document["coupons"]:
            coupon["Balance"] = coupon["Limit"] - 2
            coupon["Description"] = "Ubah Saja"
    moved = ("Kopi Terang", "41017", "41,017", "Ubah Saja")
    sweep(*moved)
    for words in (["--all"], ["--all", "--format", "json"]):
        assert_hidden(shop, run("adopt", "--shop", shop, *words), secrets=(*SECRETS, *moved))
    ran = run("apply", shop, "--auto-approve", "-vv")
    assert ran.code == 0, ran.out + ran.err
    assert_hidden(shop, ran, secrets=(*SECRETS, *moved))
    assert "Plan: no changes" in run("plan", shop).out
    limits = {coupon["Code"]: coupon["Limit"] for coupon in held(shop)["coupons"]}
    assert limits == {"OPEN": 7917, CODE: 3}
    sweep(*moved)


def plan_document(run: RunProgram, shop: Path) -> Any:
    return run("plan", shop, "--format", "json").json


@pytest.mark.parametrize("was", ["12922", "387650"])
def test_what_is_calculated_from_a_value_is_hidden_with_it(
    run: RunProgram, shop: Path, declare: WriteCatalogue, was: str
) -> None:
    configure(shop, "guardrails: {coupon-expiry: off, coupon-below-cost: off, below-cost: off}\n")
    declare(FILES.replace("unit_price: ${CATALOGUE_PRICE}", f"unit_price: {was}"))
    assert run("apply", shop, "--auto-approve").code == 0
    declare(FILES)
    for format_ in PLAN:
        ran = run("plan", shop, "--format", format_)
        assert_hidden(shop, ran, secrets=(*SECRETS, was, "ten times", "one tenth", "200 %", "90 %"))
    document = plan_document(run, shop)
    found = [v for v in document["violations"] if v["rule"] in ("price-change", "price-shape")]
    assert found
    assert all(v["measured"] is None and "(hidden)" in v["message"] for v in found)
    peaks = document["money"]["largest_increase"], document["money"]["largest_decrease"]
    assert [peak["percent"] for peak in peaks if peak] == [None]


def test_an_unchanged_value_is_hidden_in_what_a_guardrail_says_of_another_object(
    run: RunProgram, shop: Path, declare: WriteCatalogue
) -> None:
    configure(shop, "guardrails: {coupon-expiry: off, below-cost: off}\n")
    bare = FILES[: FILES.index("coupons:")]
    declare(bare)
    assert run("apply", shop, "--auto-approve").code == 0
    new = "{code: NEW, type: DiscountAmount, discount: 9000, limit: 5, expiry_date: 2027-01-31}"
    dear = "{code: 1001X, model: X, unit_price: 1, unit_cost: 0}"
    declare(bare + f"      - {dear}\ncoupons: [{new}]\n")
    for format_ in PLAN:
        assert_hidden(shop, run("plan", shop, "--format", format_))
    found = plan_document(run, shop)["violations"]
    assert next(v for v in found if v["rule"] == "coupon-below-cost")["measured"] is None


def test_a_path_below_a_value_and_the_path_above_it_are_hidden(
    run: RunProgram, shop: Path, declare: WriteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop has objects that no file declares: above, below and in the secret category."""
    category = {"Name": "Rahasia/Coffee/Cold"}
    product = {"Code": "2001", "Name": "Es", "Category": "Rahasia/Coffee"}
    below = {"Code": "2002", "Name": "Es Batu", "Category": "Rahasia/Coffee/Cold"}
    needs = {"Code": "OLD", "Type": "DiscountAmount", "Discount": 1, "Limit": 5}
    needs |= {"RequirementType": "Category", "RequirementCategories": ["Rahasia/Coffee"]}
    parents = [{"Name": "Rahasia"}, {"Name": "Rahasia/Coffee"}]
    variant = {"Model": "R", "UnitPrice": 1}
    seed = {
        "categories": [*parents, category],
        "products": [
            {**row, "Variants": [{**variant, "Code": f"{row['Code']}R"}]}
            for row in (product, below)
        ],
        "coupons": [needs],
    }
    (shop / "sandbox.json").write_text(json.dumps(seed), encoding="utf-8")
    for declared in (
        'categories: [{name: "${CATALOGUE_TOP}/Coffee"}, {name: "${CATALOGUE_TOP}/New"}]\n',
        'categories: []\nremoved: [{address: "category/${CATALOGUE_TOP}/Coffee", delete: true}]\n',
        'categories: [{name: "${CATALOGUE_TOP}/Tea", was: "${CATALOGUE_TOP}/Coffee"}]\n',
        'categories: [{name: "${CATALOGUE_PATH}"}, {name: Drinks}]\n',
    ):
        monkeypatch.setenv("CATALOGUE_PATH", "Rahasia/Coffee/Iced")
        declare(declared)
        for format_ in ("text", "json", "prometheus"):
            for verb in ("plan", "audit") if format_ in PLAN else ("audit",):
                ran = run(verb, shop, "--format", format_)
                assert_hidden(shop, ran)
                assert ran.code in (0, 2, 3), ran.out + ran.err
        assert_hidden(shop, run("validate", shop), run("apply", shop, "--auto-approve"))
    ran = run("import", shop)
    assert_hidden(shop, ran)
    assert ran.code == 0
    assert "not written: " not in ran.out
    written = [path.read_text(encoding="utf-8") for path in (shop / "catalogue").iterdir()]
    assert "2001" in "".join(written)
    assert "Rahasia" not in "".join(written)


def save(run: RunProgram, shop: Path, path: Path) -> Any:
    assert run("plan", shop, "--out", path).code in (0, 3)
    return json.loads(path.read_text(encoding="utf-8"))


def marks_of(document: Any) -> list[str]:
    found = []
    for change in document["resource_changes"]:
        for steps in change.get("from_environment", ()):
            value = change["change"]["after"]
            for step in steps:
                value = value[step]
            found.append(value)
    return found


@pytest.mark.parametrize("key", ["", "RECONCILER_LEDGER_KEY", "RECONCILER_PLAN_KEY"])
def test_a_saved_plan_holds_long_marks_that_no_other_plan_has(
    run: RunProgram, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    configure(shop, NO_GUARDRAILS)
    if key:
        monkeypatch.setenv(key, KEY)
    one, two = (save(run, shop, tmp_path / f"{name}.json") for name in "ab")
    assert len(one["marks"]["salt"]) == 32
    assert bool(one["marks"]["key"]) == bool(key)
    marks = marks_of(one)
    assert marks
    assert all(len(mark) == 64 for mark in marks)
    assert set(marks).isdisjoint(marks_of(two))
    if key:
        monkeypatch.delenv(key)
        ran = run("apply", tmp_path / "a.json", "--auto-approve")
        assert ran.code == 1
        assert "under a key that this run does not have" in ran.err
        monkeypatch.setenv(key, KEY)
    ran = run("apply", tmp_path / "a.json", "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    assert "Plan: no changes" in run("plan", shop).out


def test_a_saved_plan_of_a_secret_code_is_applied_in_another_folder(
    run: RunProgram, shop: Path, tmp_path: Path
) -> None:
    """Without a key each folder has masks of its own."""
    configure(shop, NO_GUARDRAILS)
    save(run, shop, tmp_path / "plan.json")
    other = tmp_path / "other"
    shutil.copytree(shop, other, ignore=shutil.ignore_patterns("salt"))
    ran = run("apply", tmp_path / "plan.json", "--shop", other, "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    assert CODE in [coupon["Code"] for coupon in held(other)["coupons"]]
    assert_hidden(other, ran)


@pytest.mark.parametrize("named", ["secret", "environment"])
def test_a_saved_plan_keeps_the_violations_of_objects_with_secret_names(
    run: RunProgram,
    shop: Path,
    declare: WriteCatalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
) -> None:
    monkeypatch.setenv("CATALOGUE_CODE", CODE)
    coupon = COUPON.replace("    expiry_date: 2027-01-31\n", "")
    if named == "environment":
        coupon = coupon.replace("code: VISIT-KMG-77\n    secret: true", "code: ${CATALOGUE_CODE}")
    declare(f"coupons:{coupon}")
    assert save(run, shop, tmp_path / "plan.json")["violations"]
    ran = run("apply", tmp_path / "plan.json", "--auto-approve")
    assert ran.code == 3
    assert held(shop)["coupons"] == []


def test_a_removal_hides_the_code(run: RunProgram, shop: Path, declare: WriteCatalogue) -> None:
    declare(f"coupons:{COUPON}")
    assert run("apply", shop, "--auto-approve").code == 0
    declare(f"removed: [{{address: coupon/{CODE}, delete: true, secret: true}}]\n")
    for format_ in PLAN:
        assert_hidden(shop, run("plan", shop, "--format", format_))
    assert_hidden(shop, run("apply", shop, "--auto-approve"), run("plan", shop))
    assert held(shop)["coupons"] == []


def test_an_exception_names_the_mask_or_the_code(
    run: RunProgram, shop: Path, declare: WriteCatalogue
) -> None:
    coupon = f"coupons:{COUPON}".replace("    expiry_date: 2027-01-31\n", "")
    declare(coupon)
    (address,) = {v["address"] for v in plan_document(run, shop)["violations"]}
    assert address.startswith("coupon/#")
    for name, until in ((address, "2099-12-31"), (f"coupon/{CODE}", "2020-01-01")):
        entry = f"rule: coupon-expiry, address: '{name}', reason: agreed, until: {until}"
        declare(coupon + f"allow: [{{{entry}}}]\n")
        ran = run("plan", shop)
        assert_hidden(shop, ran)
        assert ran.code == (0 if until > "2027" else 3)


def test_adopt_shows_no_line_of_a_file_with_a_secret_code(
    run: RunProgram, shop: Path, declare: WriteCatalogue
) -> None:
    line = f"{{code: {CODE}, secret: true, type: DiscountAmount, discount: 500, limit: 5}}"
    declare(f"coupons:\n  - {line}\n")
    configure(shop, NO_GUARDRAILS)
    assert run("apply", shop, "--auto-approve").code == 0
    with back_office(shop) as document:
        document["coupons"][0]["Discount"] = 600
    for words in (["--all", "--dry-run"], ["--all"]):
        assert_hidden(shop, run("adopt", "--shop", shop, *words))
    assert "discount: 600" in (shop / "catalogue" / "menu.yaml").read_text(encoding="utf-8")


def test_a_ledger_needs_a_key_for_secret_codes(run: RunProgram, shop: Path) -> None:
    configure(shop, "ledger: file\n")
    ran = run("plan", shop)
    assert ran.code == 1
    assert "RECONCILER_LEDGER_KEY is not set" in ran.err
    assert run("validate", shop).code == 3  # of guardrails


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("secret: true", "secret: maybe"),
        ("limit: 5", "limit: many"),
        ("discount: 500", "discount: 0"),
        (f"ref-{CODE}", "''\n    nothing: 1"),
        (COUPON, COUPON + COUPON),
        (COUPON, f"{COUPON}\nremoved: [{{address: coupon/{CODE}, delete: true, secret: true}}]"),
        (
            "expiry_date: 2027-01-31",
            f"expiry_date: 2027-01-31\n    requires: {{variants: [{TEXT}]}}",
        ),
    ],
)
def test_a_problem_of_the_files_does_not_show_the_code(
    run: RunProgram, shop: Path, declare: WriteCatalogue, old: str, new: str
) -> None:
    declare(f"coupons:{COUPON}".replace(old, new))
    secrets = (CODE,) if TEXT in new else SECRETS
    for format_ in ("text", "json", "github"):
        for verb in ("validate", "plan", "audit"):
            ran = run(verb, shop, "--format", format_)
            assert_hidden(shop, ran, secrets=secrets)
            assert ran.code == 1 or TEXT in new


def test_the_files_say_that_git_holds_the_code(
    run: RunProgram, shop: Path, declare: WriteCatalogue
) -> None:
    declare(f"coupons:{COUPON}")
    assert "hides the code in output, not in git" in run("validate", shop).out
    open_ = "{code: ONE, type: DiscountAmount, discount: 5, limit: 1, customer: DP-1, "
    open_ += "expiry_date: 2027-01-31}"
    declare(f"coupons: [{open_}]\n")
    note = "whoever sees a code for one use by one customer can use it"
    assert note in run("validate", shop).out
    declare(f"coupons: [{open_.replace('limit: 1', 'limit: 2')}]\n")
    assert note not in run("validate", shop).out
