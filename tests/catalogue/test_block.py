"""Files of plain lines are read as libyaml reads them, or are left to it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.catalogue.parser import parse, parse_events
from dealpos_reconciler.catalogue.reading.block import MAX_DEPTH, parse_block
from dealpos_reconciler.catalogue.reading.node import Node

STEPS = """\
products:
  - code: P
    variants:
      - code: V
        unit_price:
          - 18000
          - {from: 2026-12-01, value: 19000}  # from December
          - {from: 2026-12-24 06:00, until: 2026-12-26, value: 150.50}
        discontinued:
        - {value: false,  until: 2026-12-26T06:00:30}
        - { from: 2027-01-01, value: true }
"""
PLAIN = [
    STEPS,
    "a: [18000, {from: 2026-12-01, value: 19000}, {from: 2026-12-24 06:00, value: 1.50}]\n",
    "products:\n  - code: A\n    variants:\n      - code: B\n        unit_price: 18000\n",
    "# a comment\nproducts:\n- code: A\n  tags:\n  - x\n  - y z\n\n- code: B # another\n",
    'a: "null"\nb: \'no: #1\'\nc: ""\nd: https://example.com/a?b=c\ne: 12:30:00\n',
    "outlets:\n    Toko Baru 2:\n        price: 1\n    Kafé:\n        price: (2)",
    "customers:\n  - {code: C1, name: 'A: B', email: a@example.com}\n  -  {code: C2}  # last\n",
    'a: {"1003": {qty: 2}, é: [x, y z, [], { }], "": "a, b"}\nb: {}\n',
    'a:   {b: [c, {d: e}]}\nb: [ ]\n"1003L": [{a: b},  { c:  d }]\n',
]
LEFT = [
    "",
    "# only a comment\n",
    "- a\n",
    "a: &x b\n",
    "a: *x\n",
    "a: !x b\n",
    "a:\n",
    "a: null\n",
    "a: ~\n",
    "a: b: c\n",
    "a: b:\n",
    "a:b\n",
    "a: b\n  c\n",
    "a: b\nc d\n",
    "a: |\n  b\n",
    "a: b\na: c\n",
    "  a: b\n c: d\n",
    "a:\n\tb: c\n",
    "a: b\r\n",
    "a: ${B}\n",
    'a: "\\n"\n',
    "a: 'b''c'\n",
    "---\na: b\n",
    "<<: b\n",
    "? a\n",
    "a: - b\n",
    "- - a\n",
    "a: b#c\n",
    "a: 日本\n",
    'a: "b" c\n',
    'a: "b"#c\n',
    "a:\n  - b\n  c: d\n",
    "a:\n  - b\n c: d\n",
    "a: b\n  c: d\n",
    "a: b\n- c\n",
    "a: %b\n",
    "a: b\u2028c: d\n",
    "a: b\x00\n",
    "\ufeffa: b\n",
    "a: 'b\n",
    '"": b\n',
    '"":\n  a: b\n',
    "a: {b: c\n",
    "a: {b: c,\n  d: e}\n",
    "a: {b: c}}\n",
    "a: {b: c]\n",
    "a: {b: c} d\n",
    "a: {b: c, b: d}\n",
    "a: {b}\n",
    "a: {b: }\n",
    "a: {b: ~}\n",
    "a: {b: null}\n",
    "a: {b: ${C}}\n",
    "a: {b: &c d}\n",
    "a: {b: *c}\n",
    "a: {<<: b}\n",
    "a: {b: c:d}\n",
    "a: {b: 12:30}\n",
    "a: {b: 18,000}\n",
    "a: {b: c,}\n",
    "a: [b: c]\n",
    "a: [b,, c]\n",
    "a: [null]\n",
    "{a: b}\n",
    "a:\n  [b]\n",
    f"a: {'[' * 9}{']' * 9}\n",
    "a:\n  - {from: 2027-01-01, from: 2027-01-02}\n",
]
STARTS = ["", " ", "  ", "    ", "- ", "  - ", "  -  ", "    - ", "- - ", "\t", "# "]
KEYS = ["a", "b", "c d", "e", "0", "null", "<<", "é", "?", "x y:", "f :", "", '"g: h"', "'i'", '""']
SEPARATORS = [": ", ":", ":  ", ":\t", " : ", ""]
VALUES = [
    *(
        "",
        "",
        "1",
        "b c",
        "null",
        "~",
        "é",
        "a:b",
        "a: b",
        "a #b",
        "a#b",
        "#b",
        "-5",
        "- x",
        "-",
        "&x",
    ),
    *(
        '""',
        "''",
        '"a: b"',
        "'it''s'",
        '"a\\tb"',
        '"a',
        "'#'",
        '"a" ',
        '"a" #b',
        "[]",
        "{}",
        "{a: b}",
    ),
    *(
        "|",
        ">",
        "*x",
        "!t",
        "%",
        "@",
        "`",
        "a:",
        "a ",
        "a  # b",
        "=",
        "<",
        "a\\b",
        "(a)",
        "/",
        "a, b]",
        "a}",
    ),
]


def drawn(value: Any) -> Any:
    """A tree with its places and the order of its keys."""
    if isinstance(value, Node):
        return (value.line, value.column, [(key, drawn(inner)) for key, inner in value.items()])
    return [drawn(inner) for inner in value] if isinstance(value, list) else value


def check(text: str) -> bool:
    """Return whether a text is parsed here; what libyaml gives must then be the same."""
    found = parse_block(text)
    if found is not None:
        node, problems = parse_events(text, "shop.yaml")
        assert (drawn(found), []) == (drawn(node), problems), text
    return found is not None


@pytest.mark.parametrize("text", PLAIN)
def test_plain_lines_are_parsed_without_libyaml(text: str) -> None:
    assert check(text)
    assert drawn(parse(text, "shop.yaml")[0]) == drawn(parse_block(text))


@pytest.mark.parametrize("text", LEFT)
def test_every_other_text_is_left_to_libyaml(text: str) -> None:
    assert parse_block(text) is None


def test_a_deep_text_is_left_to_libyaml() -> None:
    lines = [f"{' ' * depth}a:" for depth in range(MAX_DEPTH)]
    assert check("\n".join([*lines[:-1], " " * (MAX_DEPTH - 1) + "a: b"]))
    assert not check("\n".join([*lines, " " * MAX_DEPTH + "a: b"]))


def test_a_value_like_a_key_before_it_is_still_a_null() -> None:
    assert parse_block("null: a\nb: null\n") is None


PARTS = ["{", "}", "[", "]", ", ", ",", ": ", ":", " ", "a", "b c", '"d"', "'e: f'", "null", "from"]
PARTS += ["2026-12-24 06:00", "#", "-", "?", "18000"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_braces_and_brackets_are_read_as_libyaml_reads_them(text: str) -> None:
    check(f"a: {text}\n")
    check(f"a:\n  - {{{text}}}\n  -  [{text}]\n")


lines = st.tuples(*map(st.sampled_from, (STARTS, KEYS, SEPARATORS, VALUES))).map("".join)


@settings(max_examples=100)
@given(st.lists(lines, max_size=6).map("\n".join))
def test_lines_of_any_sort_are_read_as_libyaml_reads_them(text: str) -> None:
    check(text)


@settings(max_examples=100)
@given(st.text("aé1:-#'\" \n\t,[]{}&*!|>%@`?$\\~<.=", max_size=40))
def test_any_text_is_read_as_libyaml_reads_it(text: str) -> None:
    check(text)
    check(f"a:\n  - b: {text}\n")


def test_texts_that_are_mostly_plain_are_read_as_libyaml_reads_them() -> None:
    dice, parsed = random.Random(13), 0
    for _ in range(4_000):
        made = []
        for _ in range(dice.randrange(1, 6)):
            start = dice.choice(STARTS[:-3])
            key = dice.choice(["a", "b", "c", "d e", "f"])
            value = dice.choice(["", "", " 1", " b c", " 'x'", ' "y" # z', " -5", " null", "  q "])
            value = f" {{{value.strip()}: 1}}" if dice.random() < 0.1 else value
            item = dice.random() < 0.1 and "-" in start
            made.append(f"{start}{value.strip()}" if item else f"{start}{key}:{value}")
        parsed += check("\n".join(made))
    assert parsed > 50
