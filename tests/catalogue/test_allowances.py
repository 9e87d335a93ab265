"""`allow:` in the files: what is read, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Allowance, Desired
from dealpos_reconciler.errors import SourceError
from tests.support.folder import load_files


def load(folder: Path, text: str) -> Desired:
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "shop.yaml").write_text(text, encoding="utf-8")
    return load_files(folder)


def told(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(SourceError) as caught:
        load(folder, text)
    return [
        (str(p).removeprefix("catalogue/shop.yaml:"), p.hint or "") for p in caught.value.problems
    ]


def test_exceptions_are_read_with_their_place(tmp_path: Path) -> None:
    text = (
        "categories: [{name: A}]\n"
        "allow:\n"
        "  - {rule: price-change, address: category/A/B, reason: sale, until: 2026-12-31}\n"
        "  - rule: removals\n"
        "    reason: 'yes, all of them '\n"
        "    until: 2027-01-01\n"
    )
    desired = load(tmp_path, text)
    assert desired.allowances == (
        Allowance("price-change", "sale", "2026-12-31", Source("catalogue/shop.yaml", 3, 5),
                  Address("category", "A/B")),
        Allowance("removals", "yes, all of them", "2027-01-01",
                  Source("catalogue/shop.yaml", 4, 5)),
    )  # fmt: skip
    assert [str(address) for address, _ in desired] == ["category/A"]


def test_exceptions_of_all_files_count(tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    entry = "allow: [{rule: changes, reason: r, until: 2026-12-31}]"
    (tmp_path / "catalogue" / "a.yaml").write_text(entry, encoding="utf-8")
    files = [found.source.file for found in load(tmp_path, entry).allowances]
    assert files == ["catalogue/a.yaml", "catalogue/shop.yaml"]


REST = "reason: r, until: 2026-12-31"


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("allow: {}", "1:8: `allow` must be a list (lines that start with a dash)", ""),
        (
            "allow: [removals]",
            "1:9: an entry of `allow` must be a mapping",
            "write `- {rule: …, until: …}`",
        ),
        (
            f"allow: [{{rule: removal, {REST}}}]",
            "1:16: allow: unknown guardrail `removal`",
            "did you mean `removals`?",
        ),
        (
            f"allow: [{{rule: removals, adress: A, {REST}}}]",
            "1:26: allow: unknown key `adress`",
            "did you mean `address`?",
        ),
        (
            f"allow: [{{rule: removals, address: 1003L, {REST}}}]",
            "1:35: allow: `1003L` is not a valid address",
            "write kind/name, such as variant/1003L",
        ),
        (
            f"allow: [{{rule: removals, address: varient/1003L, {REST}}}]",
            "1:35: allow: unknown kind `varient`",
            "did you mean `variant`?",
        ),
        ("allow: [{rule: removals, reason: r}]", "1:9: allow: `until` is missing", ""),
        (
            "allow: [{rule: removals, reason: r, until: 31 Dec}]",
            "1:44: allow: `until` must be a date that exists, written YYYY-MM-DD (found `31 Dec`)",
            "",
        ),
        (
            "allow: [{rule: removals, reason: ' ', until: 2026-12-31}]",
            "1:34: allow: `reason` must not be empty (found ` `)",
            "",
        ),
        ("alow: []", "1:1: unknown key `alow`", "did you mean `allow`?"),
    ],
)
def test_a_problem_names_its_place_and_a_way_out(
    tmp_path: Path, text: str, problem: str, hint: str
) -> None:
    assert told(tmp_path, text) == [(problem, hint)]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = "allow: [{rule: x, address: y}, {until: z}]\nproducts: [{name: A}]\n"
    assert len(told(tmp_path, text)) == 8
