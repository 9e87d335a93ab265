"""Hints are read within the budget, judged by the audit, and told once."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealpos_reconciler.cli.main import main
from dealpos_reconciler.core.hints import EVERYTHING
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.hooks.drift import first_seen
from dealpos_reconciler.hooks.queue import MAX_KEYS, add_hint
from dealpos_reconciler.workflows.hooks.result import Reading
from tests.hooks.conftest import HookedShop

VARIANT = {"Product": "Kopi Susu", "Code": "1003L", "UnitPrice": 1}
LARGE = 'variant/1003L "Kopi Susu, Large"'


def texts(hooked: HookedShop) -> list[str]:
    return [notice["text"] for notice in hooked.notices()]


def apply(hooked: HookedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["reconciler", "apply", str(hooked.folder), "--auto-approve"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code


def test_a_price_that_the_back_office_changed_is_told_with_its_margin(hooked: HookedShop) -> None:
    hooked.edit("variant/1003L", UnitPrice=16500)
    assert hooked.hear("product", VARIANT) == (200, "queued")
    hooked.run(19)
    assert not hooked.readings, "it settles"
    hooked.run(2)
    assert texts(hooked) == [
        f"kopi: {LARGE} unit_price 18,000 → 16,500 (files: 18,000), seen 13:47 UTC; "
        "margin 50.0 % → 45.5 % (catalogue/menu.yaml:8)"
    ]
    seen = datetime.fromtimestamp(hooked.now, UTC)
    assert first_seen(hooked.file.path) == {Address("variant", "1003L"): seen}
    assert hooked.metrics.registry.get_sample_value(
        "reconciler_drift_found_total", {"state": "drifted"}
    )
    (line,) = [line for line in hooked.logged() if line["event"] == "drift"]
    assert (line["object"], line["place"]) == (LARGE, "catalogue/menu.yaml:8")


def test_an_apply_of_our_own_is_silent(hooked: HookedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    menu = hooked.folder / "catalogue" / "menu.yaml"
    menu.write_text(menu.read_text().replace("unit_price: 18000", "unit_price: 19000"))
    apply(hooked, monkeypatch)
    hooked.hear("product", VARIANT)
    hooked.hear("product", {"Code": "1003", "Variants": []})
    hooked.run()
    ((asked, reading),) = hooked.readings
    assert (sorted(asked), reading.result) == (["product/1003", "variant/1003L"], "judged")
    assert not hooked.notices()
    assert not first_seen(hooked.file.path)


def test_an_edit_of_the_files_that_waits_for_its_apply_is_silent(
    hooked: HookedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hooked.folder / "reconciler.yaml").write_text("store: {url: sandbox}\nledger: file\n")
    apply(hooked, monkeypatch)
    menu = hooked.folder / "catalogue" / "menu.yaml"
    menu.write_text(
        menu.read_text().replace("unit_price: 18000", "unit_price: 19000")
        + "  - {code: NEW, name: New, email: new@example.com}\n"
    )
    hooked.edit("variant/1003R", UnitPrice=14000)
    hooked.hint("variant/1003L", "variant/1003R", "customer/NEW")
    hooked.run()
    assert [drift.address.name for drift in hooked.readings[0][1].found] == ["1003R"]


def test_drift_is_told_once_until_it_changes_or_comes_back(hooked: HookedShop) -> None:
    for price in (16500, 16500, 16000, 18000, 16000):
        hooked.edit("variant/1003L", UnitPrice=price)
        hooked.hint("variant/1003L")
        hooked.run()
    told = [text.split("→ ")[1].split(" (")[0] for text in texts(hooked)]
    assert told == ["16,500", "16,000", "16,000"]
    assert "seen 13:47" in texts(hooked)[1], "it is known since the first edit"
    (seen,) = first_seen(hooked.file.path).values()
    assert seen.timestamp() == hooked.now, "it was clean in between"


def test_what_was_deleted_is_told(hooked: HookedShop) -> None:
    hooked.delete("product/1003")
    hooked.hear("product/productDeleted".lower(), {"Code": "1003", "Name": "Kopi Susu"})
    hooked.run()
    (text,) = texts(hooked)
    assert text.count("is declared and not in the shop, seen 13:47 UTC") == 3
    states = {str(found.address): found.state for found in hooked.readings[0][1].found}
    assert states == dict.fromkeys(["product/1003", "variant/1003L", "variant/1003R"], "missing")


def test_a_customer_leaves_as_a_fingerprint(hooked: HookedShop) -> None:
    hooked.edit("customer/081234567844", Email="b@example.com")
    assert hooked.hear("customer", {"Code": "081234567844", "Email": "x"}) == (200, "queued")
    hooked.run()
    (text,) = texts(hooked)
    assert "customer/#" in text
    assert "catalogue/menu.yaml:" in text
    said = json.dumps([hooked.notices(), hooked.logged()])
    for private in ("081234567844", "example.com", "Budi"):
        assert private not in said


def test_hints_that_are_doubled_or_reordered_are_one_read(hooked: HookedShop) -> None:
    hooked.edit("variant/1003L", UnitPrice=16500)
    for address in ("variant/1003L", "product/1003", "variant/1003L", "variant/1003R") * 5:
        hooked.hint(address)
    hooked.run()
    hooked.run()
    assert len(hooked.readings) == 1
    assert len(hooked.notices()) == 1
    assert hooked.waiting() == 0


def test_a_hint_that_comes_while_its_object_is_read_is_read_again(hooked: HookedShop) -> None:
    read = hooked.watch.read

    async def read_and_be_told(*asked: object) -> Reading:
        reading = await read(*asked)  # type: ignore[arg-type]
        await hooked.file.run(lambda c: add_hint(c, Address("variant", "1003L"), hooked.now))
        return reading

    hooked.watch.read = read_and_be_told  # type: ignore[assignment]
    hooked.hint("variant/1003L")
    hooked.run()
    assert hooked.waiting() == 1
    hooked.watch.read = read
    hooked.run(19)
    assert len(hooked.readings) == 1
    hooked.run(2)
    assert len(hooked.readings) == 2


FORGED = ["*", "100[03]L", "1003?", "../1003L", "1003L/x", "1003l ", "\u202e1003L", "X" * 200]


def test_a_code_that_no_file_declares_costs_no_request(hooked: HookedShop) -> None:
    for code in FORGED:
        hooked.hear("product", {"Code": code})
        hooked.hear("product", {"Code": code, "UnitPrice": 1})
        hooked.hear("customer", {"Code": code})
    hooked.run()
    assert {reading.result for _, reading in hooked.readings} == {"undeclared"}
    assert hooked.sent == 0
    assert hooked.waiting() == 0


def test_an_hour_of_hints_spends_no_more_than_its_budget(
    make_hooked: Callable[..., HookedShop],
) -> None:
    hooked = make_hooked(max_reads=10)
    spent = []
    for _ in range(150):
        hooked.hint("variant/1003L")
        hooked.run(60)
        spent.append(hooked.sent)
    assert spent[58] <= 10
    assert spent[-1] - spent[-60] <= 10
    assert spent[-1] >= 15, "the budget is used"


async def storm(hooked: HookedShop, keys: int) -> None:
    endpoint = hooked.endpoints["hook/product"]
    bodies = [json.dumps({"Code": f"{n}", "UnitPrice": 1}).encode() for n in range(keys)]
    for answer in await asyncio.gather(*map(endpoint.answer, [*bodies, *bodies[:100]])):
        assert (answer.status, answer.result) == (200, "queued")


def test_a_storm_of_hints_ends_in_one_audit_of_everything(hooked: HookedShop) -> None:
    hooked.edit("variant/1003L", UnitPrice=16500)
    hooked.hint("variant/1003L")
    asyncio.run(storm(hooked, MAX_KEYS))
    assert hooked.waiting() == 1
    hooked.run()
    hooked.run()
    ((asked, reading),) = hooked.readings
    assert (asked, reading.result) == ([str(EVERYTHING)], "judged")
    assert hooked.sent <= 30
    assert len(hooked.notices()) == 1


def test_a_storm_below_the_limit_stays_within_the_budget(
    make_hooked: Callable[..., HookedShop],
) -> None:
    hooked = make_hooked(max_reads=10)
    hooked.hint("variant/1003L", "variant/1003R", "product/1003")
    asyncio.run(storm(hooked, 1500))
    for _ in range(20):
        hooked.run()
    assert hooked.sent <= 10
    assert hooked.waiting() == 0


def test_a_shop_that_is_away_is_asked_again_later(hooked: HookedShop) -> None:
    hooked.edit("variant/1003L", UnitPrice=16500)
    hooked.hint("variant/1003L")
    hooked.is_away = True
    hooked.run()
    for _ in range(10):
        hooked.run(1)
    assert len(hooked.readings) == 1
    hooked.is_away = False
    hooked.run(30)
    assert len(hooked.notices()) == 1
    assert [line["why"] for line in hooked.logged() if "again" in line] == ["the shop is away"]


def test_files_with_a_problem_keep_the_hints(hooked: HookedShop) -> None:
    menu = hooked.folder / "catalogue" / "menu.yaml"
    good = menu.read_text()
    menu.write_text(good + "products: [")
    hooked.hint("variant/1003L")
    hooked.run()
    assert (hooked.readings[0][1].result, hooked.sent, hooked.waiting()) == ("failed", 0, 1)
    menu.write_text(good)
    hooked.run(31)
    assert hooked.waiting() == 0


def test_a_batch_that_needs_more_than_the_budget_becomes_smaller(
    make_hooked: Callable[..., HookedShop],
) -> None:
    hooked = make_hooked(max_reads=10)
    sizes: list[int] = []

    async def read(_: Path, hinted: list[Address], limits: object) -> Reading:
        sizes.append(len(hinted))
        if len(hinted) > 2:
            return Reading("budget", 9, True)
        return Reading("judged", 4, True, frozenset(hinted))

    hooked.watch.read = read  # type: ignore[assignment]
    hooked.hint(*(f"variant/{n}" for n in range(8)))
    for _ in range(40):
        hooked.run(600)
    assert sizes[:3] == [8, 4, 2]
    assert hooked.waiting() == 0


KILLED = """
import asyncio, json, os, sys
from pathlib import Path
from dealpos_reconciler.hooks.file import HookFile
from dealpos_reconciler.workflows.hooks.endpoints import make_hint_endpoints
endpoints = make_hint_endpoints(HookFile(Path(sys.argv[1])), lambda: None, lambda: 1_000_000.0)
body = json.dumps({"Code": "1003L", "UnitPrice": 1}).encode()
answer = asyncio.run(endpoints["hook/product"].answer(body))
print(answer.status, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_kill_between_the_answer_and_the_read_loses_no_hint(hooked: HookedShop) -> None:
    hooked.edit("variant/1003L", UnitPrice=16500)
    words = [sys.executable, "-c", KILLED, str(hooked.file.path)]
    killed = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (killed.stdout.strip(), killed.returncode) == ("200", -9), killed.stderr
    hooked.run()
    assert len(hooked.notices()) == 1


def test_a_locked_file_is_answered_with_503(hooked: HookedShop) -> None:
    hooked.file._connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(hooked.file.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert hooked.hear("product", VARIANT) == (503, "unavailable")
    other.execute("ROLLBACK")
    other.close()
    assert hooked.hear("product", VARIANT) == (200, "queued")
