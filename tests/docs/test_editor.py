"""Editors: a real yaml-language-server completes, explains and checks the files of the examples."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealpos_reconciler.workflows.init import create_shop
from tests.support.language_server import LanguageServer
from tests.support.shop import ROOT

INSTALLED = ROOT / "build" / "editor" / "node_modules" / ".bin" / "yaml-language-server"
FOUND = str(INSTALLED) if INSTALLED.exists() else shutil.which("yaml-language-server")
pytestmark = pytest.mark.skipif(not FOUND, reason="`make editor` installs yaml-language-server")

EXAMPLES = [
    path
    for path in sorted((ROOT / "examples").rglob("*.yaml"))
    if "$schema=" in path.read_text(encoding="utf-8")
]
PRODUCT = """\
products:
  - code: "1"
    name: Tea
    category: Drinks
    variants:
      - code: "1L"
        model: Large
        unit_price: 18000
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    assert FOUND
    with LanguageServer([FOUND, "--stdio"], ROOT) as running:
        yield running


def test_no_file_of_the_examples_is_underlined(server: LanguageServer) -> None:
    assert len(EXAMPLES) > 5
    for path in EXAMPLES:
        assert server.wait_for_diagnostics(server.open(path)) == [], path


def write(folder: Path, text: str) -> tuple[Path, str]:
    """A file of a shop that `init` has made, and its text with the line that names the schema."""
    create_shop(folder)
    first = (folder / "catalogue" / "menu.yaml").read_text(encoding="utf-8").splitlines()[0]
    return folder / "catalogue" / "other.yaml", f"{first}\n{text}"


def test_a_key_is_completed_with_its_description(server: LanguageServer, tmp_path: Path) -> None:
    path, text = write(tmp_path / "shop", f"{PRODUCT}        outlet_pri")
    uri = server.open(path, text)
    line = text.count("\n")
    answer = server.ask_at("textDocument/completion", uri, line, len("        outlet_pri"))
    items = answer["items"] if isinstance(answer, dict) else answer
    found = next(item for item in items if item["label"] == "outlet_prices")
    assert "Prices at single outlets" in str(found["documentation"])


def test_a_key_is_explained_with_an_example(server: LanguageServer, tmp_path: Path) -> None:
    path, text = write(tmp_path / "shop", PRODUCT)
    uri = server.open(path, text)
    told = server.ask_at("textDocument/hover", uri, text.count("\n") - 1, 10)["contents"]["value"]
    heading, text = told.replace("&nbsp;", " ").split("\n", 1)
    assert heading == "#### variant"
    assert text.strip().startswith("The price of one unit, where an outlet has none of its own.")
    assert "18000" in text
    assert "||" not in text, "an editor joins alternatives of a value that it does not tell apart"


def test_a_wrong_key_is_underlined(server: LanguageServer, tmp_path: Path) -> None:
    path, text = write(tmp_path / "shop", PRODUCT.replace("unit_price", "unit_prise"))
    (found,) = server.wait_for_diagnostics(server.open(path, text))
    assert "unit_prise" in found["message"]
    assert found["range"]["start"]["line"] == text.count("\n") - 1
