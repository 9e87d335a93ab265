"""Answers in every documented shape decode alike; a shape that is not understood is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.model.codec import DAY, FLAG, NUMBER
from dealpos_reconciler.dealpos.rows import describe_shape, parse_rows
from dealpos_reconciler.errors import UnexpectedResponse
from dealpos_reconciler.kinds import KINDS, SHOP_KINDS

ROW = {"Code": "A", "UnitPrice": 5}
TESTS = Path(__file__).parent.parent
DOCUMENTED = sorted(TESTS.glob("*/examples/*.re*.json"))
PERSON = {"Code": "C1", "Name": "Sari", "Email": "sari@private.example", "Mobile": "0812"}


@pytest.mark.parametrize(
    ("answer", "total"),
    [
        ([ROW], None),
        ([ROW, None], None),
        ({"Data": [ROW]}, None),
        ({"DataArray": [ROW], "Anything": {"else": 1}}, None),
        *(({"Data": [ROW], "RecordsCount": told}, 7) for told in (7, "7", 7.0, "7.0", " 7 ")),
        ({"Data": [ROW], "TotalCount": "7"}, 7),
        *(({"Data": [ROW], "RecordsCount": told}, None) for told in (None, "many", -1, True, {})),
    ],
    ids=str,
)
def test_rows_are_found_in_every_envelope(answer: Any, total: Any) -> None:
    found = parse_rows("variant.list", answer)
    assert found.rows == [ROW]
    assert found.total == total


@pytest.mark.parametrize(
    "answer", [{"Rows": [PERSON]}, [PERSON, "x"], "sari@private.example", 5, {"Data": PERSON}]
)
def test_a_shape_that_is_not_understood_names_no_value(answer: Any) -> None:
    with pytest.raises(UnexpectedResponse) as caught:
        parse_rows("customer.list", answer)
    said = f"{caught.value} {caught.value.hint}"
    assert said.startswith("customer.list: expected a list of objects, got ")
    assert not any(value in said for value in PERSON.values())


def test_an_outline_shows_keys_and_types() -> None:
    assert describe_shape({"Data": [ROW, ROW], "RecordsCount": "2"}) == (
        "{Data: [2 × {Code: text, UnitPrice: number}], RecordsCount: text}"
    )
    assert describe_shape({"sari@private.example": None, "0812": True}) == "{…: null, …: boolean}"
    assert describe_shape({"a": {"b": {"c": {"d": 1}}}}) == "{a: {b: {c: {…}}}}"
    assert describe_shape([]) == "[]"
    assert describe_shape({"Data": {}}) == "{Data: {}}"
    assert len(describe_shape({f"key{'x' * n}": n for n in range(500)})) < 500


@pytest.mark.parametrize("written", [5, 5.0, "5", "5.0", " 5 "])
def test_a_number_is_one_number(written: Any) -> None:
    assert NUMBER.decode(written) == 5


@pytest.mark.parametrize("written", [True, "Yes", "yes", "true", "True", "1", 1])
def test_a_yes_is_one_yes(written: Any) -> None:
    assert FLAG.decode(written) is True


@pytest.mark.parametrize(
    "written",
    [
        "2019-07-31",
        "2019-07-31T00:00:00",
        "2019-07-31T10:11:12.5",
        "2019-07-31T10:11:12.123",
        "2019-07-31 10:11:12",
        "31 Jul 2019",
    ],
)
def test_a_date_is_one_date(written: str) -> None:
    assert DAY.decode(written) == "2019-07-31"


@pytest.mark.parametrize("kind", SHOP_KINDS.values(), ids=lambda kind: kind.name)
def test_what_nobody_documented_is_passed_over(kind: Any) -> None:
    row = {KINDS[kind.name].fields[kind.identity].wire.read[0]: "A"}
    assert kind.decode({**row, "Novelty": {"x": [1]}, "Zone": None}) == kind.decode(row)


def texts_of(document: Any) -> Iterator[str]:
    """Return each text value of a document that holds more than a word of letters."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            yield from texts_of(item)
    elif isinstance(document, str) and not document.isalpha():
        yield document


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_shape_of_a_documented_example_holds_no_value(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    shape = describe_shape(document, depth=9)
    assert [text for text in texts_of(document) if text and text in shape] == []


def test_rows_of_documented_lists_that_no_operation_reads_yet() -> None:
    found = {
        path.name: parse_rows(path.stem, json.loads(path.read_text(encoding="utf-8"))).rows
        for path in TESTS.glob("dealpos/examples/promotion-event-*.response.json")
    }
    assert {name: rows[0]["Name"] for name, rows in found.items()} == {
        "promotion-event-by-variant-code.response.json": "DealPOS Book Fair 2022",
        "promotion-event-by-variant-id.response.json": "DealPOS Book Fair 2022",
        "promotion-event-list.response.json": "New Year Sale",
    }
