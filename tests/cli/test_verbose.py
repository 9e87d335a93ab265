"""`-v` and `-vv`: each request on stderr, stdout as ever."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import click
import pytest

from dealpos_reconciler.cli.console import Console
from dealpos_reconciler.cli.main import cli
from tests.support.program import PointAt, RunProgram

REQUEST = re.compile(r"^\d\d:\d\d:\d\d \S+ (GET|POST|PUT|DELETE) /\S+: \d+, .* requests remaining")


def requests(err: str) -> list[str]:
    return [text for text in err.splitlines() if REQUEST.match(text)]


def test_each_request_of_a_plan_is_a_line(folder: Path, run: RunProgram) -> None:
    quiet = run("plan", folder, "--format", "json")
    ran = run("plan", folder, "--format", "json", "-v")
    assert quiet.err == ""
    differs = ("created_at", "digest")
    assert {k: v for k, v in ran.json.items() if k not in differs} == {
        k: v for k, v in quiet.json.items() if k not in differs
    }
    assert len(requests(ran.err)) == ran.json["api_usage"]["reads"] + 1  # and the token
    assert "parameters: " not in ran.err


def test_two_say_what_was_sent_by_name(folder: Path, run: RunProgram) -> None:
    ran = run("apply", folder, "--auto-approve", "-vv")
    assert ran.code == 0
    assert re.search(r"parameters: .*ImageURL.*Variants\[1\]", ran.err)
    assert "ratelimit-remaining" in ran.err
    assert "Kopi Susu" not in ran.err
    assert "18000" not in ran.err


@pytest.mark.parametrize("command", [["plan"], ["apply", "--auto-approve"]])
def test_json_stays_one_document(folder: Path, run: RunProgram, command: list[str]) -> None:
    ran = run(*command, folder, "--format", "json", "-vv")
    assert ran.json["store"] == "sandbox"
    assert requests(ran.err)


def test_short_waits_are_shown_too(
    served: tuple[str, Any], folder: Path, run: RunProgram, point_at: PointAt
) -> None:
    from dealpos_reconciler.sandbox.faults import InjectedFault

    url, twin = served
    point_at(url)
    twin.faults.add(InjectedFault("GET", "/Outlet", "500", "before", times=1))
    twin.faults.add(InjectedFault("POST", "/Category/p", "502", "before", times=1))
    ran = run("plan", folder, "-v")
    assert ran.code == 0
    assert ", retrying: waiting " in ran.err


def below(group: click.Group) -> list[click.Command]:
    found: list[click.Command] = []
    for command in group.commands.values():
        found += below(command) if isinstance(command, click.Group) else [command]
    return found


def test_every_command_that_talks_to_a_shop_can_show_its_requests() -> None:
    talking = [
        command
        for command in below(cli)
        if command.callback
        and re.search(r"\b(connect|open_shop)\(", inspect.getsource(command.callback))
    ]
    assert {command.name for command in talking} >= {
        *("plan", "apply", "audit", "adopt", "import", "history", "doctor", "settle")
    }
    for command in talking:
        assert any("-v" in parameter.opts for parameter in command.params), command.name


def test_the_bar_shows_no_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    bar, shown = Console(), list[str]()
    bar.shows_bar = True
    monkeypatch.setattr(bar, "_show", lambda text, done, total: shown.append(text))
    bar.step(0, 1, "delete variant/A\x9b2J")
    assert shown == ["delete variant/A\\x9b2J"]


def test_lines_of_requests_that_are_answered_side_by_side_stay_together(
    served: tuple[str, Any], folder: Path, run: RunProgram, point_at: PointAt
) -> None:
    url, twin = served
    point_at(url)
    twin.choices = twin.choices.with_changes(page_cap=100)
    variants = "".join(f"      - {{code: V{i}, unit_price: 1}}\n" for i in range(800))
    text = f"products:\n  - code: P\n    name: P\n    category: A\n    variants:\n{variants}"
    (folder / "catalogue" / "menu.yaml").write_text("categories: [{name: A}]\n" + text)
    assert run("apply", folder, "--auto-approve").code == 0
    twin.choices = twin.choices.with_changes(latency=0.02)
    ran = run("plan", folder, "-vv")
    lines = ran.err.splitlines()
    assert len(requests(ran.err)) * 2 == len(lines)
    for line, details in zip(lines[::2], lines[1::2], strict=True):
        assert REQUEST.match(line)
        assert details.startswith("    parameters: ")
    assert sum("variant.list" in line for line in lines) == 8
