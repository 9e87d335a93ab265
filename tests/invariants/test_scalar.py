"""A value written into a file is the value that a reader finds there, whichever reader it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dealpos_reconciler.catalogue.environment import Expander
from dealpos_reconciler.catalogue.parser import parse
from dealpos_reconciler.catalogue.writing.yaml_text import YamlEntry, scalar, texts
from dealpos_reconciler.core.model.address import Address

HOSTILE = [
    *("", " ", "a ", " a", "~", "null", "NO", "y", "on", "true", "007", "1e3", "0x1F", "12_30"),
    *("1:30", "2026-12-31", "1.5", "-1", "+1", ".5", "1,000", "0o17", "- a", "a: b", "a #b", "a:"),
    *("#a", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "'a'", '"a"', "{a}", "[a]", "a, b"),
    *("${A}", "$${A}", "a $${A} b", "<<", "=", "...", "---", "? a", "a\tb", "a\nb", "a\n", "\na"),
    *("a\n\nb", " a\nb", "a \nb", "a\r\nb", "\ufeffa", "a\u2028b", "a\x85b", "é ☕", "漢字", "\\n"),
    *("${", "$${", "a ${A:-b} $$${}"),
    *("a\n${A}", "# a\nb", "1003L", "16 oz", "Kopi Susu", "a/b", "infinity", ".inf", "0b1"),
]
texts_of_shops = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("ab:#,-?{}[]$ \n\t'\"0.e", max_size=8),
)


def read(entry: YamlEntry) -> Any:
    text = "\n".join(["items:", *entry.lines(2)]) + "\n"
    node, problems = parse(text, "file", Expander({}))
    assert problems == []
    return node["items"][0], text


@given(
    name=texts_of_shops,
    key=texts_of_shops.filter(bool),
    listed=st.lists(texts_of_shops, max_size=3),
)
def test_what_is_written_is_what_is_read(name: str, key: str, listed: list[str]) -> None:
    value = {"name": name, "list": listed, "map": {key: {"price": 1}}, "flat": {key: [name]}}
    entry = YamlEntry(
        Address("product", "x"), value, [YamlEntry(Address("variant", "y"), {"n": name})], "in"
    )
    found, _ = read(entry)
    assert found == texts(entry.whole())
    assert found == {**texts(value), "in": [{"n": name}]}


@given(name=texts_of_shops)
@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
def test_other_readers_take_text_for_text(name: str, version: tuple[int, int]) -> None:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    (found,) = yaml.load(f"[{scalar(name, flow=True)}]")
    assert found == name
    assert yaml.load(f"key: {scalar(name)}\n") == {"key": name}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Kopi Susu", "Kopi Susu"),
        ("1003L", "1003L"),
        ("2005B", "2005B"),
        ("16 oz", "16 oz"),
        ("1003", '"1003"'),
        ("0071", '"0071"'),
        ("Drinks/Coffee", "Drinks/Coffee"),
        ("Kopi: Susu", '"Kopi: Susu"'),
        ("20,000 off", "20,000 off"),
        (18000, "18000"),
        (Decimal("107.50"), "107.50"),
        (Decimal("1E+3"), "1000"),
        (True, "true"),
        (date(2026, 12, 31), "2026-12-31"),
    ],
)
def test_a_value_is_written_as_a_person_would(value: Any, written: str) -> None:
    assert scalar(value) == written


def test_text_of_several_lines_stands_as_a_block() -> None:
    _, text = read(YamlEntry(Address("product", "x"), {"description": "Iced\n\n- cold # very"}))
    assert text == "items:\n  - description: |-\n      Iced\n\n      - cold # very\n"
