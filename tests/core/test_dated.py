"""The step of a dated value that counts at an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealpos_reconciler.core import dated

JAKARTA = ZoneInfo("Asia/Jakarta")
BERLIN = ZoneInfo("Europe/Berlin")
CAIRO = ZoneInfo("Africa/Cairo")
ZONES = [JAKARTA, BERLIN, CAIRO, ZoneInfo("America/New_York"), ZoneInfo("UTC")]
FIRST = date(2026, 10, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(70)]


def steps(*written: tuple[str, str, Any]) -> dated.Steps:
    return tuple((a, b) for a, b, _ in written), tuple(value for *_, value in written)


def at(given: dated.Steps, wall: str, zone: ZoneInfo = JAKARTA) -> Any:
    return dated.at(given, datetime.fromisoformat(wall).replace(tzinfo=zone), zone)


@st.composite
def walks(draw: Any) -> dated.Steps:
    """Draw steps that begin on different days; some of them end."""
    begins = sorted(draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=6)))
    found = [("", "", 0)] if draw(st.booleans()) else []
    for value, day in enumerate(begins, 1):
        length = draw(st.none() | st.integers(0, 20))
        end = "" if length is None else (day + timedelta(days=length)).isoformat()
        found.append((day.isoformat(), end, value))
    return steps(*draw(st.permutations(found)))


def walk_to(given: dated.Steps, day: date) -> Any:
    """Return the value of a day, found by going through the days one by one."""
    found, since = dated.NOTHING, ""
    for (start, end), value in zip(*given, strict=True):
        holds = (not start or start <= day.isoformat()) and (not end or day.isoformat() <= end)
        if holds and (found is dated.NOTHING or start >= since):
            found, since = value, start
    return found


@given(walks(), st.sampled_from(ZONES), st.integers(0, 24 * 60 - 1))
def test_the_value_of_every_minute_of_a_day_is_that_of_the_day(
    given: dated.Steps, zone: ZoneInfo, minute: int
) -> None:
    for day in DAYS:
        wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
        instant = wall.astimezone(UTC)
        if instant.astimezone(zone).date() == day:
            assert dated.at(given, instant, zone) == walk_to(given, day)


@given(walks(), st.sampled_from(ZONES))
def test_the_value_changes_at_boundaries_alone(given: dated.Steps, zone: ZoneInfo) -> None:
    boundaries = sorted(dated.find_boundaries(given[0], zone))
    instant = datetime(2026, 9, 30, tzinfo=UTC)
    before = dated.at(given, instant, zone)
    while instant < datetime(2026, 12, 31, tzinfo=UTC):
        following = instant + timedelta(minutes=30)
        now = dated.at(given, following, zone)
        assert now == before or any(instant < b <= following for b in boundaries)
        instant, before = following, now
    for boundary in boundaries:
        assert dated.at(given, boundary, zone) == walk_to(given, boundary.astimezone(zone).date())


@given(walks(), st.sampled_from(ZONES))
def test_the_next_change_is_the_first_instant_with_another_value(
    given: dated.Steps, zone: ZoneInfo
) -> None:
    instant = datetime(2026, 10, 20, 12, tzinfo=UTC)
    following = dated.find_next_change({"price": given}, frozenset(), instant, zone)
    now, last = dated.at(given, instant, zone), max(dated.find_boundaries(given[0], zone))
    for boundary in sorted(dated.find_boundaries(given[0], zone)):
        if boundary > instant and dated.at(given, boundary, zone) != now:
            assert following == boundary
            return
    assert following is None
    assert dated.at(given, max(last, instant), zone) == now


def test_days_are_inclusive_and_times_are_not() -> None:
    price = steps(
        ("", "", 18000),
        ("2026-12-01", "", 19000),
        ("2026-12-24T06:00", "2026-12-26", 15000),
        ("2026-12-31", "2026-12-31T18:00", 17000),
    )
    assert at(price, "2026-11-30T23:59:59") == 18000
    assert at(price, "2026-12-01T00:00") == 19000
    assert at(price, "2026-12-24T05:59") == 19000
    assert at(price, "2026-12-24T06:00") == 15000
    assert at(price, "2026-12-26T23:59") == 15000
    assert at(price, "2026-12-27T00:00") == 19000
    assert at(price, "2026-12-31T17:59") == 17000
    assert at(price, "2026-12-31T18:00") == 19000


def test_a_day_begins_at_midnight_of_the_shop() -> None:
    price = steps(("", "", 1), ("2026-12-01", "", 2))
    assert dated.at(price, datetime(2026, 11, 30, 16, 59, tzinfo=UTC), JAKARTA) == 1
    assert dated.at(price, datetime(2026, 11, 30, 17, 0, tzinfo=UTC), JAKARTA) == 2


def test_no_step_holds_before_the_first_and_after_the_last() -> None:
    price = steps(("2026-12-01", "2026-12-02", 5))
    assert at(price, "2026-11-30") is dated.NOTHING
    assert at(price, "2026-12-03") is dated.NOTHING


def test_a_time_that_exists_twice_is_the_first_of_both() -> None:
    assert dated.begin("2026-10-25T02:30", BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_whose_midnight_is_skipped_begins_when_its_first_minute_does() -> None:
    # Clocks go from 00:00 to 01:00 on the last Friday of April.
    assert dated.begin("2027-04-30", CAIRO) == datetime(2027, 4, 29, 22, 0, tzinfo=UTC)
    assert dated.show_instant(dated.begin("2027-04-30", CAIRO), CAIRO) == "2027-04-30"
    assert not dated.skips("2027-04-30", CAIRO)
    assert dated.begin("2011-12-30", ZoneInfo("Pacific/Apia")) == datetime(
        2011, 12, 30, 10, tzinfo=UTC
    )


def test_a_time_that_clocks_skip_is_the_instant_at_which_they_do() -> None:
    skipped = "2027-03-28T02:30"
    assert dated.begin(skipped, BERLIN) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert dated.skips(skipped, BERLIN)
    assert not dated.skips("2027-03-28T03:00", BERLIN)


@pytest.mark.parametrize(
    ("written", "path", "message"),
    [
        ([("", "", 1), ("2026-12-01", "", 2), ("2026-12-01T00:00", "", 3)], (2, "from"),
         "has two steps from 2026-12-01 00:00"),
        ([("2026-12-02", "2026-12-01", 2)], (0, "until"),
         "has a step from 2026-12-02 that ends before it begins"),
        ([("2026-12-02T06:00", "2026-12-02T06:00", 2)], (0, "until"),
         "has a step from 2026-12-02 06:00 that ends before it begins"),
        ([("2027-03-28T02:30", "", 2)], (0, "from"),
         "has a `from` that does not exist: clocks skip 2027-03-28 02:30"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_at_its_step(
    written: list[Any], path: tuple[Any, ...], message: str
) -> None:
    (problem,) = dated.find_problems(steps(*written)[0], BERLIN)
    assert problem[:2] == (path, message)


def test_two_touching_steps_are_no_overlap() -> None:
    written = steps(("2026-12-01", "2026-12-02", 1), ("2026-12-03", "2026-12-04", 2))
    assert not list(dated.find_problems(written[0], JAKARTA))


def test_steps_without_a_time_zone_are_a_problem_of_their_own() -> None:
    written = steps(("2026-12-02", "2026-12-01", 2))
    first, second = dated.find_problems(written[0], None)
    assert first[:2] == ((), "needs the time zone of the shop")
    assert second.path == (0, "until")


def test_an_entry_without_a_value_is_left_out() -> None:
    event = steps(("2026-12-24", "2026-12-26", 15000))
    value = {
        "code": "V",
        "unit_price": event,
        "outlet_prices": {
            "Bandung": {"price": event, "extra_cost": 5},
            "Kemang": {"price": 9, "extra_cost": event},
            "Cimahi": {"extra_cost": event, "price": event},
            "Depok": {"price": event, "extra_cost": event},
        },
    }
    written = repr(value)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    found = dated.resolve(value, frozenset({"price"}), now, JAKARTA)
    assert found == {"code": "V", "outlet_prices": {"Kemang": {"price": 9}}}
    then = datetime(2026, 12, 25, tzinfo=UTC)
    assert dated.resolve(value, frozenset({"price"}), then, JAKARTA) == {
        "code": "V",
        "unit_price": 15000,
        "outlet_prices": {
            "Bandung": {"price": 15000, "extra_cost": 5},
            "Kemang": {"price": 9, "extra_cost": 15000},
            "Cimahi": {"price": 15000, "extra_cost": 15000},
            "Depok": {"price": 15000, "extra_cost": 15000},
        },
    }
    assert repr(value) == written
