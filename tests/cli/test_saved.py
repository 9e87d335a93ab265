"""Saved plans: the approved changes are applied; those that became stale are named."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.workflows.plan_file import sign
from tests.support.documents import ReadDocument
from tests.support.menu import TWO_SIZES, back_office, by_code, edited
from tests.support.program import PointAt, RunProgram, WriteCatalogue

KEY = "0123456789abcdef-a-key-of-tests"
SHOP = (
    TWO_SIZES
    + """\
coupons:
  - {code: DISC, type: DiscountAmount, discount: 1000, limit: 100, minimum_amount: 0,
     expiry_date: 2034-12-31}
customers:
  - {code: DP-1, name: Budi Santoso, email: budi@example.com, mobile: "0811"}
"""
)


@pytest.fixture
def shop(run: RunProgram, folder: Path, declare: WriteCatalogue) -> Path:
    """Return a shop that is as declared."""
    declare(SHOP)
    assert run("apply", folder, "--auto-approve").code == 0
    return folder


@pytest.fixture
def plan(
    run: RunProgram, shop: Path, declare: WriteCatalogue, tmp_path: Path
) -> Callable[..., Path]:
    """Declare SHOP with replacements, and save the plan for it."""

    def make(*pairs: tuple[str, str], words: tuple[str, ...] = ()) -> Path:
        declare(edited(SHOP, *pairs))
        out = tmp_path / "plan.json"
        assert run("plan", shop, "--out", out, *words).code == 0
        return out

    return make


def outcomes(ran: Any) -> dict[str, str]:
    return {o["address"]: o["status"] for o in ran.json["outcomes"]}


def move(shop: Path, **values: Any) -> None:
    """Change prices in the shop."""
    with back_office(shop) as document:
        for code, price in values.items():
            by_code(document)[code]["UnitPrice"] = price


def applied(run: RunProgram, plan: Path, shop: Path) -> Any:
    return run("apply", plan, "--shop", shop, "--auto-approve", "--format", "json")


def test_a_saved_plan_is_the_document_of_the_json_format(
    run: RunProgram, plan: Callable[..., Path], shop: Path
) -> None:
    saved = json.loads(plan(("18000", "19000")).read_text(encoding="utf-8"))
    printed = run("plan", shop, "--format", "json").json
    assert saved["digest"].startswith("sha256:")
    for document in (saved, printed):
        del document["created_at"], document["at"], document["digest"]  # it covers the time
    assert saved == printed


def test_what_was_approved_is_applied_once(
    run: RunProgram, plan: Callable[..., Path], shop: Path
) -> None:
    saved = plan(("18000", "19000"), ("22000", "23000"))
    ran = applied(run, saved, shop)
    assert ran.code == 0
    assert outcomes(ran) == {"variant/1001R": "applied", "variant/1001L": "applied"}
    assert run("plan", shop, "--detailed-exitcode").code == 0
    state = run("sandbox", "show", shop).out
    again = applied(run, saved, shop)
    assert again.code == 0
    assert set(outcomes(again).values()) == {"skipped"}
    assert again.json["requests"] == 0
    assert run("sandbox", "show", shop).out == state


def test_a_saved_plan_counts_no_object_that_its_apply_did_not_compare(
    run: RunProgram, plan: Callable[..., Path], shop: Path
) -> None:
    saved = plan(("18000", "19000"))
    said = run("apply", saved, "--shop", shop, "--auto-approve").out
    assert "\nPlan: 0 to create, 1 to update.\n" in said
    assert " unchanged." not in said


def test_what_moved_is_held_and_the_rest_goes_ahead(
    run: RunProgram, plan: Callable[..., Path], shop: Path
) -> None:
    saved = plan(("18000", "19000"), ("22000", "23000"))
    move(shop, **{"1001R": 18500})
    ran = applied(run, saved, shop)
    assert ran.code == 4
    assert outcomes(ran) == {"variant/1001L": "applied", "variant/1001R": "stale"}
    (held,) = [o["message"] for o in ran.json["outcomes"] if o["status"] == "stale"]
    assert "`unit_price` was 18,000 when the plan was saved and is 18,500 now" in held
    assert "writing 19,000 would undo" in held
    prices = {v["Code"]: v["UnitPrice"] for p in show(run, shop)["products"] for v in p["Variants"]}
    assert prices == {"1001R": 18500, "1001L": 23000}


def show(run: RunProgram, shop: Path) -> Any:
    return run("sandbox", "show", shop).json


@pytest.mark.parametrize("was", ["", ", was: Tea"])
def test_what_would_create_more_on_the_way_than_was_approved_is_held(
    run: RunProgram, plan: Callable[..., Path], shop: Path, was: str
) -> None:
    def have(*names: str) -> None:
        with back_office(shop) as document:
            document["categories"] = [{"Name": name} for name in ("Drinks", *names)]

    have("Tea", "Food")
    saved = plan(("- name: Drinks", f"- name: Drinks\n  - {{name: Food/Cakes{was}}}"))
    have("Tea")
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (4, {"category/Food/Cakes": "stale"})
    assert "it would also create category/Food" in ran.json["outcomes"][0]["message"]
    assert {category["Name"] for category in show(run, shop)["categories"]} == {"Drinks", "Tea"}


def test_what_was_approved_to_be_created_on_the_way_is(
    run: RunProgram, plan: Callable[..., Path], shop: Path
) -> None:
    allow = "allow: [{rule: implied-category, reason: new, until: 2999-12-31}]\ncategories:"
    saved = plan(("categories:", f"{allow}\n  - name: Food/Cakes"))
    assert outcomes(applied(run, saved, shop)) == {"category/Food/Cakes": "applied"}


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"type": "bundle"},
        {"action": "explode"},
        {"fields": [{"path": "mood"}]},
        {"uses_left": "many"},
        {"type": ["variant"]},
        {"name": {}},
        {"change": {"before": 5, "after": {}}},
        {"change": {"before": {}, "after": [5]}},
    ],
    ids=["cut", "kind", "action", "field", "uses", "no kind", "no name", "no object", "no value"],
)
def test_a_sealed_plan_that_nobody_here_understands_is_refused(
    run: RunProgram, plan: Callable[..., Path], shop: Path, entry: dict[str, Any]
) -> None:
    saved = plan(("18000", "19000"))
    document = json.loads(saved.read_text(encoding="utf-8"))
    change = document["resource_changes"][0]
    document["resource_changes"] = [{**change, **entry} if entry else 1]
    saved.write_text(json.dumps(sign(document)), encoding="utf-8")
    ran = run("apply", saved, "--shop", shop, "--auto-approve")
    assert ran.code == 1
    assert "that this version does not know" in ran.err


def test_a_folder_that_is_none_is_refused(run: RunProgram, plan: Callable[..., Path]) -> None:
    saved = plan(("18000", "19000"))
    document = json.loads(saved.read_text(encoding="utf-8"))
    saved.write_text(json.dumps(sign({**document, "folder": 5})), encoding="utf-8")
    ran = run("apply", saved, "--auto-approve")
    assert ran.code == 1
    assert "that this version does not know" in ran.err


@pytest.mark.parametrize("signature", ["clé", "\ud800"])
def test_a_signature_of_any_letters_is_refused(
    run: RunProgram,
    plan: Callable[..., Path],
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
    signature: str,
) -> None:
    monkeypatch.setenv("RECONCILER_PLAN_KEY", KEY)
    saved = plan(("18000", "19000"))
    document = json.loads(saved.read_text(encoding="utf-8"))
    saved.write_text(json.dumps({**document, "signature": signature}), encoding="utf-8")
    ran = run("apply", saved, "--shop", shop, "--auto-approve", "--verify")
    assert ran.code == 1
    assert "signed with another key" in ran.err


@pytest.fixture
def deletion(
    run: RunProgram, shop: Path, declare: WriteCatalogue, tmp_path: Path
) -> Callable[..., Path]:
    """Save the plan that deletes the coupon, of which so many uses are left."""

    def make(left: int) -> Path:
        used(shop, left)
        with (shop / "reconciler.yaml").open("a", encoding="utf-8") as settings:
            settings.write("guardrails: {coupon-in-use: off}\n")
        head, _, rest = SHOP.partition("coupons:")
        removed = "removed: [{address: coupon/DISC, delete: true}]"
        declare(head + rest[rest.index("customers:") :] + removed)
        saved = tmp_path / "plan.json"
        assert run("plan", shop, "--out", saved).code == 0
        return saved

    return make


def used(shop: Path, left: int) -> None:
    """Use the coupon until so many uses are left."""
    with back_office(shop) as document:
        document["coupons"][0]["Balance"] = left


@pytest.mark.parametrize(("then", "now"), [(100, 63), (63, 60), (63, 100)])
def test_a_deletion_of_a_coupon_that_was_used_meanwhile_is_held(
    run: RunProgram, shop: Path, deletion: Callable[..., Path], then: int, now: int
) -> None:
    saved = deletion(then)
    used(shop, now)
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (4, {"coupon/DISC": "stale"})
    said = f"{then} uses were left when this was planned and {now} are now: plan again"
    assert said in ran.json["outcomes"][0]["message"]
    assert show(run, shop)["coupons"]


def test_a_deletion_with_the_uses_that_were_approved_is_done(
    run: RunProgram, shop: Path, deletion: Callable[..., Path], documented: ReadDocument
) -> None:
    saved = deletion(63)
    (change,) = documented("plan", run("plan", shop, "--format", "json").json)["resource_changes"]
    assert change["uses_left"] == 63
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (0, {"coupon/DISC": "applied"})
    assert outcomes(applied(run, saved, shop)) == {"coupon/DISC": "skipped"}


def test_a_deletion_of_a_coupon_that_does_not_show_its_uses_any_more_is_held(
    run: RunProgram, shop: Path, deletion: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = deletion(63)
    real = Client.call

    def call(self: Client, operation: str, parameters: Any = None, **how: bool) -> Any:
        answer = real(self, operation, parameters, **how)
        for row in answer["Data"] if operation == "coupon.list" else ():
            row.pop("Balance", None)
        return answer

    monkeypatch.setattr(Client, "call", call)
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (4, {"coupon/DISC": "stale"})
    assert "no longer returns how many uses are left" in ran.json["outcomes"][0]["message"]


@pytest.mark.parametrize(("now", "status"), [(100, "applied"), (63, "stale")])
def test_a_deletion_of_an_older_plan_is_done_where_nothing_is_spent(
    run: RunProgram, shop: Path, deletion: Callable[..., Path], now: int, status: str
) -> None:
    saved = deletion(now)
    document = json.loads(saved.read_text(encoding="utf-8"))
    del document["resource_changes"][0]["uses_left"]
    saved.write_text(json.dumps(sign(document)), encoding="utf-8")
    ran = applied(run, saved, shop)
    assert outcomes(ran) == {"coupon/DISC": status}
    assert status == "applied" or "the plan records none" in ran.json["outcomes"][0]["message"]


def test_a_deletion_of_what_moved_is_held(
    run: RunProgram, shop: Path, deletion: Callable[..., Path]
) -> None:
    saved = deletion(100)
    with back_office(shop) as document:
        document["coupons"][0]["Discount"] = 2000
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (4, {"coupon/DISC": "stale"})
    message = ran.json["outcomes"][0]["message"]
    assert "is 2,000 now: deleting it would undo that change" in message


def test_what_moved_to_what_was_approved_is_done(
    run: RunProgram, plan: Callable[..., Path], shop: Path
) -> None:
    saved = plan(("18000", "19000"))
    move(shop, **{"1001R": 19000})
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (0, {"variant/1001R": "skipped"})


def test_no_work_is_derived_from_files_that_changed_since(
    run: RunProgram, plan: Callable[..., Path], shop: Path, declare: WriteCatalogue
) -> None:
    saved = plan(("18000", "19000"))
    declare(SHOP.replace("18000", "99000").replace("22000", "1"))
    ran = applied(run, saved, shop)
    assert outcomes(ran) == {"variant/1001R": "applied"}
    prices = {v["Code"]: v["UnitPrice"] for p in show(run, shop)["products"] for v in p["Variants"]}
    assert prices == {"1001R": 19000, "1001L": 22000}


def test_customer_data_stays_in_the_files(
    run: RunProgram, plan: Callable[..., Path], shop: Path, declare: WriteCatalogue
) -> None:
    change = ("budi@example.com", "budi.santoso@example.com")
    saved = plan(change)
    assert "example.com" not in saved.read_text(encoding="utf-8")
    declare(SHOP.replace("budi@", "other@"))
    held = applied(run, saved, shop)
    assert (held.code, outcomes(held)) == (4, {"customer/DP-1": "stale"})
    assert "its declaration has changed since the plan was saved" in held.out
    declare(SHOP.replace(*change))
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (0, {"customer/DP-1": "applied"})
    assert show(run, shop)["customers"][0]["Email"] == "budi.santoso@example.com"


def test_a_coupon_keeps_the_uses_that_are_left_at_the_last_moment(
    run: RunProgram, plan: Callable[..., Path], shop: Path
) -> None:
    saved = plan(("discount: 1000", "discount: 2000"))
    used(shop, 63)
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (0, {"coupon/DISC": "applied"})
    (coupon,) = show(run, shop)["coupons"]
    assert (coupon["Discount"], coupon["Limit"], coupon["Balance"]) == (2000, 63, 63)
    assert outcomes(applied(run, saved, shop)) == {"coupon/DISC": "skipped"}


def test_a_plan_names_its_store(
    run: RunProgram,
    plan: Callable[..., Path],
    shop: Path,
    served: tuple[str, Any],
    point_at: PointAt,
) -> None:
    saved = plan(("18000", "19000"))
    point_at(served[0])
    ran = applied(run, saved, shop)
    assert ran.code == 1
    assert "was made for sandbox, not for http://127.0.0.1" in ran.err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"after": 19000',
            '"after": 1900',
            "was modified or truncated after it was saved (checksum mismatch)",
        ),
        ('"resource_changes"', '"changes"', "is not a saved plan"),
    ],
)
def test_a_plan_that_was_edited_is_refused(
    run: RunProgram, plan: Callable[..., Path], shop: Path, old: str, new: str, said: str
) -> None:
    saved = plan(("18000", "19000"))
    text = saved.read_text(encoding="utf-8")
    assert old in text
    saved.write_text(text.replace(old, new), encoding="utf-8")
    before = run("sandbox", "show", shop).out
    ran = applied(run, saved, shop)
    assert ran.code == 1
    assert said in ran.err
    assert run("sandbox", "show", shop).out == before


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("0.9", "was saved by an older version of reconciler (format 0.9): run 'reconciler plan"),
        ("99.0", "was saved by a newer version of reconciler (format 99.0)"),
        ("next", "was saved by an older version of reconciler (format next)"),
        ("", "has no format_version"),
    ],
)
def test_a_plan_of_another_format_is_refused(
    run: RunProgram, plan: Callable[..., Path], shop: Path, version: str, told: str
) -> None:
    saved = plan(("18000", "19000"))
    saved = saved.rename(saved.with_name("my plan.json"))
    document = json.loads(saved.read_text(encoding="utf-8"))
    saved.write_text(json.dumps({**document, "format_version": version}), encoding="utf-8")
    ran = applied(run, saved, shop)
    assert ran.code == 1
    assert f"error: {saved} {told}" in ran.err
    if "older" in told:
        assert f"run 'reconciler plan --out {shlex.quote(str(saved))}' again" in ran.err


def test_a_plan_that_was_cut_is_refused(
    run: RunProgram, plan: Callable[..., Path], shop: Path
) -> None:
    saved = plan(("18000", "19000"))
    saved.write_bytes(saved.read_bytes()[:-200])
    assert "is not a saved plan" in applied(run, saved, shop).err


def test_a_signature_binds_two_jobs(
    run: RunProgram, plan: Callable[..., Path], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_PLAN_KEY", KEY)
    saved = plan(("18000", "19000"), words=("--sign",))
    assert KEY not in saved.read_text(encoding="utf-8")
    words = ("apply", saved, "--shop", shop, "--auto-approve", "--verify")
    monkeypatch.setenv("RECONCILER_PLAN_KEY", KEY + "another")
    assert "signed with another key" in run(*words).err
    monkeypatch.setenv("RECONCILER_PLAN_KEY", "short")
    assert "RECONCILER_PLAN_KEY is too short" in run(*words).err
    monkeypatch.delenv("RECONCILER_PLAN_KEY")
    assert "RECONCILER_PLAN_KEY is not set" in run(*words).err
    monkeypatch.setenv("RECONCILER_PLAN_KEY", KEY)
    assert run(*words).code == 0


def test_what_is_not_signed_is_refused_where_a_signature_is_asked_for(
    run: RunProgram, plan: Callable[..., Path], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_PLAN_KEY", KEY)
    saved = plan(("18000", "19000"))
    ran = run("apply", saved, "--shop", shop, "--auto-approve", "--verify")
    assert (ran.code, "is not signed" in ran.err) == (1, True)
    assert run("apply", shop, "--verify", "--auto-approve").code == 1


def test_a_plan_finds_the_folder_it_was_made_from(
    run: RunProgram, plan: Callable[..., Path], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)
    saved = plan(("18000", "19000"))
    assert json.loads(saved.read_text(encoding="utf-8"))["folder"] == "shop"
    assert run("apply", saved, "--auto-approve").code == 0
    monkeypatch.chdir(shop)
    assert run("apply", saved, "--auto-approve").code == 0


def test_a_plan_that_finds_no_folder_says_so(
    run: RunProgram,
    plan: Callable[..., Path],
    shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = plan(("18000", "18500"))
    shop.rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    ran = run("apply", out, "--auto-approve")
    assert ran.code == 1
    assert f"error: {out} was made from " in ran.err
    assert ", which is not a shop folder here\nhint: name the shop folder with --shop\n" in ran.err
    assert run("apply", out, "--auto-approve", "--shop", tmp_path / "moved").code == 0


def test_a_plan_that_is_not_there_is_told(run: RunProgram, tmp_path: Path) -> None:
    for more in ([], ["--verify"], ["--shop", tmp_path]):
        ran = run("apply", tmp_path / "plan.json", "--auto-approve", *more)
        assert ran.code == 1
        assert f"error: folder or saved plan not found: {tmp_path / 'plan.json'}\n" in ran.err
        assert "hint: name a file written by 'plan --out'\n" in ran.err


def test_a_file_that_cannot_be_written_is_an_error(
    run: RunProgram, shop: Path, tmp_path: Path
) -> None:
    ran = run("plan", shop, "--out", tmp_path / "none" / "plan.json")
    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_a_new_object_that_somebody_made_meanwhile_is_held(
    run: RunProgram, shop: Path, declare: WriteCatalogue, tmp_path: Path
) -> None:
    new = SHOP + "  - {code: DP-2, name: Sari, email: sari@example.com, mobile: '0812'}\n"
    declare(new)
    saved = tmp_path / "plan.json"
    assert run("plan", shop, "--out", saved).code == 0
    declare(new.replace("Sari", "Sari Dewi"))
    assert run("apply", shop, "--auto-approve").code == 0
    declare(new)
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (4, {"customer/DP-2": "stale"})
    assert "it was created after the plan, with other values" in ran.out


def test_what_needs_something_that_is_gone_is_held(
    run: RunProgram, shop: Path, declare: WriteCatalogue, tmp_path: Path
) -> None:
    bundle = SHOP.replace(
        "unit_price: 22000}", "unit_price: 22000, type: Composite, components: {1001R: {qty: 2}}}"
    )
    declare(bundle)
    saved = tmp_path / "plan.json"
    assert run("plan", shop, "--out", saved).code == 0
    with back_office(shop) as document:
        (product,) = document["products"]
        product["Variants"] = [v for v in product["Variants"] if v["Code"] != "1001R"]
    ran = applied(run, saved, shop)
    assert (ran.code, outcomes(ran)) == (4, {"variant/1001L": "stale"})
    assert "1001R" in ran.json["outcomes"][0]["message"]


def test_a_plan_without_an_end_is_none(run: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "plan.json").symlink_to("/dev/zero")
    ran = run("apply", tmp_path / "plan.json", "--auto-approve")
    assert (ran.code, ran.out) == (1, "")
    assert "is not a saved plan" in ran.err
