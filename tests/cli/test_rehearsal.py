"""A rehearsal by `DEALPOS_URL`: another store is planned and applied beside any ledger."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from dealpos_reconciler import sandbox
from tests.support.program import SECRET, PointAt, Quiet, RunProgram, running

REAL = "https://shop.example"


@pytest.fixture(params=["file", "git"])
def shop(request: pytest.FixtureRequest, folder: Path) -> Path:
    """The folder of a real shop, with a ledger."""
    settings = f'store: {{url: "{REAL}"}}\nledger: {request.param}\n'
    (folder / "reconciler.yaml").write_text(settings, encoding="utf-8")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *who, "commit", "-qm", "x"], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("where", ["sandbox", "served"])
def test_another_store_is_planned_and_applied_without_the_ledger(
    run: RunProgram, shop: Path, served: tuple[str, Any], point_at: PointAt, where: str
) -> None:
    store = served[0] if where == "served" else "sandbox"
    point_at(store)
    ledger = shop / "reconciler.ledger.json"
    ledger.write_text(
        json.dumps({"format_version": "1.0", "store": REAL, "objects": {}, "applies": []}),
        encoding="utf-8",
    )
    before = ledger.read_bytes()
    note = f"the ledger belongs to {REAL}; this run works without it"
    ran = run("plan", shop)
    assert ran.code == 0, ran.err
    assert note in ran.out
    assert run("apply", shop, "--auto-approve").code == 0
    assert run("audit", shop, "--detailed-exitcode").code == 0
    assert ledger.read_bytes() == before
    refused = run("history", shop, "--rebuild")
    assert refused.code == 1
    assert f"the ledger belongs to {REAL}" in refused.err


def test_history_shows_the_ledger_of_the_declared_store(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write("ledger: file\n")
    assert run("apply", folder, "--auto-approve").code == 0
    point_at(served[0])
    assert "Store: sandbox" in run("history", folder).out


def test_a_ledger_file_says_whose_it_is_where_the_settings_do_not(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    settings = "store: {url: '${DEALPOS_URL}'}\nledger: file\n"
    (folder / "reconciler.yaml").write_text(settings, encoding="utf-8")
    point_at("sandbox")
    assert run("apply", folder, "--auto-approve").code == 0
    point_at(served[0])
    ran = run("plan", folder)
    assert "the ledger belongs to sandbox; this run works without it" in ran.out


def test_a_run_of_the_declared_store_says_nothing(run: RunProgram, folder: Path) -> None:
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write("ledger: file\n")
    assert run("apply", folder, "--auto-approve").code == 0
    assert "the ledger belongs" not in run("plan", folder).out


def test_everything_in_another_shop_is_asked_once(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt, tmp_path: Path
) -> None:
    assert run("apply", folder, "--auto-approve").code == 0  # the embedded sandbox is no shop
    point_at(served[0])
    assert run("apply", folder, "--auto-approve").code == 0
    app = sandbox.create_app(tmp_path / "second.db", limit=None, client_secret=SECRET)
    with running(make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)) as second:
        point_at(second)
        ran = run("apply", folder, "--auto-approve")
        assert ran.code == 3
        assert f"✗ other-store: this folder was applied to {served[0]} only" in ran.out
        file = folder / "catalogue" / "allowed.yaml"
        allow = "allow: [{rule: other-store, reason: branch, until: 2999-12-31}]\n"
        file.write_text(allow, encoding="utf-8")
        assert run("apply", folder, "--auto-approve").code == 0
        file.unlink()
        assert run("plan", folder).code == 0
    point_at("sandbox")
    assert run("plan", folder).code == 0
