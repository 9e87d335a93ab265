"""Sheets of random bytes, and sheets with random damage: an error with its place, or an import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.prices.table import Cell
from dealpos_reconciler.errors import Problem, SourceError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.workflows.prices.import_ import import_prices
from tests.support.deep import amount

WHOLE = (
    b"code,product,model,unit_price,price@Bandung,from,until\r\n"
    b'1001R,Kopi,"a, ""b""\n",18000,,,\r\n'
    b"1001L,Kopi,,22000.5,-,2999-01-01,\r\n"
)
PIECES = [
    b'"',
    b",",
    b";",
    b"\t",
    b"\r",
    b"\n",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"=",
    b"-",
    b"9",
]


@st.composite
def damaged(draw: Any) -> bytes:
    """The sheet with pieces put in, and parts taken out."""
    content = WHOLE
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.integers(0, 4))
        content = content[:start] + draw(st.sampled_from([b"", *PIECES])) + content[end:]
    return content


@given(
    content=st.one_of(
        damaged(),
        damaged().map(lambda c: c.decode("latin-1").encode("utf-16")),
        st.binary(max_size=60),
    )
)
@settings(max_examples=amount(300, 3_000))
def test_no_sheet_is_a_crash(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "shop"
    (folder / "catalogue").mkdir(parents=True, exist_ok=True)
    (folder / "reconciler.yaml").write_text("timezone: Asia/Jakarta\n", encoding="utf-8")
    variants = [
        {"code": "1001R", "unit_price": 18000},
        {"code": "1001L", "unit_price": 22000, "outlet_prices": {"Bandung": {"price": 1}}},
    ]
    catalogue = {"products": [{"code": "1001", "name": "Kopi", "variants": variants}]}
    (folder / "catalogue" / "a.yaml").write_text(json.dumps(catalogue), encoding="utf-8")
    sheet = tmp_path / "prices.csv"
    sheet.write_bytes(content)
    problems: tuple[Problem, ...] = ()
    try:
        import_prices(sheet, folder, dry_run=True)
    except SourceError as error:
        problems = error.problems
    assert {problem.file for problem in problems} <= {sheet.as_posix()}
    assert all(problem.message for problem in problems)


def test_cells_are_named_as_in_a_spreadsheet() -> None:
    names = {Cell(0, 0): "A1", Cell(6, 2): "C7", Cell(0, 25): "Z1", Cell(9, 26): "AA10"}
    assert {cell: str(cell) for cell in names} == names
    assert [kind.name for kind in KINDS.values() if kind.prices] == ["variant"]
