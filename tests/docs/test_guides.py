"""Every command that the docs show runs, and prints the output that stands below it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from dealpos_reconciler.cli.main import cli
from tests.docs.guide import PAGES, ROOT, blocks, install, run
from tests.support.pristine import skip_if_edited

TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
SHOWN = {
    name: text
    for name, text in TEXTS.items()
    if any(block.language == "console" and block.runs for block in blocks(text))
}
YAML = [
    pytest.param(block.text, id=f"{name}:{text[: block.start].count(chr(10)) + 1}")
    for name, text in TEXTS.items()
    for block in blocks(text)
    if block.language == "yaml" and "--8<--" not in block.text
]
SETTINGS = (
    "hooks:",
    "notify:",
    "store:",
    "guardrails:",
    "prune:",
    "defaults:",
    "ledger:",
    "serve:",
    "provider:",
    "timezone:",
)


@pytest.mark.parametrize("name", SHOWN)
def test_the_commands_of_a_page_print_what_it_shows(name: str, tmp_path: Path) -> None:
    if "examples/" in SHOWN[name]:
        skip_if_edited()
    install(tmp_path)
    shown = run(SHOWN[name], tmp_path)
    if os.environ.get("UPDATE"):
        (ROOT / name).write_text(shown, encoding="utf-8")
        return
    assert shown == SHOWN[name], "UPDATE=1 make guides writes the output anew"


def test_the_guides_show_commands() -> None:
    guides = {name for name in SHOWN if name.startswith("docs/guides/")}
    assert len(guides) >= 6
    assert "docs/getting-started.md" in SHOWN


@pytest.mark.parametrize("text", YAML)
def test_a_yaml_block_is_accepted(text: str, tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    settings = text.startswith(SETTINGS)
    (tmp_path / "reconciler.yaml").write_text(
        text if settings else "store: {url: sandbox}\ntimezone: Asia/Jakarta\n", encoding="utf-8"
    )
    if not settings:
        (tmp_path / "catalogue" / "page.yaml").write_text(text, encoding="utf-8")
    environment = {"DEALPOS_CLIENT_ID": "id", "DEALPOS_CLIENT_SECRET": "secret"}
    result = CliRunner().invoke(cli, ["validate", str(tmp_path)], env=environment)
    assert result.exit_code == 0, result.output
