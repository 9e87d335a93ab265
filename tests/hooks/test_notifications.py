"""Notifications: signed, tried again, given up, and told once."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.hooks.outbox import BACKOFF_SECONDS, MAX_ATTEMPTS
from dealpos_reconciler.hooks.receiver import Receiver, read_signer
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.store import SaleReport, utc_now
from dealpos_reconciler.workflows.hooks.sender import NoticeSender
from dealpos_reconciler.workflows.hooks.uses import UseWatch
from dealpos_reconciler.workflows.hooks.watch import Notifier
from dealpos_reconciler.workflows.hooks.words import MAX_LINES, notification_body
from tests.hooks.conftest import HookedShop
from tests.support.receiver import Receiver as Heard
from tests.support.receiver import receiving

KEY = base64.b64encode(bytes(range(32))).decode()
NOTIFY = {"RECONCILER_NOTIFY_SECRET": f"whsec_{KEY}"}


@pytest.fixture
def heard() -> Iterator[Heard]:
    with receiving() as receiver:
        yield receiver


def send(hooked: HookedShop, address: str) -> None:
    """Send what is due, as the server does."""

    async def run() -> None:
        receiver = Receiver(f"{address}/chat", read_signer(NOTIFY))
        try:
            await NoticeSender(
                hooked.file, receiver, hooked.metrics, hooked.log, lambda: hooked.now
            ).send_due()
        finally:
            await receiver.close()

    asyncio.run(run())


def drift(hooked: HookedShop) -> None:
    hooked.edit("variant/1003L", UnitPrice=16500)
    hooked.hint("variant/1003L")
    hooked.run()


def test_a_notification_passes_the_verifier_of_the_library(
    hooked: HookedShop, heard: Heard
) -> None:
    drift(hooked)
    send(hooked, heard.address)
    ((path, headers, body),) = heard.calls
    text = json.dumps(body)
    assert path == "/chat"
    assert Webhook(KEY).verify(text, headers) == body
    assert body["text"].startswith('kopi: variant/1003L "Kopi Susu, Large" unit_price 18,000')
    assert body["data"]["facts"][0]["topic"] == "drifted"
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(text.replace("16,500", "17,500"), headers)
    send(hooked, heard.address)
    assert len(heard.calls) == 1
    assert hooked.notices() == []


def test_a_notification_is_tried_five_times_with_one_id(hooked: HookedShop, heard: Heard) -> None:
    drift(hooked)
    heard.answers = [(500, {}), (429, {}), (302, {}), (404, {}), (503, {})]
    send(hooked, heard.address)
    for seconds in BACKOFF_SECONDS:
        hooked.now += seconds - 1
        send(hooked, heard.address)
        hooked.now += 1
        send(hooked, heard.address)
    hooked.now += 10**6
    send(hooked, heard.address)
    assert len(heard.calls) == MAX_ATTEMPTS == 5
    assert len({headers["webhook-id"] for _, headers, _ in heard.calls}) == 1
    assert hooked.notices() == []
    assert [line["event"] for line in hooked.logged() if "to" in line][-1] == (
        "notification given up"
    )


def test_a_receiver_that_is_away_keeps_the_notification(hooked: HookedShop) -> None:
    drift(hooked)
    send(hooked, "http://127.0.0.1:1")
    assert len(hooked.notices()) == 1
    (line,) = [line for line in hooked.logged() if "to" in line]
    assert (line["to"], line["why"]) == ("127.0.0.1:1", "ConnectError")


@pytest.mark.parametrize(
    ("written", "problem"),
    [("", "is not set"), ("not base64!", "is not base64"), ("c2hvcnQ=", "24 to 64 bytes")],
)
def test_a_key_that_cannot_sign_is_refused_in_words(written: str, problem: str) -> None:
    with pytest.raises(ProviderError, match=problem):
        read_signer({"RECONCILER_NOTIFY_SECRET": written})


def test_a_long_list_is_cut_in_the_text_and_whole_in_the_data() -> None:
    facts: list[Any] = [("drifted", f"line {n}", "") for n in range(500)]
    body = notification_body("kopi", "", facts)
    assert body["text"].splitlines()[-1] == f"and {500 - MAX_LINES} more"
    assert len(body["data"]["facts"]) == 500


NAMES = {"once": "ONCE", "hush77": "secret-1", "visit": "VISIT"}


def watch_uses(
    hooked: HookedShop, tmp_path: Path, play: Callable[[SqliteStore, UseWatch], Awaitable[None]]
) -> None:
    async def run() -> None:
        store = SqliteStore(tmp_path / "provider.db")
        notifier = Notifier("kopi", frozenset(("beyond", "unknown_code")), None)
        try:
            await play(store, UseWatch(store, hooked.file, hooked.log, notifier, lambda: NAMES))
        finally:
            await store.close()

    asyncio.run(run())


def sale(invoice: str, counter: str | None, code: str = "") -> SaleReport:
    return SaleReport(invoice, "counted", counter, code, limit=1, now=utc_now())


def test_a_use_beyond_a_limit_and_an_unknown_code_are_told_once(
    hooked: HookedShop, tmp_path: Path
) -> None:
    async def play(store: SqliteStore, watch: UseWatch) -> None:
        await store.book(sale("before", None, "#old"))
        await watch.look()
        for invoice in ("one", "two", "two"):
            await store.book(sale(invoice, "once"))
        for invoice, counter in (("a", "hush77"), ("b", "visit/17"), ("c", "gone99")):
            await store.book(replace(sale(invoice, counter), limit=0))
        await store.book(sale("three", None, "#a91f"))
        await watch.look()
        await watch.look()

    watch_uses(hooked, tmp_path, play)
    (notice,) = hooked.notices()
    assert [fact["topic"] for fact in notice["data"]["facts"]] == ["beyond"] * 4 + ["unknown_code"]
    *used, last = notice["text"].splitlines()[1:]
    assert [line.partition(", seen ")[0] for line in used] == [
        "once was used beyond its limit: invoice two",
        "secret-1 was used beyond its limit: invoice a",
        "visit/17 was used beyond its limit: invoice b",
        "a coupon that was removed was used beyond its limit: invoice c",
    ]
    assert last.startswith("a sale used a coupon that no release knows: invoice three, seen ")


def test_topics_that_are_not_wanted_are_not_told(hooked: HookedShop) -> None:
    assert hooked.watch.notifier is not None
    hooked.watch.notifier.topics = frozenset(("missing",))
    drift(hooked)
    hooked.delete("variant/1003R")
    hooked.hint("variant/1003R")
    hooked.run(timedelta(minutes=1).total_seconds())
    (notice,) = hooked.notices()
    assert [fact["topic"] for fact in notice["data"]["facts"]] == ["missing"]
