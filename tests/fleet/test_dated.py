"""A price of a later day in a fleet: announced, rehearsed, applied on its day, audited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.fleets import FleetFolder, ShiftedClock, states
from tests.support.menu import back_office, by_code

NAMES = ("bandung", "jakarta-1")
SETTINGS = "store: {url: sandbox}\ntimezone: Asia/Jakarta\n"


@pytest.fixture
def fleet(tmp_path: Path) -> FleetFolder:
    """Two shops in two waves, applied."""
    made = FleetFolder(tmp_path / "fleet", NAMES)
    for name in NAMES:
        made.write(f"shops/{name}/reconciler.yaml", SETTINGS)
    made.commit("begin")
    made.apply()
    return made


def price(fleet: FleetFolder, name: str) -> int:
    with back_office(fleet.shop(name)) as document:
        return int(by_code(document)["1001R"]["UnitPrice"])


@pytest.mark.timeout(300)
def test_a_price_of_a_later_day_goes_through_the_waves_on_its_day(
    fleet: FleetFolder, tmp_path: Path
) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    sheet = f"code,unit_price,from\n1001R,18500,{day}\n"
    (fleet.folder / "prices.csv").write_text(sheet, encoding="utf-8")
    for name in NAMES:
        ran = fleet.command("prices", "import", "prices.csv", f"shops/{name}")
        assert ran.code == 0, ran.err
    fleet.commit("the prices of a later day")

    told = f"{day} 1 price (1 increase, largest +2.8 %): bandung and jakarta-1"
    text = fleet.run("plan")
    assert text.code == 0, text.err
    assert told.replace(" and ", ", ") in text.out
    assert "**Coming**" in fleet.run("plan", "--format", "markdown").out
    assert set(states(fleet.apply()).values()) == {"done"}
    assert set(states(fleet.apply()).values()) == {"already_done"}
    assert price(fleet, "bandung") == 18_000

    ShiftedClock(tmp_path / "clock", fleet.environment).advance(timedelta(days=4))
    shop = fleet.command("plan", "shops/bandung", "--rehearse")
    assert "0 errors, end state as declared" in shop.out
    overdue = fleet.run("audit", "--detailed-exitcode")
    assert overdue.code == 2
    assert "overdue by" in overdue.out
    early = fleet.run("apply", "--auto-approve", "--wave", "2")
    assert early.code == 1
    assert "wave 2 was not started: wave 1: dated values of bandung are due" in early.out
    assert set(states(fleet.apply()).values()) == {"done"}  # of the same commit
    assert [price(fleet, name) for name in NAMES] == [18_500, 18_500]
    assert fleet.run("audit", "--detailed-exitcode").code == 0
    assert set(states(fleet.apply()).values()) == {"already_done"}
