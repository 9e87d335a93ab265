"""The docs state what the code does: generated pages are complete, and hand-written facts agree."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import click
import pytest

from dealpos_reconciler import errors
from dealpos_reconciler.catalogue import parser
from dealpos_reconciler.catalogue.sections import guardrail_options as options_of
from dealpos_reconciler.cli.exit_codes import CHANGES, EXIT_CODES, PARTIAL
from dealpos_reconciler.cli.main import cli
from dealpos_reconciler.dealpos import client, response
from dealpos_reconciler.dealpos.budget import MAX_RUN_SECONDS, MAX_WAIT_SECONDS
from dealpos_reconciler.dealpos.reading.live_builder import MAX_OBJECTS
from dealpos_reconciler.dealpos.reading.paging import MAX_PAGES
from dealpos_reconciler.dealpos.retry import MAX_SILENCE_SECONDS
from dealpos_reconciler.guardrails.rules import RULES
from dealpos_reconciler.kinds import MANAGED
from tests.docs.guide import PAGES, ROOT, blocks
from tests.support.messages import PACKAGE
from tools.site import commands, documents, environment, exit_codes, guardrails, kinds
from tools.site import errors as error_index

DOCS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
DOCS["CONTRIBUTING.md"] = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COMMANDS_PAGE, KINDS_PAGE = commands.render(), kinds.render()


def every_command(group: click.Group, above: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, f"{above} {name}")
        else:
            yield f"{above} {name}", command


COMMANDS = dict(every_command(cli, "reconciler"))


def section(page: str, heading: str) -> str:
    """The text below a heading of the second level."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
    )
    assert found, heading
    return found[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_section_with_every_option(name: str) -> None:
    text = section(COMMANDS_PAGE, name)
    assert COMMANDS[name].help
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name
            for spelling in parameter.opts:
                assert f"`{spelling}`" in text


OTHERS = ("Atlantis", "conftest", "docker", "gh", "git", "jq", "opa", "pg_restore", "uvx")
"""Programs whose options the docs name."""


def test_the_docs_name_no_option_and_no_command_that_is_not_there() -> None:
    known = {"--help", "--version"}
    for command in COMMANDS.values():
        for parameter in command.params:
            known.update(o for o in parameter.opts if not getattr(parameter, "hidden", False))
    groups = {name.split()[1] for name in COMMANDS}
    for name, text in DOCS.items():
        for line in text.splitlines():
            if not any(f"{other} " in line for other in OTHERS):
                assert set(re.findall(r"(?<![\w<-])--[a-z][a-z-]+", line)) <= known, (name, line)
        assert set(re.findall(r"`reconciler ([a-z]+)", text)) <= groups, name


def test_every_exit_code_is_documented_with_its_errors() -> None:
    meanings = EXIT_CODES
    assert {0, 1, 2, 3, 4, 130} <= set(meanings)
    assert "--detailed-exitcode" in meanings[CHANGES]
    assert "guardrail" in meanings[errors.Refused.exit_code]
    assert "partly done" in meanings[PARTIAL]
    assert {kind.exit_code for kind in error_index.kinds()} <= set(meanings)
    page = exit_codes.render()
    for number, meaning in EXIT_CODES.items():
        assert f"| {number} | {meaning[0].upper()}{meaning[1:]} | " in page
        assert re.search(rf"^  {number} +{re.escape(meaning)}$", cli.epilog or "", re.MULTILINE)
    for kind in error_index.kinds():
        assert f"[`{kind.__name__}`]" in page


def test_the_error_index_holds_every_error_with_its_messages() -> None:
    page = error_index.render()
    for kind in error_index.kinds():
        assert kind.__doc__
        assert f"\n## {kind.__name__}\n" in page
    found = error_index.messages()
    assert sum(map(len, found.values())) > 60
    assert any(text == "no store is configured" and hint for text, hint in found["StoreError"])


@pytest.mark.parametrize("kind", MANAGED.values(), ids=list(MANAGED))
def test_every_field_of_a_kind_stands_in_its_section(kind: Any) -> None:
    listed = re.findall(
        r"^\| `(\w+)` \| ", section(KINDS_PAGE, kind.name).partition("API op")[0], re.M
    )
    nested = {k.collection for k in MANAGED.values() if k.parent and k.parent.kind == kind.name}
    renames = {"was"} if kind.rename else set()
    assert set(kind.model.__annotations__) | nested | renames <= set(listed)


def test_a_field_that_is_not_compared_says_why() -> None:
    for kind in MANAGED.values():
        text = section(KINDS_PAGE, kind.name)
        for field in kind.fields.values():
            if field.uncompared_reason and not field.internal:
                assert f"Not compared: {field.uncompared_reason}" in text


def test_every_guardrail_has_its_section_with_its_defaults() -> None:
    page = guardrails.render()
    for name, rule in RULES.items():
        assert rule.__doc__
        told = dict(re.findall(r"^    (\w+): (.+)$", section(page, name), re.MULTILINE))
        defaults = {
            option: str(value).lower() if isinstance(value, bool) else str(value or [])
            for option, value in options_of(rule).items()
            if value not in (0, ())
        }
        assert defaults.items() <= told.items(), name
        assert set(told) == set(options_of(rule)), name


def test_every_variable_that_the_code_reads_is_documented() -> None:
    assert environment.read_by_the_code() == set(environment.VARIABLES)


def test_every_document_and_its_parts_are_documented() -> None:
    page = documents.render()
    for name in documents.DOCUMENTS:
        for key in documents.schema(name)["properties"]:
            assert f"| `{key}` | " in section(page, name)
    assert len(list(documents.published())) >= 7


def test_the_limits_of_a_file_are_those_of_the_code() -> None:
    text = DOCS["docs/reference/catalogue-files.md"]
    said = re.search(r"A file may have (\d+) MiB and (\d+) levels", text)
    assert said
    assert int(said[1]) * 1024 * 1024 == parser.MAX_BYTES
    assert int(said[2]) == parser.MAX_DEPTH
    assert "may repeat a million values" in text
    assert parser.MAX_REPEATED == 1_000_000


def test_every_key_of_the_settings_is_documented() -> None:
    text = section(DOCS["docs/reference/catalogue-files.md"], "reconciler.yaml")
    keys = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert set(keys) == set(documents.schema("reconciler")["properties"])


def test_every_state_of_an_audit_is_documented() -> None:
    text = section(DOCS["docs/guides/drift.md"], "Find it")
    states = re.findall(r"^\| (\w[\w ]*) \| [A-Z]", text, re.MULTILINE)
    counted = documents.schema("audit")["$defs"]["AuditSummary"]["properties"]
    assert {state.replace(" ", "_") for state in states} == set(counted) - {"unchanged"}


def test_the_limits_of_a_response_are_those_of_the_code() -> None:
    rows = (
        f"| body of a response | {response.MAX_BODY_BYTES // 1024**2} MiB, "
        f"{response.MAX_VALUES:,} values |",
        f"| headers of a response | {response.MAX_HEADER_BYTES // 1024} KiB |",
        f"| time of a request | {client.REQUEST_TIMEOUT_SECONDS:.0f} seconds |",
        f"| time without an answer to one operation | {MAX_SILENCE_SECONDS / 60:.0f} minutes; ",
        f"| pages of a list | {MAX_PAGES:,}; ",
        f"| objects of one kind | {MAX_OBJECTS:,} |",
        f"| wait for the rate limit | {MAX_WAIT_SECONDS / 3600:.0f} hour, ",
        f"| a whole run | {MAX_RUN_SECONDS / 3600:.0f} hours, ",
    )
    assert [row for row in rows if row not in DOCS["docs/guides/connect.md"]] == []


def test_the_python_version_is_that_of_the_package() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert project["requires-python"] == ">=3.11"
    for name in ("README.md", "docs/getting-started.md"):
        assert "Python 3.11 or newer" in DOCS[name]


def test_the_readme_fits_on_a_screen() -> None:
    assert len(DOCS["README.md"].split()) < 400
    assert DOCS["README.md"].count("\n") < 70


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_top_folder_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_paths_and_make_targets_that_the_docs_name_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    folders = "reconciler|tests|tools|schemas|examples|docs"
    parts = "|".join(path.name for path in PACKAGE.iterdir() if path.is_dir())
    for name, text in DOCS.items():
        assert set(re.findall(r"(?:\$ |`|=1 )make ([a-z]+)", text)) <= targets, name
        for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", text):
            assert (ROOT / path).exists(), (name, path)
        if name in ("docs/architecture.md", "CONTRIBUTING.md"):
            for path in re.findall(rf"`((?:{parts})/[\w./-]*)`", text):
                assert (PACKAGE / path).exists(), (name, path)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\$\(RUN\) ([\w.]+)", MAKEFILE))))
def test_each_module_that_a_make_target_runs_can_be_run(name: str) -> None:
    found = find_spec(name)
    if found is None:
        assert name in ("mkdocs", "pip_audit"), "a target installs these itself"
    elif found.submodule_search_locations is not None:
        assert find_spec(f"{name}.__main__")


def test_the_steps_of_a_price_name_files_that_exist() -> None:
    text = section(DOCS["docs/architecture.md"], "A price, from file to shop")
    paths = re.findall(r"`([\w/]+\.py)`", text)
    assert len(paths) >= 10
    for path in paths:
        assert (PACKAGE / path).is_file(), path


def test_the_docs_show_a_catalogue_with_every_kind_and_each_directive() -> None:
    shown = [b.text for text in DOCS.values() for b in blocks(text) if b.language == "yaml"]
    for start in ("store:", "allow:", "removed:", "coupons:"):
        assert any(text.startswith(start) for text in shown), start
    whole = "\n".join(shown)
    for kind in MANAGED.values():
        assert f"{kind.collection}:" in whole
