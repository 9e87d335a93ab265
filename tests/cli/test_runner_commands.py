"""No name of a file or of the shop is a command to the runner of a CI job, in any output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dealpos_reconciler.core.runner_commands import defuse_commands
from tests.support.program import RunProgram, WriteCatalogue

COMMANDS = [
    "##[error]pwned",
    "##[add-mask]x",
    "##vso[task.setvariable variable=x]y",
    "##VSO[task.complete]",
    "##teamcity[buildStatus]",
    "::error file=x::pwned",
    "::add-mask::x",
    "::stop-commands::x",
    "section_start:1560896352:name",
    "section_end:1560896352:name",
]
ACTIVE = re.compile(r"##\w*\[|^\s*::|section_(start|end):", re.M | re.I)
"""The places at which GitHub, Azure, TeamCity and GitLab look for commands."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_is_no_command_in_text(name: str) -> None:
    for text in (name, f"a\n  {name}", f'variant/{name} "x"'):
        assert not ACTIVE.search(defuse_commands(text))
        assert defuse_commands(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ["## heading", "a::b", "a:b ::c", "#1 ##2", "section 1:", "###"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert defuse_commands(text) == text


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("output", ["text", "json", "markdown", "html", "github"])
@pytest.mark.parametrize("command", ["plan", "audit"])
def test_a_name_is_no_command_in_any_output(
    run: RunProgram, folder: Path, declare: WriteCatalogue, command: str, output: str, name: str
) -> None:
    declare(f"categories: [{{name: {json.dumps(name)}}}, {{name: {json.dumps(f'a {name}')}}}]")
    ran = run(command, folder, "--format", output)
    assert ran.code == 0
    said = ran.out + ran.err
    if output == "github":
        said = "\n".join(
            re.sub("^::(error|warning|notice) .*", "", line) for line in said.split("\n")
        )
    assert not ACTIVE.search(said)
    if output == "json":
        assert f'"a {name}"' in json.dumps(json.loads(ran.out))


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("output", ["text", "json", "markdown", "html"])
def test_a_name_is_no_command_in_an_error(
    run: RunProgram, folder: Path, declare: WriteCatalogue, output: str, name: str
) -> None:
    declare(f"{json.dumps(name)}: 1\n")
    ran = run("plan", folder, "--format", output)
    assert ran.code == 1
    assert not ACTIVE.search(ran.out + ran.err)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_is_no_command_in_a_file_that_a_job_may_print(
    run: RunProgram, folder: Path, declare: WriteCatalogue, tmp_path: Path, name: str
) -> None:
    (folder / "reconciler.yaml").write_text("store: {url: sandbox}\nledger: file\n")
    declare(f"categories: [{{name: {json.dumps(name)}}}, {{name: {json.dumps(f'a {name}')}}}]")
    files = [tmp_path / f"plan{end}" for end in (".md", ".html", ".json", ".txt")]
    saved = tmp_path / "saved.json"
    reports = [word for path in files for word in ("--report", path)]
    assert run("plan", folder, "--out", saved, *reports).code == 0
    assert run("apply", saved, "--auto-approve").code == 0
    assert run("plan", folder, "--detailed-exitcode").code == 0

    declare("{}")
    assert run("import", folder).code == 0
    assert run("plan", folder, "--detailed-exitcode").code == 0
    written = [*(folder / "catalogue").iterdir(), folder / "reconciler.ledger.json"]
    for path in (*files, saved, *written):
        text = path.read_text("utf-8")
        assert not ACTIVE.search(text), path


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_is_no_command_in_the_file_of_an_error(
    run: RunProgram, folder: Path, declare: WriteCatalogue, tmp_path: Path, name: str
) -> None:
    declare(f"{json.dumps(name)}: 1\n")
    for end in (".md", ".html"):
        assert run("plan", folder, "--report", tmp_path / f"plan{end}").code == 1
        assert not ACTIVE.search((tmp_path / f"plan{end}").read_text("utf-8"))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_is_no_command_in_an_apply(
    run: RunProgram, folder: Path, declare: WriteCatalogue, name: str
) -> None:
    declare(f"categories: [{{name: {json.dumps(name)}}}]")
    ran = run("apply", folder, "--auto-approve")
    assert ran.code == 0
    assert not ACTIVE.search(ran.out + ran.err)
    ran = run("import", folder)
    assert not ACTIVE.search(ran.out + ran.err)
