"""What README says is what there is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from reconciler import errors
from reconciler.catalogue import loader as source
from reconciler.catalogue import parser as document
from reconciler.catalogue import settings
from reconciler.catalogue.sections import options as options_of
from reconciler.cli import options
from reconciler.cli.main import cli
from reconciler.dealpos import client
from reconciler.dealpos import response as answer
from reconciler.guardrails.rules import RULES
from reconciler.kinds import MANAGED

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(group: click.Group, above: str = "reconciler") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{above} {name}")
        else:
            yield f"{above} {name}", command


COMMANDS = dict(commands(cli))
OPTIONS = [
    pytest.param(name, option, id=f"{name} {option}")
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
    for option in parameter.opts
]


def rows(heading: str) -> dict[str, str]:
    """A table of README, by the text of its first column without code marks."""
    block = README[README.index(f"| {heading} |") :].partition("\n\n")[0]
    found = [line.strip("| ").split(" | ", 1) for line in block.splitlines()[2:]]
    return {first.strip().strip("`"): rest for first, rest in found}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_the_readme_and_has_help(name: str) -> None:
    assert name in rows("command")
    assert COMMANDS[name].help


def test_the_readme_names_no_command_that_is_not_there() -> None:
    assert set(rows("command")) == set(COMMANDS)


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_stands_in_the_readme_with_its_command(name: str, option: str) -> None:
    assert f"`{option}`" in rows("command")[name] or f"`{option} " in rows("command")[name]


def test_the_readme_names_no_option_that_is_not_there() -> None:
    options = {p.values[1] for p in OPTIONS} | {"--help", "--version"}
    for name, text in rows("command").items():
        mentioned = set(re.findall(r"--[a-z][a-z-]+", text))
        own = {p.values[1] for p in OPTIONS if p.values[0] == name}
        assert mentioned <= own, name
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= options


def test_every_exit_code_stands_in_the_readme() -> None:
    table = rows("exit code")
    assert set(table) == {"0", "1", "2", "3", "4"}
    assert options.CHANGES == 2
    assert options.PARTLY == 4
    assert "--detailed-exitcode" in table["2"]
    assert "guardrail" in table["3"]
    assert "in part" in table["4"]


def test_every_error_has_a_documented_exit_code() -> None:
    def below(kind: type) -> Iterator[Any]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    codes = {kind.exit_code for kind in below(errors.ReconcilerError)}
    assert {str(code) for code in codes} <= set(rows("exit code"))


def test_help_says_the_exit_codes_too() -> None:
    assert cli.epilog
    for code in rows("exit code"):
        assert re.search(rf"\b{code} \w", cli.epilog)


@pytest.mark.parametrize("kind", MANAGED.values(), ids=list(MANAGED))
def test_every_field_of_a_kind_stands_in_the_readme(kind: Any) -> None:
    listed = set(re.findall(r"`(\w+)`", rows("kind")[kind.name]))
    nested = {k.collection for k in MANAGED.values() if k.parent and k.parent.kind == kind.name}
    renames = {"was"} if kind.rename else set()
    assert listed == set(kind.model.__annotations__) | nested | renames


def test_every_kind_stands_in_the_readme() -> None:
    assert set(rows("kind")) == set(MANAGED)


def test_every_guardrail_stands_in_the_readme_with_its_defaults() -> None:
    told = rows("guardrail")
    assert set(told) == set(RULES)
    for name, rule in RULES.items():
        last = told[name].rpartition("|")[2]
        defaults = {
            option: str(value).lower() if isinstance(value, bool) else str(value)
            for option, value in options_of(rule).items()
        }
        assert dict(re.findall(r"`(\w+): ([^`]+)`", last)) == defaults, name


def yaml_blocks() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_yaml_of_the_readme_is_accepted(tmp_path: Path) -> None:
    seen = set()
    (tmp_path / "catalogue").mkdir()
    for block in yaml_blocks():
        if block.startswith("allow:"):
            (tmp_path / "catalogue" / "shop.yaml").write_text(block, encoding="utf-8")
            assert source.load(tmp_path, "catalogue", MANAGED).allowances
            seen.add("exceptions")
        elif block.startswith("removed:"):
            (tmp_path / "catalogue" / "shop.yaml").write_text(block, encoding="utf-8")
            assert source.load(tmp_path, "catalogue", MANAGED).removals
            seen.add("removals")
        elif block.startswith("store:"):
            (tmp_path / "reconciler.yaml").write_text(block, encoding="utf-8")
            settings.load(tmp_path, {})
            seen.add("settings")
        else:
            (tmp_path / "catalogue" / "shop.yaml").write_text(block, encoding="utf-8")
            desired = source.load(tmp_path, "catalogue", MANAGED)
            assert {name for name, objects in desired.objects.items() if objects} == set(MANAGED)
            seen.add("catalogue")
    assert seen == {"settings", "catalogue", "exceptions", "removals"}


def test_every_variable_that_overrides_the_file_stands_in_the_readme() -> None:
    for name in ("DEALPOS_URL", "DEALPOS_CLIENT_ID", "DEALPOS_CLIENT_SECRET", "NO_COLOR"):
        assert name in README


def test_the_limits_of_the_readme_are_those_of_the_code() -> None:
    said = re.search(r"A file may have (\d+) MiB, (\d+) levels and (a million) values", README)
    assert said
    assert int(said[1]) * 1024 * 1024 == document.MAX_BYTES
    assert int(said[2]) == document.MAX_DEPTH
    assert document.MAX_VALUES == 1_000_000


def test_the_bounds_on_an_answer_in_the_readme_are_those_of_the_code() -> None:
    assert answer.LARGEST == 64 * 1024 * 1024
    assert client.PATIENCE == 120
    assert "an answer may have 64 MiB and take two minutes" in README


def test_the_python_of_the_readme_is_that_of_the_package() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert project["requires-python"] == ">=3.11"
    assert "Python 3.11 or newer" in README


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_documents_lead_somewhere(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_make_targets_of_the_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for file in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:\$ |`)make ([a-z]+)", text)) <= targets
