"""The log of a command: text or JSON on stderr, and the same in a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from dealpos_reconciler import __version__
from dealpos_reconciler.dealpos import client
from tests.support.program import RunProgram, WriteCatalogue

NEVER_WRITTEN = Path("/dev/full")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_line_is_json_with_the_fields_of_a_request(folder: Path, run: RunProgram) -> None:
    ran = run("plan", folder, "-v", "--log-format", "json")
    found = lines(ran.err)
    assert ran.out.startswith("Store: ")
    read = next(line for line in found if line.get("operation") == "product.list")
    assert read["time"].endswith("Z")
    assert (read["level"], read["method"], read["path"]) == ("debug", "GET", "/Product")
    assert read["status"] == 200
    assert read["parameters"] == ["PageNumber", "PageSize"]
    assert found[-1] | {"time": ""} == {
        "time": "",
        "level": "info",
        "message": "reconciler plan ended with exit code 0",
        "command": "plan",
        "version": __version__,
        "exit_code": 0,
    }


def test_problems_have_their_place_in_fields(
    folder: Path, run: RunProgram, declare: WriteCatalogue
) -> None:
    declare("categories: [{name: Drinks, colour: red}]\n")
    found = lines(run("--log-format", "json", "validate", folder).err)
    assert found[0]["level"] == "error"
    assert (found[0]["file"], found[0]["line"], found[0]["column"]) == (
        "catalogue/menu.yaml",
        1,
        29,
    )
    assert found[1]["message"] == "error: 1 problem in the files"
    assert found[-1]["exit_code"] == 1


def test_a_file_gets_what_stderr_does_not_show(
    folder: Path, run: RunProgram, tmp_path: Path
) -> None:
    path = tmp_path / "run.log"
    assert run("plan", folder, "--log-file", path).err == ""
    assert run("plan", "missing", "--log-file", path).code == 1
    found = path.read_text(encoding="utf-8").splitlines()
    assert all(
        re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ \S", line) for line in found
    )
    assert any(" DEBUG product.list GET /Product: 200" in line for line in found)
    assert found[-2].endswith(
        "ERROR error: folder not found: missing (hint: to create a shop "
        "folder, run: reconciler init missing)"
    )
    assert found[-1].endswith("INFO reconciler plan ended with exit code 1")


def test_the_format_counts_for_the_file_in_any_order(
    folder: Path, run: RunProgram, tmp_path: Path
) -> None:
    for number, words in enumerate((["--log-format", "json"], [])):
        path = tmp_path / f"{number}.log"
        run("--log-file", path, *words, "validate", folder)
        text = path.read_text(encoding="utf-8")
        assert text.startswith("{") is bool(words)
    assert "--log-format" not in run("validate", folder).err


def test_a_file_that_cannot_be_opened_is_named(folder: Path, run: RunProgram) -> None:
    ran = run("plan", folder, "--log-file", "/nowhere/run.log")
    assert (ran.code, ran.out) == (1, "")
    assert "log file /nowhere/run.log cannot be written: No such file or directory" in ran.err


@pytest.mark.skipif(not NEVER_WRITTEN.exists(), reason="needs /dev/full")
def test_a_full_disk_does_not_end_the_run(folder: Path, run: RunProgram) -> None:
    ran = run("plan", folder, "--log-file", NEVER_WRITTEN)
    assert ran.code == 0
    assert "Traceback" not in ran.err


def test_requests_name_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["user-agent"])
        return httpx.Response(200, json={"access_token": "token-of-the-test"})

    store = client.Store("https://shop.example", "id-of-the-test", "secret-of-the-test")
    with client.Client(store, httpx.MockTransport(answer)) as made:
        made.call("outlet.list", {})
    assert set(seen) == {f"reconciler/{__version__}"}
