"""The real provider over HTTP: as described, without a leak, and in bad weather."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
import schemathesis
from hypothesis import given
from ruamel.yaml import YAML
from schemathesis import GenerationMode

from dealpos_reconciler.core.provider.release import dump_release
from dealpos_reconciler.core.provider.terms import CodeBatch, Terms
from dealpos_reconciler.serve import admin
from tests.serve.conftest import SECRET, TOKEN, Running
from tests.support.conformance import CONFORMS, random_requests
from tests.support.leaks import HIDDEN_COUPON
from tests.support.provided import CODES, REDEEM, RELEASE, VALIDATE
from tests.support.seeds import AUTHORISING
from tests.support.shop import ROOT

SETTINGS = random_requests(5)
DOCUMENT = YAML(typ="safe").load(ROOT / "schemas" / "provider.openapi.yaml")
TILL = [path for path in DOCUMENT["paths"] if path.startswith("/v1/")]


def test_the_description_is_valid_openapi() -> None:
    openapi_spec_validator.validate(DOCUMENT)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_call_of_a_till_is_answered_as_described(shop: Running, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config())

    for path in TILL:

        @SETTINGS
        @given(case=schema[path]["POST"].as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            case.path_parameters = {"shop": "kopi", "secret": SECRET}
            case.method = "POST"  # another method is answered 405, without a body
            response = case.call(base_url=str(shop.shop.base_url))
            case.validate_response(response, checks=CONFORMS)

        ask()


def test_every_page_of_the_admin_listener_is_answered_as_described(shop: Running) -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config())
    document = {"document": dump_release(RELEASE), "commit": "abc123"}
    for number, path in enumerate(DOCUMENT["paths"].keys() - set(TILL)):
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}", "If-Match": '"1"'}):
            (method,) = DOCUMENT["paths"][path]
            body = {"body": document, "media_type": "application/json"} if method == "put" else {}
            case = schema[path][method.upper()].Case(headers={**headers}, **body)
            response = case.call(base_url=str(shop.admin.base_url))
            case.validate_response(response, checks=CONFORMS)
            expected = {200, 401} if "security" in DOCUMENT["paths"][path][method] else {200}
            assert response.status_code in expected, (number, path)


def test_the_samples_of_the_vendor_are_answered(shop: Running) -> None:
    question = {**VALIDATE, "Code": "lebaran25 ", "ShoppingCart": {"Amount": 100_000, "Items": []}}
    answer = shop.ask("coupon/validate", json=question)
    assert (answer.status_code, answer.json()["Type"], answer.json()["Amount"]) == (
        200,
        "Percentage",
        25,
    )
    for _ in range(2):
        sold = shop.ask("coupon/redeem", json={**REDEEM, "Coupon": "LEBARAN25"})
        assert (sold.status_code, sold.json()) == (200, {"status": "success"})
    usage = shop.admin.get("/admin/v1/state").json()["usage"]
    assert usage["lebaran25"] == {"used": 1, "held": 0, "flagged": 0}
    assert shop.metric('reconciler_redeem_total{result="counted"}') == 1
    assert shop.metric('reconciler_redeem_total{result="again"}') == 1


def test_a_last_use_is_given_once_to_many_tills_at_once(shop: Running) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(
                lambda n: shop.ask(json={"Code": "ONCE", "Outlet": f"Outlet{n}"}).status_code,
                range(32),
            )
        )
    assert sorted(answers) == [200] + [400] * 31
    assert shop.metric('reconciler_coupon_held{code="once"}') == 1
    assert shop.metric('reconciler_coupon_limit{code="once"}') == 1


SECRETS = (
    SECRET,
    TOKEN,
    CODES[0],
    CODES[1],
    str(AUTHORISING["Code"]),
    "thomy.k@example.com",
    "81234567844",
    "budi@example.com",
    "Budi Santoso",
)


def test_log_metrics_pages_and_errors_hold_no_secret_and_no_customer(shop: Running) -> None:
    person = {"Email": "budi@example.com", "Name": "Budi Santoso", "Phone": "081234567844"}
    for code in (CODES[0], str(AUTHORISING["Code"]), "ONCE", "MINE", "budi@example.com"):
        shop.ask(json={**VALIDATE, "Code": code, "Customer": person})
        sale = {**REDEEM, "ID": f"id-of-{len(code)}", "Coupon": code, "Customer": person}
        shop.ask("coupon/redeem", json=sale)
    shop.ask("coupon/redeem", json={"Customer": person, "Coupon": CODES[1]})
    shop.shop.post(f"{shop.base}/coupon/redeem", content=json.dumps(person)[:-1])
    shop.shop.post(f"{shop.base}x/coupon", json={**VALIDATE, "Customer": person})
    shop.shop.post(f"{shop.base}/coupon", content=b"x" * 300_000)
    seen = [
        shop.admin.get(path).text for path in ("/metrics", "/readyz", "/healthz", "/admin/v1/state")
    ]
    seen += [shop.publish("{}", previous=1).text, shop.publish(dump_release(RELEASE)).text]
    lines = shop.stopped()
    assert len([line for line in lines if "call" in line]) == 14
    seen.append(shop.written.getvalue())
    for text in seen:
        for secret in SECRETS:
            assert secret.casefold() not in text.casefold(), text


def test_a_secret_code_is_a_mark_in_log_and_metrics(shop: Running) -> None:
    """The mark is that of `provider status`; a code that left the release has no metric."""
    hidden = Terms(HIDDEN_COUPON, "Amount", 5_000, limit=1)
    release = replace(
        RELEASE,
        coupons=(*RELEASE.coupons, hidden),
        declared={"hush77": {"secret": True, "type": "Amount", "amount": 5_000}},
    )
    assert shop.publish(dump_release(release), previous=1).status_code == 200
    assert shop.ask(json={"Code": "hush77 ", "Outlet": "Outlet1"}).status_code == 200
    assert shop.metric('reconciler_coupon_held{code="secret-1"}') == 1
    shop.ask("coupon/redeem", json={**REDEEM, "Coupon": HIDDEN_COUPON})
    assert shop.metric('reconciler_coupon_used{code="secret-1"}') == 1
    assert shop.metric('reconciler_coupon_limit{code="secret-1"}') == 1
    double = replace(hidden, batch=CodeBatch(1, 10))
    wrong = replace(release, coupons=(*release.coupons, double))
    refused = shop.publish(dump_release(wrong), previous=2)
    assert (refused.status_code, "secret-1" in refused.text) == (422, True), refused.text
    assert shop.publish(dump_release(RELEASE), previous=2).status_code == 200
    seen = shop.admin.get("/metrics").text + refused.text
    lines = shop.stopped()
    assert [line["code"] for line in lines if "call" in line] == ["secret-1"] * 2
    assert HIDDEN_COUPON.casefold() not in (seen + shop.written.getvalue()).casefold()


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process has locked the store."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def deleted(database: Path) -> Iterator[None]:
    """The file of the store is gone, and comes back."""
    database.rename(database.with_name("elsewhere"))
    yield
    database.with_name("elsewhere").rename(database)


@pytest.mark.parametrize("weather", [locked, deleted])
def test_a_store_that_goes_away_is_told_within_a_second_and_nothing_is_lost(
    shop: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weather: Any
) -> None:
    monkeypatch.setattr(admin, "_REMEMBER_SECONDS", 0.0)
    once = {"Code": "ONCE", "Outlet": "Outlet1"}
    assert shop.ask(json=once).status_code == 200
    with weather(tmp_path / "provider.db"):
        begun = time.monotonic()
        answer = shop.ask(json={**once, "Code": "EACH", "Customer": {"Email": "a@example.com"}})
        assert time.monotonic() - begun < 2
        assert (answer.status_code, answer.json()["Amount"]) == (503, 0)
        assert shop.admin.get("/readyz").status_code == 503
        assert shop.metric("reconciler_store_up") == 0
        assert shop.ask(json={"Code": "LEBARAN25"}).status_code == 200, "it needs no store"
    assert shop.admin.get("/readyz").status_code == 200
    assert shop.metric("reconciler_store_up") == 1
    assert shop.ask(json={**once, "Outlet": "Outlet2"}).status_code == 400, "it is promised"
    assert shop.ask("coupon/redeem", json={**REDEEM, "Coupon": "ONCE"}).status_code == 200


def test_a_release_that_another_process_publishes_is_served(shop: Running) -> None:
    """Apply does so where the settings name no address of the server."""
    changed = replace(RELEASE, coupons=RELEASE.coupons[:1])
    asyncio.run_coroutine_threadsafe(
        publish_beside(shop, dump_release(changed)), shop.loop
    ).result()
    deadline = time.monotonic() + 5
    while shop.metric("reconciler_release_number") != 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert shop.ask(json={"Code": "LEBARAN25"}).status_code == 400


async def publish_beside(shop: Running, document: str) -> None:
    from datetime import UTC, datetime

    from dealpos_reconciler.core.provider.release import digest_document
    from dealpos_reconciler.provider.opening import open_store

    other = await open_store(shop.store._file.path)
    await other.publish(document, digest_document(document), "abc123", 1, datetime.now(UTC))
    await other.close()
