"""Provider coupons on the command line: formats, exit codes, and the commands that refuse them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.program import RunProgram

SETTINGS = "store: {url: sandbox}\ntimezone: Asia/Jakarta\n"
COUPONS = "provider_coupons:\n  - {code: TEN, type: Amount, amount: 1000, until: 2099-01-31}\n"
ALLOWED = (
    "allow:\n  - {rule: coupon-expiry, reason: for ever, until: 2099-12-31}\n"
    "outlets: [{name: Kemang}]\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder that declares one provider coupon."""
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "reconciler.yaml").write_text(SETTINGS, encoding="utf-8")
    text = COUPONS + ALLOWED
    (tmp_path / "catalogue" / "promotions.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_json_of_plan_and_apply_names_the_release(run: RunProgram, shop: Path) -> None:
    plan = run("plan", shop, "--format", "json").json
    made = plan["publication"]
    assert (made["previous"], made["number"], made["place"]) == (0, 1, ".provider/provider.db")
    assert len(made["digest"]) == 64
    assert "document" not in made
    report = run("apply", shop, "--auto-approve", "--format", "json").json
    assert report["release"] == {
        "place": ".provider/provider.db",
        "number": 1,
        "status": "applied",
        "message": "release 1",
    }
    assert "publication" not in run("plan", shop, "--format", "json").json


@pytest.mark.parametrize("output_format", ["text", "markdown", "html"])
def test_every_format_for_people_names_the_release(
    run: RunProgram, shop: Path, output_format: str
) -> None:
    out = run("plan", shop, "--format", output_format).out
    assert "Provider: " in out
    assert "1 to create; release 1 at .provider/provider.db" in out


def test_settings_alone_are_a_change_that_is_asked_for(run: RunProgram, shop: Path) -> None:
    assert run("apply", shop, "--auto-approve").code == 0
    assert run("plan", shop, "--detailed-exitcode").code == 0
    settings = f"{SETTINGS}provider: {{hold: 5m}}\n"
    (shop / "reconciler.yaml").write_text(settings, encoding="utf-8")
    assert run("plan", shop, "--detailed-exitcode").code == 2
    assert run("apply", shop).code == 1
    ran = run("apply", shop, "--auto-approve")
    assert ran.code == 0
    assert "Provider: release 2 at .provider/provider.db: published (verified)" in ran.out
    assert run("plan", shop, "--detailed-exitcode").code == 0


def test_a_provider_that_does_not_answer_fails_the_audit(
    run: RunProgram, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("apply", shop, "--auto-approve").code == 0
    assert run("audit", shop).code == 0
    monkeypatch.setenv("RECONCILER_ADMIN_TOKEN", "the admin token of the tests, long enough")
    settings = f"{SETTINGS}provider: {{url: 'http://127.0.0.1:9'}}\n"
    (shop / "reconciler.yaml").write_text(settings, encoding="utf-8")
    ran = run("audit", shop)
    assert ran.code == 1
    assert "? provider_coupon/TEN: 127.0.0.1:9 did not answer" in ran.out


def test_an_audit_finds_drift_of_the_release(run: RunProgram, shop: Path) -> None:
    assert run("apply", shop, "--auto-approve").code == 0
    new = "  - {code: NEW, type: Amount, amount: 5, until: 2099-01-31}\n"
    text = COUPONS.replace("1000", "900") + new
    (shop / "catalogue" / "promotions.yaml").write_text(text + ALLOWED, encoding="utf-8")
    found = run("audit", shop, "--format", "json").json
    assert not found["clean"]
    assert {each["address"]: each["state"] for each in found["findings"]} == {
        "provider_coupon/TEN": "drifted",
        "provider_coupon/NEW": "missing",
    }


def test_what_only_files_say_is_neither_imported_nor_adopted(run: RunProgram, shop: Path) -> None:
    said = "a provider_coupon is not in the shop: the files are its only source"
    for ran in (
        run("import", shop, "--kind", "provider_coupon"),
        run("adopt", "provider_coupon/TEN", "--shop", shop),
    ):
        assert ran.code == 1
        assert said in ran.err


def test_an_adopt_of_everything_leaves_provider_coupons_out(run: RunProgram, shop: Path) -> None:
    ran = run("adopt", "--shop", shop, "--dry-run", "--all")
    assert "outlet/Kemang" in ran.out
    assert "provider_coupon" not in ran.out


@pytest.mark.parametrize("command", ["plan", "audit", "apply"])
def test_a_removal_that_would_show_a_secret_code_is_refused_at_its_line(
    run: RunProgram, shop: Path, command: str
) -> None:
    file = shop / "catalogue" / "promotions.yaml"
    hidden = COUPONS.replace("TEN", "ZQHIDDEN, secret: true")
    file.write_text(hidden + ALLOWED, encoding="utf-8")
    assert run("apply", shop, "--auto-approve").code == 0
    removed = "removed:\n  - {address: provider_coupon/ZQHIDDEN, delete: true}\n"
    file.write_text(removed + ALLOWED, encoding="utf-8")
    words = [command, shop] + (["--auto-approve"] if command == "apply" else [])
    ran = run(*words)
    assert ran.code == 1
    assert "promotions.yaml:2:5: this coupon was declared with `secret: true`" in ran.err
    assert "add `secret: true` to the entry" in ran.err
    file.write_text(removed.replace("true}", "true, secret: true}") + ALLOWED, encoding="utf-8")
    done = run("apply", shop, "--auto-approve")
    assert done.code == 0
    kept = [path.read_bytes() for path in (shop / ".reconciler").rglob("*") if path.is_file()]
    for text in (ran.out, ran.err, done.out, done.err, *(k.decode(errors="replace") for k in kept)):
        assert "ZQHIDDEN" not in text
    assert "1 to delete; release 1 → 2" in done.out
