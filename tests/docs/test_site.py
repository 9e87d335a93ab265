"""The site holds every page of the reference, and the README as its home."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.docs.guide import PAGES, ROOT
from tools.site import GENERATED
from tools.site.copies import COPIED, relocate
from tools.site.markdown import cited

PICTURES = sorted((ROOT / "docs" / "images").glob("*.png"))


def pages_in(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    assert not isinstance(parts, str)
    return [page for part in parts for page in pages_in(part)]  # type: ignore[attr-defined]


def test_the_navigation_names_every_page_once() -> None:
    config = YAML(typ="safe").load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    written = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")}
    made = {module.PATH for module in GENERATED} | set(COPIED.values())
    assert not written & made
    assert sorted(pages_in(config["nav"])) == sorted(written | made)


@pytest.mark.parametrize("module", GENERATED, ids=lambda module: module.PATH)
def test_a_generated_page_names_its_source_and_its_tables_are_whole(module: object) -> None:
    text = module.render()  # type: ignore[attr-defined]
    source = re.search(r"<!-- Generated from ([\w/.]+) when the site is built", text)
    assert source
    assert (ROOT / source[1]).exists()
    columns = 0
    for line in text.splitlines():
        cells = re.sub(r"`[^`]*`", "", line).replace("\\|", "").count("|")
        if line.startswith("|"):
            assert cells == (columns or cells), line
        columns = cells if line.startswith("|") else 0


@pytest.mark.parametrize(
    ("link", "relocated"),
    [
        ("[Guide](docs/guides/import.md)", "[Guide](guides/import.md)"),
        ("[part](docs/dealpos-api.md#s7)", "[part](dealpos-api.md#s7)"),
        ("[Contributing](CONTRIBUTING.md)", "[Contributing](contributing.md)"),
        ("[Apache](LICENSE)", "Apache"),
        ("[site](https://example.com)", "[site](https://example.com)"),
        ("![a picture](docs/images/comment.png)", "![a picture](images/comment.png)"),
    ],
)
def test_links_of_the_top_folder_lead_to_pages_of_the_site(link: str, relocated: str) -> None:
    assert relocate(f"See {link}.") == f"See {relocated}."


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see dealpos-api.md §7.", "[dealpos-api.md §7](../dealpos-api.md#s7)"),
        ("(API §6.2)", "[API §6.2](../dealpos-api.md#s6-2)"),
        ("API §14 #21", "[API §14 #21](../dealpos-api.md#s14-21)"),
    ],
)
def test_a_generated_page_links_the_facts_that_it_cites(text: str, link: str) -> None:
    assert link in cited(text)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_shown_with_a_description(path: Path) -> None:
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size <= 150_000
    shown = re.compile(rf"!\[[^]]{{20,}}\]\([\w./]*images/{re.escape(path.name)}\)")
    assert any(shown.search(page.read_text(encoding="utf-8")) for page in PAGES)


def test_the_site_loads_nothing_from_elsewhere() -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in config
    assert not re.search(r"https?://", config)
    for path in (ROOT / "docs" / "stylesheets").iterdir():
        assert "://" not in path.read_text(encoding="utf-8")
