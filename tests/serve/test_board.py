"""`/board` of a served shop: who may look, what it shows, and that a look asks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.audit import audit_plan
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.provider.release import dump_release
from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.serve.board import KEEP_SECONDS, make_board_view
from dealpos_reconciler.workflows.board.collect import make_served_page
from dealpos_reconciler.workflows.board.remembered import AUDIT_FILE, remember_audit, remember_part
from tests.render.test_board import Page
from tests.serve.conftest import Running
from tests.support.plans import Makes
from tests.support.provided import CODES, RELEASE, VALIDATE

MAKES, STORE = Makes(), "https://kopi.dealpos.net"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    settings = f"store: {{url: '{STORE}'}}\n"
    (tmp_path / "reconciler.yaml").write_text(settings, encoding="utf-8")
    return tmp_path


@pytest.fixture
def board(serve: Callable[..., Running], folder: Path) -> Running:
    """A server with the real provider and its board."""
    running: list[Running] = []
    pages = {"/board": make_board_view(lambda: make_served_page(load(folder), running[0].store))}
    running.append(serve(folder, pages=pages))
    assert running[0].publish(dump_release(RELEASE)).status_code == 200
    return running[0]


def remember(folder: Path, *changes: Any) -> None:
    audit = audit_plan(MAKES.plan(*changes, unchanged=5))
    audit = replace(audit, store=STORE)
    remember_audit(StateDir(folder), audit, Desired(), KINDS)


def test_the_board_demands_the_token_and_is_never_kept(board: Running) -> None:
    answer = board.admin.get("/board")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert board.admin.get("/board", headers={"authorization": ""}).status_code == 401
    assert board.admin.post("/board").status_code == 405
    assert board.shop.get("/board").status_code == 404


def test_a_look_shows_what_is_remembered_and_asks_the_shop_nothing(
    board: Running, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a look at the board asked for something")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", refuse, raising=True)
    page = asyncio.run(_make(folder))
    assert "No audit is known yet" in page
    assert "reconciler audit" in page
    assert 'http-equiv="refresh" content="60"' in page
    remember(folder, MAKES.change("variant/A", unit_price=(4, 10), unit_cost=(5, 5)))
    text = Page(asyncio.run(_make(folder))).text
    assert "Drift: 1 object differs from the files, 1 sold below cost" in text


async def _make(folder: Path) -> str:
    store = SqliteStore(folder / "other.db")
    try:
        return await make_served_page(load(folder), store)
    finally:
        await store.close()


def test_uses_are_those_of_this_moment_and_no_code_of_a_batch_is_shown(board: Running) -> None:
    assert board.ask(json={**VALIDATE, "Code": "ONCE"}).status_code == 200
    assert board.ask(json={**VALIDATE, "Code": CODES[0]}).status_code == 200
    page = board.admin.get("/board").text
    text = Page(page).text
    assert "ONCE 0 of 1 used, 1 held at tills" in text
    assert "VISIT batch of 20 codes 0 of 20 used, 1 held at tills" in text
    assert not [code for code in CODES if code in page]
    assert VALIDATE["Customer"]["Phone"] not in page


def test_drift_that_a_webhook_has_found_is_on_the_board(folder: Path) -> None:
    old, new = "variant/OLD", "variant/NEW"
    remember(folder, MAKES.change(old, unit_price=(4, 10), unit_cost=(5, 5)))
    part = audit_plan(MAKES.plan(MAKES.change(new, unit_price=(9, 10))))
    remember_part(
        StateDir(folder), replace(part, store=STORE), KINDS, list(map(MAKES.address, (old, new)))
    )
    text = Page(asyncio.run(_make(folder))).text
    assert "Drift: 1 object differs from the files" in text
    assert "below cost" not in text
    assert new in text
    assert old not in text
    known = StateDir(folder).section(AUDIT_FILE, STORE)
    assert known["counts"]["unchanged"] == 5


def test_a_store_that_is_away_hides_no_drift(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: SqliteStore) -> None:
        raise ProviderUnavailable("the store is away")

    monkeypatch.setattr(SqliteStore, "current", fail)
    remember(folder, MAKES.change("variant/A", unit_price=(9, 10)))
    text = Page(asyncio.run(_make(folder))).text
    assert "The uses are not known: the store is away" in text
    assert "variant/A" in text


def test_many_open_boards_cost_as_much_as_one() -> None:
    made: list[float] = []
    now = [100.0]

    async def make() -> str:
        made.append(now[0])
        await asyncio.sleep(0)
        return "page"

    async def look() -> None:
        view = make_board_view(make, lambda: now[0])
        request: Any = None
        await asyncio.gather(*(view(request) for _ in range(5)))
        now[0] += KEEP_SECONDS
        await view(request)

    asyncio.run(look())
    assert made == [100.0, 100.0 + KEEP_SECONDS]
