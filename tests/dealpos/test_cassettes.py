"""The edge against a real server: recorded from `reconciler sandbox serve`, replayed here.

`make cassettes` records anew. A request that differs from the recording in method, path, query or
body fails, and so does a recorded one that is never sent.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import vcr
from vcr.serializers import yamlserializer

from dealpos_reconciler import __version__
from dealpos_reconciler.cli import main as cli
from dealpos_reconciler.kinds import SHOP_KINDS
from tests.support.pristine import DIGEST, digest_examples, skip_if_edited
from tests.support.shop import ROOT

CASSETTES = ROOT / "cassettes"
EXAMPLES = ROOT / "examples"
RECORDING = bool(os.environ.get("RECORD"))
SECRET = "recorded-secret-value"


class _Labelled:
    """The YAML cassette format with a line that says what it was recorded from."""

    @staticmethod
    def serialize(data: dict[str, Any]) -> str:
        label = f"reconciler sandbox serve, reconciler {__version__}"
        return yamlserializer.serialize({"recorded_from": label, **data})

    @staticmethod
    def deserialize(text: str) -> Any:
        return yamlserializer.deserialize(text)


def _without_secret(request: Any) -> Any:
    if request.path.lower().endswith("/token/oauth2"):
        request.body = b'{"client_id":"removed","client_secret":"removed"}'
    return request


def _without_token(response: Any) -> Any:
    body = response["body"]["string"]
    response["body"]["string"] = re.sub(rb'("access_token":\s*)"[^"]*"', rb'\1"removed"', body)
    return response


def _player() -> vcr.VCR:
    player = vcr.VCR(
        serializer="labelled",
        record_mode="all" if RECORDING else "none",
        match_on=["method", "path", "query", "body"],
        filter_headers=["authorization"],
        before_record_request=_without_secret,
        before_record_response=_without_token,
    )
    player.register_serializer("labelled", _Labelled)
    return player


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """The address of the shop: a sandbox on loopback while recording, nobody while replaying."""
    if not RECORDING:
        yield "http://127.0.0.1:8765"
        return
    arguments = ["sandbox", "serve", str(folder), "--port", "0", "--limit", "0"]
    environment = {**os.environ, "SANDBOX_CLIENT_SECRET": SECRET}
    with subprocess.Popen(
        [sys.executable, "-m", "dealpos_reconciler", *arguments],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://\S+:\d+", line)
        assert found, line
        yield found[0]
        process.terminate()


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON document that one command prints."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["reconciler", *arguments, "--format", "json"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    captured = capsys.readouterr()
    assert ended.value.code == 0, captured.err
    return json.loads(captured.out)


@contextmanager
def _playing(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = CASSETTES / f"{name}.yaml"
    if RECORDING:
        path.unlink(missing_ok=True)
    with _server(folder) as url:
        monkeypatch.setenv("DEALPOS_URL", url)
        monkeypatch.setenv("DEALPOS_CLIENT_ID", "sandbox")
        monkeypatch.setenv("DEALPOS_CLIENT_SECRET", SECRET)
        with _player().use_cassette(str(path)) as cassette:
            yield
        assert cassette.all_played or RECORDING, f"{name}: not every recorded request was sent"


@pytest.mark.parametrize("name", sorted(SHOP_KINDS))
def test_a_kind_is_created_and_changed_over_http(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files of `tests/kinds/<kind>` are applied: first `declared.yaml`, then `changed.yaml`."""
    story = ROOT / "tests" / "kinds" / name
    folder = tmp_path / "shop"
    (folder / "catalogue").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text("store: {url: sandbox}\n")
    (folder / "sandbox.json").write_text('{"outlets": [{"Name": "Kemang"}]}')
    file = folder / "catalogue" / "shop.yaml"
    with _playing(name, folder, monkeypatch):
        shutil.copy(story / "declared.yaml", file)
        created = _run(capsys, "apply", str(folder), "--auto-approve")
        shutil.copy(story / "changed.yaml", file)
        changed = _run(capsys, "apply", str(folder), "--auto-approve")
        plan = _run(capsys, "plan", str(folder))
    for report in (created, changed):
        assert {outcome["status"] for outcome in report["outcomes"]} == {"applied"}
        assert report["verified"] == len(report["outcomes"]) > 0
        assert any(outcome["address"].startswith(f"{name}/") for outcome in report["outcomes"])
    assert plan["resource_changes"] == []


def test_the_coffee_chain_is_planned_applied_and_planned_again_over_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    skip_if_edited()
    folder = tmp_path / "kopi-nusantara"
    shutil.copytree(
        EXAMPLES / "kopi-nusantara", folder, ignore=shutil.ignore_patterns(".reconciler")
    )
    if os.environ.get("RECORD"):
        DIGEST.write_text(digest_examples() + "\n", encoding="utf-8")
    with _playing("kopi-nusantara", folder, monkeypatch):
        plan = _run(capsys, "plan", str(folder))
        report = _run(capsys, "apply", str(folder), "--auto-approve")
        again = _run(capsys, "plan", str(folder))
    assert plan["store"].startswith("http://127.0.0.1:")
    assert report["verified"] == len(plan["resource_changes"]) == 14
    usage = plan["api_usage"]
    assert report["requests"] == usage["writes"] + usage["verification"]
    assert usage["requests"] == usage["reads"] + report["requests"]
    assert again["resource_changes"] == []


def test_no_cassette_holds_a_secret_or_a_token() -> None:
    for path in CASSETTES.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert SECRET not in text
        assert "authorization" not in text.lower()
        assert set(re.findall(r'access_token\\?":\s*\\?"([^"\\]*)', text)) == {"removed"}
        assert "recorded_from: reconciler sandbox serve" in text


def test_every_cassette_belongs_to_a_test() -> None:
    assert {path.stem for path in CASSETTES.glob("*.yaml")} == {*SHOP_KINDS, "kopi-nusantara"}
