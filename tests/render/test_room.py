"""Lists that must fit: at length, briefly, and as far as it goes."""

from __future__ import annotations

import pytest

from dealpos_reconciler.render.comment import NameList, fit_all, size


def listing(names: list[str], title: str = "Removals") -> NameList:
    return NameList(title, [f"{name} is deleted" for name in names], {"delete variant": names})


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["B", "A"], "`A`, `B`"),
        (["V1", "V2"], "`V1`, `V2`"),
        (["V1", "V2", "V3"], "`V1` to `V3` (3)"),
        (["V3", "V1", "V2", "V5"], "`V1` to `V3` (3), `V5`"),
        (["V08", "V09", "V10"], "`V08` to `V10` (3)"),
        (["V8", "V9", "V10", "V11"], "`V10`, `V11`, `V8`, `V9`"),
        (["V0", "V01", "V02"], "`V0`, `V01`, `V02`"),
        (["V1", "V2", "W3"], "`V1`, `V2`, `W3`"),
        (["1-A", "2-A", "3-A"], "`1-A`, `2-A`, `3-A`"),
        (["V1", "V1", "V2"], "`V1`, `V1`, `V2`"),
        (["V9" * 30 + str(n) for n in range(3)], "`{0}0` to `{0}2` (3)".format("V9" * 30)),
    ],
)
def test_consecutive_numbers_are_a_range_and_nothing_else_is(names: list[str], said: str) -> None:
    assert listing(names).brief() == f"**Removals**\n\n- delete variant: {said}\n\n"


def test_the_fullest_form_that_fits_is_taken() -> None:
    names = [f"N{number * 2}" for number in range(50)]
    whole = listing(names)
    full = whole.fit(10_000)
    assert full.text.count("is deleted") == 50
    brief = whole.fit(size(full.text) - 1)
    assert brief.text == whole.brief()
    assert brief.missing == 0
    cut = whole.fit(size(brief.text) - 1)
    assert cut.missing > 0
    assert f"{cut.missing} more are not shown (comment size limit)" in cut.text
    assert cut.text.count("`N") == 50 - cut.missing


def test_what_is_cut_fits_to_the_byte() -> None:
    whole = listing([f"{number * 7}é" for number in range(1_000)])
    for room in range(400, 4_000, 37):
        fitted = whole.fit(room)
        assert size(fitted.text) <= room
        assert fitted.text.count("`") // 2 == 1_000 - fitted.missing


def test_lists_in_one_room_fit_and_leave_each_other_some() -> None:
    names = [f"{number * 7}-{'x' * 9}" for number in range(500)]
    for room in range(4_000, 40_000, 1_997):
        fitted = fit_all([listing(names, title) for title in "ABCD"], room)
        assert sum(size(found.text) for found in fitted) <= room
        assert all(found.missing < 500 for found in fitted)


def test_an_empty_list_takes_no_room() -> None:
    assert listing([]).fit(0) == ("", 0)
    assert listing([]).brief() == ""
