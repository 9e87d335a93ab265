"""A ledger: pending, drifted, conflicting and orphaned objects, and one apply at a time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.ledger import run_ledger
from dealpos_reconciler.ledger.file import FILE
from dealpos_reconciler.ledger.git import GitBackend
from tests.support.documents import ReadDocument
from tests.support.menu import TWO_SIZES, back_office, by_code, edited
from tests.support.program import PointAt, RunProgram, WriteCatalogue

SHOP = (
    TWO_SIZES
    + """\
coupons:
  - {code: DISC, type: DiscountPercentage, discount: 10, limit: 100, minimum_amount: 0,
     maximum_discount: 5000, expiry_date: 2034-12-31, description: Ten}
"""
)
KEY = "0123456789abcdef-a-key-of-tests"


@pytest.fixture(params=["file", "git"])
def shop(request: Any, run: RunProgram, folder: Path, declare: WriteCatalogue) -> Path:
    """A shop with a ledger, applied once."""
    declare(SHOP)
    with (folder / "reconciler.yaml").open("a") as out:
        out.write(f"ledger: {request.param}\nguardrails: {{coupon-in-use: off}}\n")
    subprocess.run(["git", "init", "-q", folder], check=True)
    assert run("apply", folder, "--auto-approve").code == 0
    return folder


@pytest.fixture
def edit(folder: Path, declare: WriteCatalogue) -> Callable[..., None]:
    """Changes the files from SHOP, and the shop itself."""

    def change(*pairs: tuple[str, str], **live: tuple[str, str, Any]) -> None:
        declare(edited(SHOP, *pairs))
        with back_office(folder) as document:
            for code, key, value in live.values():
                by_code(document)[code][key] = value

    return change


def origins(ran: Any) -> dict[str, str]:
    return {
        f"{change['address']} {field['path']}": field.get("origin", "")
        for change in ran.json["resource_changes"]
        for field in change["fields"]
    }


def test_a_plan_says_which_side_moved(
    run: RunProgram, shop: Path, edit: Callable[..., None], documented: ReadDocument
) -> None:
    edit(("18000", "18500"), drift=("1001L", "UnitPrice", 23000))
    ran = run("plan", shop, "--format", "json")
    plan = documented("plan", ran.json)
    assert origins(ran) == {
        "variant/1001R unit_price": "pending",
        "variant/1001L unit_price": "drifted",
    }
    assert {c["address"]: c["origin"] for c in plan["resource_changes"]} == {
        "variant/1001R": "pending",
        "variant/1001L": "drifted",
    }
    told = run("plan", shop).out
    assert "unit_price  18,000 → 18,500  (pending)" in told
    assert "unit_price  23,000 → 22,000  (drifted)" in told
    audited = run("audit", shop).out
    assert "unit_price: live 18,000, declared 18,500 (changed in the files)" in audited
    assert "unit_price: live 23,000, declared 22,000 (changed in the shop)" in audited
    document = documented("audit", run("audit", shop, "--format", "json").json)
    found = {f["address"]: f["fields"][0]["origin"] for f in document["findings"]}
    assert found == {"variant/1001R": "pending", "variant/1001L": "drifted"}
    assert "unit_price 18,000 → 18,500, pending" in run("plan", shop, "--compact").out
    assert run("apply", shop, "--auto-approve").code == 0
    assert "Plan: no changes" in run("plan", shop).out


def test_what_both_moved_is_held_until_somebody_says_who_wins(
    run: RunProgram, shop: Path, edit: Callable[..., None]
) -> None:
    edit(("18000", "18500"), drift=("1001R", "UnitPrice", 17000))
    ran = run("plan", shop, "--detailed-exitcode")
    assert ran.code == 2
    assert (
        '! variant/1001R "Kopi Susu, Regular": conflict: `unit_price` was 18,000 at the last '
        "apply, is 17,000 in the shop and 18,500 in the files. Run `reconciler adopt "
        "variant/1001R` to keep the live value, or pass `--overwrite variant/1001R` to write the "
        "declared one\n" in ran.out
    )
    assert run("apply", shop, "--auto-approve").code == 0
    assert "17000" in json.dumps(run("sandbox", "show", shop).json)
    told = run("plan", shop, "--overwrite", "variant/1001*").out
    assert "17,000 → 18,500  (conflict)" in told
    assert run("apply", shop, "--auto-approve", "--overwrite", "variant/1001R").code == 0
    assert "Plan: no changes" in run("plan", shop).out


def test_a_saved_plan_may_overwrite_what_its_maker_saw(
    run: RunProgram, shop: Path, edit: Callable[..., None], tmp_path: Path
) -> None:
    edit(("18000", "18500"), drift=("1001R", "UnitPrice", 17000))
    saved = tmp_path / "plan.json"
    run("plan", shop, "--out", saved, "--overwrite", "variant/1001R")
    assert run("apply", saved, "--shop", shop, "--auto-approve").code == 0
    assert "Plan: no changes" in run("plan", shop).out
    (latest, first) = run("history", shop, "--format", "json").json["applies"]
    assert latest["changes"] == [{"address": "variant/1001R", "action": "update"}]
    assert first["summary"] == {"create": 5}


def test_a_saved_plan_writes_what_no_read_shows(
    run: RunProgram, shop: Path, edit: Callable[..., None], tmp_path: Path
) -> None:
    edit(("maximum_discount: 5000", "maximum_discount: 7000"))
    saved = tmp_path / "plan.json"
    assert "5,000 → 7,000  (pending)" in run("plan", shop, "--out", saved).out
    assert run("apply", saved, "--shop", shop, "--auto-approve").code == 0
    (coupon,) = run("sandbox", "show", shop).json["coupons"]
    assert coupon["MaximumDiscount"] == 7000
    assert (
        "Already in place, as approved" in run("apply", saved, "--shop", shop, "--auto-approve").out
    )
    assert "Plan: no changes" in run("plan", shop).out


def test_a_replaced_coupon_is_as_declared_in_a_clone_that_did_not_replace_it(
    run: RunProgram, shop: Path, edit: Callable[..., None]
) -> None:
    edit(("description: Ten", "description: Tenth"), used=("DISC", "Balance", 63))
    assert run("apply", shop, "--auto-approve").code == 0
    (coupon,) = run("sandbox", "show", shop).json["coupons"]
    assert (coupon["Limit"], coupon["Balance"]) == (63, 63)
    assert not (shop / ".reconciler" / "kept.json").exists() or "DISC" not in (
        shop / ".reconciler" / "kept.json"
    ).read_text("utf-8"), "it is the ledger's job"
    assert "Plan: no changes" in run("plan", shop).out
    text = ledger_of(shop)
    assert json.loads(text)["objects"]["coupon/DISC"]["used"] == 37


def ledger_of(shop: Path) -> str:
    file = shop / FILE
    if file.exists():
        return file.read_text("utf-8")
    words = ["git", "-C", str(shop), "show", "refs/reconciler/sandbox:ledger.json"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_what_the_files_dropped_is_named_and_left_alone(
    run: RunProgram, shop: Path, edit: Callable[..., None], documented: ReadDocument
) -> None:
    edit(("      - {code: 1001L, model: Large, unit_price: 22000}\n", ""))
    plan = documented("plan", run("plan", shop, "--format", "json").json)
    assert ([entry["address"] for entry in plan["orphaned"]], plan["resource_changes"]) == (
        ["variant/1001L"],
        [],
    )
    assert "Orphaned (applied once, in no file any more; not changed)" in run("plan", shop).out


def test_customers_are_recorded_with_a_key_alone(
    run: RunProgram, shop: Path, declare: WriteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SHOP + "customers:\n  - {code: DP-1, name: Budi, email: b@example.com, mobile: '0811'}\n"
    declare(text)
    assert "RECONCILER_LEDGER_KEY is not set" in run("plan", shop).out
    monkeypatch.setenv("RECONCILER_LEDGER_KEY", KEY)
    assert run("apply", shop, "--auto-approve").code == 0
    known = ledger_of(shop)
    assert "hmac:" in known
    assert "0811" not in known
    declare(text.replace("0811", "0812"))
    assert origins(run("plan", shop, "--format", "json")) == {"customer/DP-1 mobile": "pending"}


def test_history_shows_applies_the_latest_first(
    run: RunProgram, shop: Path, edit: Callable[..., None]
) -> None:
    edit(("18000", "18500"))
    assert run("apply", shop, "--auto-approve").code == 0
    lines = run("history", shop).out.splitlines()
    assert lines[0] == "Store: sandbox"
    assert [line.split("  ")[-1].strip() for line in lines[2:4]] == ["1 update", "5 create"]
    assert lines[-1] == "History: 2 applies, 5 objects in the ledger"


@pytest.mark.parametrize("form", ["text", "json"])
def test_history_needs_no_credentials(
    run: RunProgram, shop: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    served = "https://shop.example"
    for file in shop.glob("reconciler*"):
        text = file.read_text(encoding="utf-8")
        text = text.replace('"store": "sandbox"', f'"store": "{served}"')
        file.write_text(text.replace("url: sandbox", f'url: "{served}"'), encoding="utf-8")
    if "git" in (shop / "reconciler.yaml").read_text(encoding="utf-8"):
        pytest.skip("each store has a ref of its own")
    ran = run("history", shop, "--format", form)
    assert ran.code == 0, ran.err
    assert "create" in ran.out
    refused = run("history", shop, "--rebuild")
    assert refused.code == 1
    assert "no credentials for https://shop.example" in refused.err


def test_a_ledger_that_is_thrown_away_or_broken_is_made_anew(
    run: RunProgram, shop: Path, edit: Callable[..., None]
) -> None:
    if (shop / FILE).exists():
        (shop / FILE).write_text("<<<<<<< broken", encoding="utf-8")
        ran = run("plan", shop)
        assert ran.code == 1
        assert "history --rebuild" in ran.err
    else:
        subprocess.run(
            ["git", "-C", shop, "update-ref", "-d", "refs/reconciler/sandbox"], check=True
        )
    edit(("18000", "18500"))
    before = run("sandbox", "show", shop).json
    assert run("history", shop, "--rebuild").code == 0
    assert run("sandbox", "show", shop).json == before
    assert "History: 0 applies, 4 objects" in run("history", shop).out
    assert origins(run("plan", shop, "--format", "json")) == {"variant/1001R unit_price": ""}
    edit(("22000", "22500"))
    assert run("apply", shop, "--auto-approve").code == 0
    edit(("22000", "22500"), drift=("1001L", "UnitPrice", 1))
    assert origins(run("plan", shop, "--format", "json")) == {"variant/1001L unit_price": "drifted"}


def test_without_a_ledger_there_is_no_history_and_nothing_else_changes(
    run: RunProgram, applied: Path
) -> None:
    ran = run("history", applied)
    assert ran.code == 1
    assert "ledger: file" in ran.err
    assert "origin" not in run("plan", applied, "--format", "json").out


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def clones(
    tmp_path: Path, served: tuple[str, Any], point_at: PointAt, run: RunProgram
) -> tuple[Path, Path]:
    """Two clones of a shop in git, in front of one shop, applied once from the first."""
    point_at(served[0])
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", remote], check=True)
    found = []
    for name in ("a", "b"):
        clone = tmp_path / name
        subprocess.run(["git", "clone", "-q", remote, clone], check=True, capture_output=True)
        (clone / "catalogue").mkdir()
        (clone / "reconciler.yaml").write_text("ledger: git\n", encoding="utf-8")
        (clone / "catalogue" / "menu.yaml").write_text(SHOP, encoding="utf-8")
        found.append(clone)
    assert run("apply", found[0], "--auto-approve").code == 0
    return found[0], found[1]


def change(clone: Path, *pairs: tuple[str, str]) -> None:
    text = edited(SHOP, *pairs)
    (clone / "catalogue" / "menu.yaml").write_text(text, encoding="utf-8")


REGULAR, LARGE = ("18000", "18500"), ("22000", "22500")


def test_of_two_applies_at_once_the_second_writes_nothing_and_says_why(
    run: RunProgram,
    clones: tuple[Path, Path],
    served: tuple[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second begins between the plan of the first and its first write."""
    first, second = clones
    change(first, REGULAR)
    change(second, LARGE)
    take = GitBackend.take
    ran: list[Any] = []

    def overtaken(self: GitBackend, *words: Any) -> None:
        monkeypatch.setattr(GitBackend, "take", take)
        ran.append(run("apply", second, "--auto-approve"))
        take(self, *words)

    monkeypatch.setattr(GitBackend, "take", overtaken)
    calls = served[1].calls
    lost = run("apply", first, "--auto-approve")
    assert ran[0].code == 0
    assert lost.code == 1
    assert "has finished" in lost.err
    assert "nothing was written" in lost.err
    assert [call[0] for call in calls if call[0] == "PUT"] == ["PUT"], "the winner's alone"
    change(first, REGULAR, LARGE)
    assert run("apply", first, "--auto-approve").code == 0
    assert [
        a["changes"][0]["address"]
        for a in run("history", first, "--format", "json").json["applies"]
    ] == ["variant/1001R", "variant/1001L", "category/Drinks"]


def test_a_run_that_is_killed_between_write_and_record_is_taken_over(
    run: RunProgram, clones: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = clones
    for clone in clones:
        change(clone, REGULAR)
    with monkeypatch.context() as patch:

        def die(self: Any, *words: Any) -> None:
            self.backend._lock.release()  # the system lets it go with the process
            raise Killed

        patch.setattr(run_ledger.RunLedger, "record", die)
        with pytest.raises(Killed):
            run("apply", first, "--auto-approve")
    assert "another apply is running since" in run("plan", second).out
    assert "Plan: no changes" in run("plan", second).out
    change(second, REGULAR, LARGE)
    held = run("apply", second, "--auto-approve")
    assert held.code == 1
    assert "another apply is running since" in held.err
    refused = run("history", second, "--rebuild")
    assert refused.code == 1
    assert "another apply is running since" in refused.err
    assert run("history", second, "--rebuild", "--force-unlock").code == 0
    assert run("apply", second, "--auto-approve").code == 0
    told = run("history", second).out
    assert "applying" not in told
    assert "History: 2 applies, 5 objects" in told, "of the killed run its objects alone"
    assert "Plan: no changes" in run("plan", second).out
