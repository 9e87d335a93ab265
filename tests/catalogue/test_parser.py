"""YAML text to plain values: text stays as written, and every refusal names its place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dealpos_reconciler.catalogue import parser as document
from dealpos_reconciler.catalogue.environment import Expander, is_placeholder
from dealpos_reconciler.catalogue.parser import parse, read
from dealpos_reconciler.catalogue.reading.node import Node


def problems(text: str, environment: dict[str, str] | None = None) -> list[str]:
    _, found = parse(text, "shop.yaml", Expander(environment or {}))
    return [str(problem) for problem in found]


def value(text: str, environment: dict[str, str] | None = None) -> Node:
    """Return the value of a text, which must have no problem."""
    node, found = parse(text, "shop.yaml", Expander(environment or {}))
    assert not found
    return node


@pytest.mark.parametrize(
    "written",
    ["007", "1e3", "0x1F", "12_30", "18000.0", "18000", "NO", "no", "yes", "true", "False", "on",
     "2026-12-31", "2026-12-31T00:00:00Z", "12:30:00", ".inf", ".nan", "+1", "-5", "1_000", "0o17",
     "٣", "a b", "=", "<", "日本", "nulls", "~x"],
)  # fmt: skip
def test_scalars_keep_their_text(written: str) -> None:
    assert value(f"key: {written}\nlist:\n- {written}\n{written}: x") == {
        "key": written,
        "list": [written],
        written: "x",
    }


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"007"', "007"),
        ("'NO'", "NO"),
        ('"a\\tb\\u00e9"', "a\tbé"),
        ("'it''s'", "it's"),
        ('""', ""),
        ("''", ""),
        ('"null"', "null"),
        ("'~'", "~"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        (">-\n  one\n  line\n", "one line"),
        ("# a comment\n  plain # another", "plain"),
    ],
)
def test_quotes_and_blocks_give_the_text_that_they_stand_for(written: str, text: str) -> None:
    assert value(f"key: {written}") == {"key": text}


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "{}", "---\n...\n"])
def test_an_empty_file_is_an_empty_mapping(text: str) -> None:
    node, _ = parse(text, "shop.yaml")
    assert node == {}
    assert (node.line, node.column) == (1, 1)


def test_mappings_know_where_they_stand() -> None:
    node = value("# comment\nproducts:\n  - code: A\n    inner: {x: 1}\n  -   code: B\n")
    assert (node.line, node.column) == (2, 1)
    first, second = node["products"]
    assert (first.line, first.column) == (3, 5)
    assert (first["inner"].line, first["inner"].column) == (4, 12)
    assert (second.line, second.column) == (5, 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["shop.yaml:3:1: duplicate key `a`, first on line 1"]),
        (
            "top:\n  - x: 1\n    y: 2\n    x: 3\n    x: 4\n",
            [
                "shop.yaml:4:5: duplicate key `x`, first on line 2",
                "shop.yaml:5:5: duplicate key `x`, first on line 2",
            ],
        ),
        ("{a: 1, b: 2, a: 3}", ["shop.yaml:1:14: duplicate key `a`, first on line 1"]),
        ("a: 1\n'a': 2\n", ["shop.yaml:2:1: duplicate key `a`, first on line 1"]),
    ],
)
def test_a_duplicate_key_names_both_places(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize("null", ["", "~", "null", "Null", "NULL"])
@pytest.mark.parametrize(
    ("text", "place"), [("a: 1\nkey: {}", "2:{}"), ("key:\n  - x\n  - {}", "3:{}")]
)
def test_null_is_refused_with_a_hint(text: str, place: str, null: str) -> None:
    node, (problem,) = parse(text.format(null), "shop.yaml")
    assert str(problem).startswith(f"shop.yaml:{place.partition(':')[0]}:")
    assert problem.message == "null is not allowed here"
    assert problem.hint == (
        'omit the key to keep the live value; write "" for empty text, [] or {} for none'
    )
    assert node


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("key: !!str 5", "1:6"),
        ("key: !!python/object:os.system x", "1:6"),
        ("a: 1\nkey: !custom {x: 1}", "2:6"),
        ("key:\n  - ! x", "2:5"),
        ("key: !!set {x: 1}", "1:6"),
        ("key: !!null ''", "1:6"),
        ("key: !!binary aGVsbG8=", "1:6"),
        ("key: !list\n  - a", "1:6"),
        ("!!str key: x", "1:1"),
    ],
)
def test_a_tag_is_refused_at_its_place(text: str, place: str) -> None:
    _, found = parse(text, "shop.yaml")
    assert [(f"{p.line}:{p.column}", "is not allowed" in p.message) for p in found] == [
        (place, True)
    ]


def test_an_alias_repeats_what_its_anchor_holds() -> None:
    node = value("a: &t text\nb: *t\nc: &m {x: 1}\nd: *m\ne: &l [1, 2]\nf: *l\n")
    assert (node["b"], node["d"], node["f"]) == ("text", {"x": "1"}, ["1", "2"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: *gone", "shop.yaml:1:4: `*gone` has no anchor `&gone` before it"),
        ("a: *later\nb: &later x", "shop.yaml:1:4: `*later` has no anchor `&later` before it"),
        ("a: &loop [*loop]", "shop.yaml:1:11: `*loop` has no anchor `&loop` before it"),
        ("a: &loop {x: *loop}", "shop.yaml:1:14: `*loop` has no anchor `&loop` before it"),
    ],
)
def test_an_alias_without_an_anchor_is_refused(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_the_last_anchor_of_a_name_counts() -> None:
    assert value("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")["d"] == "2"


MERGE = "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<<: *b", {"x": "1", "y": "2"}),
        ("<<: *b\n  y: 9", {"x": "1", "y": "9"}),
        ("y: 9\n  <<: *b", {"x": "1", "y": "9"}),
        ("<<: [*b, *o]", {"x": "1", "y": "2", "z": "4"}),
        ("<<: [*o, *b]", {"x": "1", "y": "3", "z": "4"}),
        ("<<: [*b, *o]\n  z: 9", {"x": "1", "y": "2", "z": "9"}),
        ("<<: {x: 5}", {"x": "5"}),
        ('"<<": plain', {"<<": "plain"}),
    ],
)
def test_a_merge_key_fills_in_what_is_not_written(text: str, expected: dict[str, str]) -> None:
    assert value(f"{MERGE}it:\n  {text}\n")["it"] == expected


def test_merging_leaves_the_source_alone() -> None:
    node = value(f"{MERGE}it:\n  <<: *b\n  y: 9\n")
    assert node["base"] == {"x": "1", "y": "2"}


def test_a_merge_of_a_merge_brings_everything() -> None:
    node = value("a: &a {x: 1}\nb: &b\n  <<: *a\n  y: 2\nc:\n  <<: *b\n  z: 3\n")
    assert node["c"] == {"x": "1", "y": "2", "z": "3"}


@pytest.mark.parametrize("wrong", ["text", "[text]", "[[{x: 1}]]"])
def test_a_merge_of_something_else_is_refused(wrong: str) -> None:
    (problem,) = problems(f"it:\n  <<: {wrong}\n")
    assert problem == "shop.yaml:2:7: `<<` must be a mapping or a list of mappings"


def bomb(leaf: str, levels: int = 9) -> str:
    lines = [f"a0: &a0 [{', '.join([leaf] * 10)}]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    return "\n".join(lines)


@pytest.mark.parametrize("leaf", ["x", "{k: x}", "[]", "{}", "[[]]", "{k: []}"])
def test_an_alias_bomb_is_refused_before_it_grows(leaf: str) -> None:
    """Also one of empty lists: what walks the values later would not come back from it."""
    node, found = parse(bomb(leaf), "shop.yaml")
    kept = len(node)  # the value itself must not reach an assertion: printing it takes ages
    assert [(p.message, p.line in (5, 6, 7)) for p in found] == [
        ("aliases repeat more than 1,000,000 values", True)
    ]
    assert found[0].hint == "an alias that is repeated inside other aliases multiplies its values"
    assert kept == 0


def test_an_alias_bomb_of_mappings_is_refused_too() -> None:
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, 12):
        pairs = ", ".join(f"k{n}: *a{level - 1}" for n in range(8))
        lines.append(f"a{level}: &a{level} {{{pairs}}}")
    assert "aliases repeat more than 1,000,000 values" in problems("\n".join(lines))[0]


def test_an_alias_bomb_is_refused_also_where_a_place_is_looked_up_before_it() -> None:
    began = time.process_time()
    found = problems("x: 1\nx: 2\n" + bomb("{k: x}", levels=7))
    assert "aliases repeat more than 1,000,000 values" in found[-1]
    assert time.process_time() - began < 3


def test_five_hundred_duplicate_keys_are_told_at_once() -> None:
    text = "list:\n" + "  - {a: 1, b: 2, a: 3}\n" * 500
    began = time.process_time()
    assert len(problems(text)) == 500
    assert time.process_time() - began < 1.5


def test_many_honest_aliases_are_accepted() -> None:
    text = "a: &a {x: 1, y: 2}\nlist:\n" + "  - *a\n" * 2000
    assert len(value(text)["list"]) == 2000


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_nesting_is_limited_to_sixty_levels(opening: str, closing: str) -> None:
    def nested(levels: int) -> str:
        return f"top: {opening * levels}x{closing * levels}"

    assert value(nested(59))
    (problem,) = problems(nested(60))
    assert problem.endswith("is nested deeper than 60 levels")
    assert problem.startswith(f"shop.yaml:1:{6 + 59 * len(opening)}:")


@pytest.mark.parametrize("before", ["", "a: 1\na: 2\n"], ids=["alone", "after a duplicate key"])
@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_a_file_that_is_only_depth_is_refused_without_a_crash(before: str, opening: str) -> None:
    try:
        found = problems(f"{before}top: {opening * 3000}")
    except RecursionError:
        pytest.fail("reading ran into Python's recursion limit", pytrace=False)
    assert 1 <= len(found) <= 3


@pytest.mark.parametrize("complex_key", ["[a, b]", "{a: b}", "*t"])
def test_a_key_that_is_no_text_is_refused(complex_key: str) -> None:
    _, found = parse(f"t: &t text\n? {complex_key}\n: value\nother: x\n", "shop.yaml")
    assert [(p.line, p.column, p.message) for p in found] == [(2, 3, "a key must be plain text")]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: [1, 2", 2, 1),
        ("a: {x: 1", 2, 1),
        ('a: "open', 2, 1),
        ("a: 1\n\tb: 2", 2, 1),
        ("a: 1\n b: 2", 2, 3),
        ("a: b: c", 1, 5),
        ("a: @x", 1, 4),
        ("a: `x`", 1, 4),
        ("%YAML 9.9\n---\na: 1", 1, 1),
    ],
)
def test_broken_yaml_is_one_problem_at_its_place(text: str, line: int, column: int) -> None:
    node, (problem,) = parse(f"{text}\n", "shop.yaml")
    assert node == {}
    assert problem.message.startswith("broken YAML: ")
    assert abs(problem.line - line) <= 1
    assert problem.line >= 1
    del column  # libyaml and its versions differ in where exactly


def test_a_control_character_is_told_at_its_place() -> None:
    (problem,) = problems("a: é\nb: ñx\x01y")
    assert problem == "shop.yaml:2:6: broken YAML: the character #x01 is not allowed"


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ('a: "open\nb: 1\nc: 2\n', (1, 4), "close the quote"),
        ("a:\n\t- b: 2\n", (2, 1), "with spaces"),
        ("store: {url: ${URL}}\n", (1, 15), "put quotes"),
        ("store: {url: https://x.dealpos.net}\n", (1, 19), "put quotes"),
    ],
)
def test_a_slip_is_told_where_it_is_with_what_to_do(
    text: str, place: tuple[int, int], hint: str
) -> None:
    _, (problem,) = parse(text, "shop.yaml")
    assert (problem.line, problem.column) == place
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("text", "place"), [("a: 1\n---\nb: 2\n", "2:1"), ("---\na: 1\n---\n", "3:1")]
)
def test_several_documents_are_refused(text: str, place: str) -> None:
    (problem,) = problems(text)
    assert problem == f"shop.yaml:{place}: contains more than one document"


@pytest.mark.parametrize("text", ["- a", "just text", "5", "[a, b]"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    node, (problem,) = parse(text, "shop.yaml")
    assert node == {}
    assert str(problem) == "shop.yaml:1:1: must be a mapping"
    assert problem.hint == "start with a key such as products:"


def test_every_problem_is_told_at_once() -> None:
    assert problems("a: ~\nb: !x 1\nc: *gone\na: 2\n${NAME}: ${NAME}\n") == [
        "shop.yaml:1:4: null is not allowed here",
        "shop.yaml:2:4: the YAML tag `!x` is not allowed",
        "shop.yaml:3:4: `*gone` has no anchor `&gone` before it",
        "shop.yaml:4:1: duplicate key `a`, first on line 1",
        "shop.yaml:5:10: environment variable NAME is not set",
    ]


# --- the environment ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("${A}", "one"),
        ("x${A}y${B_2}z", "xoney2z"),
        ("${A}${A}", "oneone"),
        ("$${A}", "${A}"),
        ("$${GONE}", "${GONE}"),
        ("'${A}'", "one"),
        ("$A", "$A"),
        ("$${A-default}", "${A-default}"),
        ("$", "$"),
        ("$${A", "${A"),
        ("${NESTED}", "${A}"),
        ("${EMPTY}x", "x"),
    ],
)
def test_names_of_the_environment_are_filled_in_once(written: str, text: str) -> None:
    environment = {"A": "one", "B_2": "2", "NESTED": "${A}", "EMPTY": ""}
    quoted = written if written.startswith("'") else f'"{written}"'
    assert value(f"key: {quoted}", environment) == {"key": text}


def test_an_unset_name_is_a_problem_at_its_place_with_a_hint() -> None:
    _, (problem,) = parse("a: 1\nb: x ${GONE} y\n", "shop.yaml", Expander({}))
    assert str(problem) == "shop.yaml:2:4: environment variable GONE is not set"
    assert problem.hint == "set it, or write $${GONE} as literal text"


def test_a_value_of_the_environment_never_becomes_yaml() -> None:
    node = value("a: ${X}", {"X": "1\nb: [2]"})
    assert node == {"a": "1\nb: [2]"}


def test_without_an_environment_text_stays_as_it_is() -> None:
    assert parse("a: ${X}", "shop.yaml") == ({"a": "${X}"}, [])


@pytest.mark.parametrize(
    ("written", "only"),
    [
        ("${A}", True),
        ("${A}${B}", True),
        ("x${A}", False),
        ("", False),
        ("${A", False),
        ("A", False),
    ],
)
def test_names_alone_are_told_from_text(written: str, only: bool) -> None:
    assert is_placeholder(written) is only


# --- files --------------------------------------------------------------------------------------


def file(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "shop.yaml").write_bytes(content)
    return tmp_path


def said(root: Path) -> tuple[Node, list[str]]:
    node, found = read(root, "catalogue/shop.yaml")
    return node, [str(problem) for problem in found]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    node, found = said(file(tmp_path, b"\xef\xbb\xbfa: 1\n"))
    assert (node, found) == ({"a": "1"}, [])
    assert (node.line, node.column) == (1, 1)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a: caf\xe9\n", "1:1"),
        (b"a: 1\nb: 2\nc: \xff\n", "3:1"),
        ("a: 1\n".encode("utf-16"), "1:1"),
    ],
)
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes, place: str) -> None:
    node, found = said(file(tmp_path, content))
    assert node == {}
    assert found == [f"catalogue/shop.yaml:{place}: is not UTF-8 text"]


def test_windows_line_ends_are_line_ends(tmp_path: Path) -> None:
    node, found = said(file(tmp_path, b"a: 1\r\nb:\r\n  - x: 2\r\n"))
    assert not found
    assert node == {"a": "1", "b": [{"x": "2"}]}
    assert node["b"][0].line == 3


def test_a_large_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1024 * 1024)
    path = file(tmp_path, b"a: " + b"x" * 1024 * 1024)
    node, found = said(path)
    assert node == {}
    assert found == ["catalogue/shop.yaml: is larger than 1 MiB"]


def test_the_stated_limits_are_the_ones_that_hold() -> None:
    assert (document.MAX_BYTES, document.MAX_DEPTH) == (32 * 1024 * 1024, 60)
    assert (document.MAX_VALUES, document.MAX_REPEATED) == (8 * 1024 * 1024, 1_000_000)
    assert "32 MiB" in str(document.__doc__)
    assert "60 levels" in str(document.__doc__)


def test_a_file_may_be_as_large_as_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the shortest entries that a catalogue can have; scaled down, as the limits are."""
    for name in ("MAX_BYTES", "MAX_VALUES", "MAX_REPEATED"):
        monkeypatch.setattr(document, name, getattr(document, name) // 32)
    entry = b"{code: A,name: B}," * 8
    text = b"products: [" + entry * (document.MAX_BYTES // len(entry) - 1) + b"]"
    node, found = document.parse_bytes(text, "shop.yaml")
    assert (len(text) > 0.99 * document.MAX_BYTES, found) == (True, [])
    assert len(node["products"]) * 3 > document.MAX_REPEATED


def test_too_many_values_without_an_alias_are_no_matter_of_aliases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "MAX_VALUES", 1000)
    _, found = parse("a: [" + "1," * 1001 + "]", "shop.yaml")
    assert [(p.message, p.hint) for p in found] == [
        ("contains more than 1,000 values", "split it into several files")
    ]


@pytest.mark.parametrize("make", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, make: str) -> None:
    path = tmp_path / "shop.yaml"
    if make == "folder":
        path.mkdir()
    node, (problem,) = said(path)
    assert node == {}
    assert problem.startswith("catalogue/shop.yaml: cannot be read: ")
