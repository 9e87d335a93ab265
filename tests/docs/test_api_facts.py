"""Each section of docs/dealpos-api.md that the repository cites exists and keeps its anchor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "dealpos-api.md").read_text(encoding="utf-8")
FOLDERS = ("reconciler", "tests", "schemas", "examples", "cassettes", "docs")
SUFFIXES = {".py", ".md", ".yaml", ".yml", ".json", ".j2", ".js", ".toml"}

# A citation such as "dealpos-api.md §6.2, §7" or "API §14 #3, #21", also across a line break.
CITED = re.compile(
    r"(?:dealpos-api\.md|\bAPI)[\s#*]*?(§\d[\d.]*(?:,?(?:\s|and|#\s)*(?:§\d[\d.]*|#\d+))*)"
)
SECTIONS = re.findall(r"^#{2,3} §([\d.]+) ", PAGE, re.MULTILINE)
ROWS = re.findall(r"^\| <a id=\"s14-(\d+)\"></a>(\d+) \|", PAGE, re.MULTILINE)


def citations() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES:
                for found in CITED.findall(path.read_text(encoding="utf-8")):
                    yield path.relative_to(ROOT).as_posix(), found


def test_every_cited_section_exists() -> None:
    cited = list(citations())
    assert len(cited) > 100
    missing = [
        f"{path}: §{section}"
        for path, found in cited
        for section in re.findall(r"§([\d.]*\d)", found)
        if section not in SECTIONS
    ]
    missing += [
        f"{path}: §14 #{row}"
        for path, found in cited
        for row in re.findall(r"#(\d+)", found)
        if (row, row) not in ROWS
    ]
    assert not missing


@pytest.mark.parametrize(
    ("text", "sections", "rows"),
    [
        ("dealpos-api.md §7", ["7"], []),
        ("dealpos-api.md §6.2, §7.", ["6.2", "7"], []),
        ("API §14 #3, #21", ["14"], ["3", "21"]),
        ("dealpos-api.md\n    # §14 #4", ["14"], ["4"]),
    ],
)
def test_a_citation_is_found_however_it_is_written(
    text: str, sections: list[str], rows: list[str]
) -> None:
    found = " ".join(CITED.findall(text))
    assert re.findall(r"§([\d.]*\d)", found) == sections
    assert re.findall(r"#(\d+)", found) == rows


def test_sections_and_rows_keep_their_numbers_and_anchors() -> None:
    whole = [str(n) for n in range(17)]
    assert [s for s in SECTIONS if "." not in s] == whole
    assert [s for s in SECTIONS if "." in s] == ["6.1", "6.2", "6.3", "6.4", "6.5"]
    for section in SECTIONS:
        assert f'<a id="s{section.replace(".", "-")}"></a>\n' in PAGE
    assert [(str(n), str(n)) for n in range(1, 24)] == ROWS
