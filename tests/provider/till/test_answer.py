"""The service over a real store: a yes is counted before it is sent, and a sale is on disk."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dealpos_reconciler.core.provider.release import digest_document, dump_release
from dealpos_reconciler.core.provider.terms import CodeBatch, Terms
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable
from dealpos_reconciler.provider.service import Answer, CouponService
from dealpos_reconciler.provider.store import PublishedRelease
from dealpos_reconciler.provider.till import answer as answer_module
from dealpos_reconciler.provider.till.answer import Provider
from tests.support.provided import (
    BATCH,
    CODES,
    ENDS,
    KEY,
    ONCE,
    PLAIN,
    REDEEM,
    RELEASE,
    VALIDATE,
    ProvidedShop,
)

WORTHLESS = {"Type": "Amount", "Amount": 0, "ApplyTo": None}


def said(answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer.body)
    return body


def is_no(answer: Answer) -> bool:
    body = said(answer)
    return WORTHLESS.items() <= body.items() and body["Notification"] == body["Message"]


def test_it_keeps_the_promise_to_the_server(shop: ProvidedShop) -> None:
    service: CouponService = shop.provider
    assert service.limits() == {"many": 100, "once": 1, "visit": 20}


# --- validate


def test_a_coupon_without_limit_is_given_and_nothing_is_written(shop: ProvidedShop) -> None:
    answer = shop.ask(" lebaran25")
    assert (answer.call, answer.status, answer.result) == ("validate", 200, "yes")
    assert said(answer) == {
        "Type": "Percentage",
        "Amount": 25,
        "Notification": "LEBARAN25: 25 % off, at most 50,000",
        "ApplyTo": None,
    }
    assert (answer.code, answer.outlet) == ("LEBARAN25", "Outlet1")
    assert shop.driver.usage("lebaran25") == (0, 0)


def test_a_yes_on_a_limited_coupon_holds_a_use_that_survives_the_process(
    shop: ProvidedShop,
) -> None:
    assert shop.ask("ONCE").result == "yes"
    shop.driver.reopen()
    assert shop.driver.usage("once") == (0, 1)


def test_a_second_entry_is_told_where_and_until_when_it_is_in_use(shop: ProvidedShop) -> None:
    shop.ask("ONCE", Outlet="Kemang")
    answer = shop.ask("once")
    assert (answer.status, answer.result, answer.reason) == (400, "no", "in_use")
    assert said(answer)["Message"] == "ONCE is in use at Kemang until 19:10"
    assert is_no(answer)


def test_a_used_coupon_is_used_up_and_a_hold_ends_by_time(shop: ProvidedShop) -> None:
    shop.ask("ONCE")
    shop.clock.move(minutes=10, seconds=1)
    assert shop.ask("ONCE").result == "yes"
    shop.sell("ONCE")
    assert shop.ask("ONCE").reason == "used_up"


def test_a_customer_is_counted_by_any_number_that_is_theirs(shop: ProvidedShop) -> None:
    """Validate Coupon sends one phone, Redeem Coupon two (API §12)."""
    phone = {"Phone": "0812 111 2222"}
    assert shop.ask("EACH", Customer=phone).result == "yes"
    shop.sell("EACH", Customer={"Phone": "021 999 8888", "Mobile": "+62 812 111 2222"})
    assert shop.ask("EACH", Customer=phone).reason == "customer_limit"
    assert shop.ask("EACH", Customer={"Phone": "0219998888"}).reason == "customer_limit"
    assert shop.ask("EACH", Customer={"Phone": "0812 333 4444"}).result == "yes"
    for nobody in (None, {}, [], "hendry", {"Phone": "0"}):
        assert shop.ask("EACH", Customer=nobody).reason == "customer_required"


def test_a_coupon_of_one_customer_is_theirs_by_phone(shop: ProvidedShop) -> None:
    assert shop.ask("MINE").result == "yes"  # 81234567844 in the sample, 0812… in the files
    assert shop.ask("MINE", Customer={"Phone": "0812000000"}).reason == "not_theirs"


def test_each_code_of_a_batch_is_good_for_itself(shop: ProvidedShop) -> None:
    assert shop.ask(CODES[0]).result == "yes"
    assert shop.ask(CODES[1].lower()).result == "yes"
    assert shop.ask(CODES[0]).reason == "in_use"
    assert shop.ask("VISIT").reason == "unknown"
    assert shop.driver.usage("visit/1") == (0, 1)


@pytest.mark.parametrize("status", [200, 400, 404, 422])
def test_a_no_has_the_status_of_the_settings(shop: ProvidedShop, status: Any) -> None:
    shop.publish(replace(RELEASE, options=replace(RELEASE.options, reject_status=status)))
    answer = shop.ask("NOSUCH")
    assert (answer.status, answer.reason) == (status, "unknown")
    assert is_no(answer)


def test_the_cashier_reads_indonesian_or_a_sentence_of_the_shop(shop: ProvidedShop) -> None:
    options = replace(RELEASE.options, language="id", messages={"unknown": "Kupon {code}?"})
    shop.publish(replace(RELEASE, options=options))
    shop.clock.now = datetime(2027, 5, 1, tzinfo=UTC)
    assert said(shop.ask("LEBARAN25"))["Message"] == "LEBARAN25 hanya berlaku sampai 5 Apr 2027"
    assert said(shop.ask("NOSUCH"))["Message"] == "Kupon NOSUCH?"
    assert said(shop.validate(b"{"))["Message"].startswith("Kupon tidak terbaca")


def test_an_outlet_with_too_many_wrong_codes_waits(shop: ProvidedShop) -> None:
    answer = shop.validate(VALIDATE | {"Code": "ONCE", "Outlet": " OUTLET1"}, {"outlet1"})
    assert (answer.status, answer.result) == (429, "limited")
    assert is_no(answer)
    assert shop.driver.usage("once") == (0, 0)


@pytest.mark.parametrize("code", [None, "", "  ", [], {}, True])
def test_a_question_without_a_code_is_a_no(shop: ProvidedShop, code: Any) -> None:
    answer = shop.ask(code)
    assert (answer.status, answer.result, answer.reason) == (400, "bad", "no_code")
    assert is_no(answer)


@pytest.mark.parametrize("body", [b"", b"[]", b"\0", b"\xff", b"[" * 10**5, b"x" * 10**6])
def test_a_question_that_cannot_be_read_is_a_no(shop: ProvidedShop, body: bytes) -> None:
    answer = shop.validate(body)
    assert (answer.call, answer.status, answer.result) == ("validate", 400, "bad")
    assert is_no(answer)


ODD = [None, 7, [], {}, "x" * 200_000, "\ud800\0"]


@pytest.mark.parametrize("name", VALIDATE)
def test_a_question_with_an_odd_field_is_answered(shop: ProvidedShop, name: str) -> None:
    for odd in ODD:
        answer = shop.validate(VALIDATE | {"Code": "MANY"} | {name: odd})
        assert answer.result in {"yes", "no", "bad"}
        assert (answer.result == "yes") is (name != "Code")


def test_many_tills_that_ask_at_once_get_as_many_yes_as_there_are_uses(shop: ProvidedShop) -> None:
    async def ask_all() -> list[Answer]:
        body = json.dumps(VALIDATE | {"Code": "MANY"}).encode()
        return await asyncio.gather(*(shop.provider.validate(body) for _ in range(150)))

    results = [answer.result for answer in shop.driver.run(ask_all())]
    assert (results.count("yes"), results.count("no")) == (100, 50)
    assert shop.driver.usage("many") == (0, 100)


# --- redeem


def test_a_redemption_turns_the_hold_into_a_use(shop: ProvidedShop) -> None:
    shop.ask("ONCE")
    answer = shop.sell("ONCE")
    assert answer == Answer(
        "redeem", 200, b'{"status":"success"}', "counted", "", "ONCE", "Outlet1", "20.09.00020"
    )
    assert shop.driver.usage("once") == (1, 0)
    assert shop.sell("ONCE").result == "again"
    assert shop.driver.usage("once") == (1, 0)


def test_the_sample_of_redeem_coupon_is_recorded_under_an_unknown_code(shop: ProvidedShop) -> None:
    """Its code may be a coupon of DealPOS's own, or one that was unlisted."""
    answer = shop.redeem(json.dumps(REDEEM).encode())
    assert (answer.status, answer.result) == (200, "unknown_code")
    assert answer.code.startswith("#")
    assert shop.driver.flags(REDEEM["ID"]) == {"unknown_code"}


def test_a_void_gives_the_use_back_or_keeps_it(shop: ProvidedShop) -> None:
    shop.sell("ONCE")
    assert shop.sell("ONCE", Void="Yes").result == "voided"
    assert shop.driver.usage("once") == (0, 0)
    options = replace(RELEASE.options, void_returns_use=False)
    shop.publish(replace(RELEASE, options=options))
    shop.sell("ONCE", ID="2")
    assert shop.sell("ONCE", ID="2", Void="Yes").result == "voided"
    assert shop.driver.usage("once") == (1, 0)
    assert shop.driver.flags("2") >= {"kept"}


def test_a_sale_over_the_limit_is_counted_and_told(shop: ProvidedShop) -> None:
    shop.sell("ONCE", ID="1")
    answer = shop.sell("ONCE", ID="2")
    assert (answer.status, answer.result) == (200, "beyond")
    assert shop.driver.usage("once") == (2, 0)
    assert "beyond" in shop.driver.flags("2")


def test_a_sale_is_flagged_by_what_it_says(shop: ProvidedShop) -> None:
    late = {"Created": "2027-04-06T00:10:00"}  # in the time of the shop
    shop.sell("LEBARAN25", ID="1", Gross=100_000, DiscountTotal=30_000)
    shop.sell("LEBARAN25", ID="2", DiscountTotal=25_000, **late)
    shop.sell("LEBARAN25", ID="3", Gross=None, DiscountTotal=None, Created=None, Date=None)
    assert [shop.driver.flags(invoice) for invoice in "123"] == [{"over_discount"}, {"late"}, set()]
    shop.clock.now = ENDS.replace(year=2028)
    shop.sell("LEBARAN25", ID="4", Created=None, Date=None)
    assert shop.driver.flags("4") == {"late"}


def test_an_invoice_without_coupon_is_no_matter(shop: ProvidedShop) -> None:
    for code in (None, "", " ", [], {}):
        answer = shop.sell(code)  # type: ignore[arg-type]
        assert (answer.status, answer.result) == (200, "no_coupon")
    assert not shop.driver.run(shop.driver.store.invoices())


@pytest.mark.parametrize("name", [name for name in REDEEM if name not in ("ID", "Coupon", "Void")])
def test_a_redemption_with_an_odd_field_is_counted(shop: ProvidedShop, name: str) -> None:
    for number, odd in enumerate(ODD):
        body = REDEEM | {"Coupon": "MANY", "ID": str(number)} | {name: odd}
        assert shop.redeem(body).result == "counted"
    assert shop.driver.usage("many") == (len(ODD), 0)


@pytest.mark.parametrize("odd", [None, "", [], {}])
def test_a_redemption_without_id_is_kept_as_a_dead_letter(shop: ProvidedShop, odd: Any) -> None:
    body = json.dumps({"ID": odd, "Coupon": "ONCE", "Customer": {"ID": "7"}}).encode()
    answer = shop.redeem(body)
    assert (answer.status, answer.result, answer.reason) == (400, "dead_letter", "no_id")
    assert set(said(answer)) == {"Message"}
    digest = hashlib.sha256(body).hexdigest()
    assert shop.dead_letters() == [("no_id", digest, len(body), "")]


def test_a_body_that_was_cut_is_kept_with_its_invoice(shop: ProvidedShop) -> None:
    body = json.dumps(REDEEM).encode()[:300]
    assert shop.redeem(body).result == "dead_letter"
    assert shop.answer(body).result == "dead_letter"
    first, second = shop.dead_letters()
    assert first == second == ("not_json", hashlib.sha256(body).hexdigest(), 300, REDEEM["ID"])


def test_a_body_that_is_too_long_is_kept_as_the_server_saw_it(shop: ProvidedShop) -> None:
    run, provider = shop.driver.run, shop.provider
    head = json.dumps(REDEEM).encode()
    outline = ("too_long", head, "abc", 10**6)
    assert run(provider.reject("redeem", *outline)).result == "dead_letter"
    assert run(provider.reject("either", *outline)).result == "dead_letter"
    assert run(provider.reject("either", "too_long", b"{", "abc", 9)).call == "unknown"
    assert run(provider.reject("validate", *outline)).result == "bad"
    slow = run(provider.reject("redeem", "slow", *outline[1:]))
    assert (slow.status, slow.result) == (408, "dead_letter"), "DealPOS sends a 408 again (API §12)"
    assert {row[1:3] for row in shop.dead_letters()} == {("abc", 10**6)}


# --- the bare address


def test_the_bare_address_answers_both_calls(shop: ProvidedShop) -> None:
    assert shop.answer(VALIDATE | {"Code": "ONCE"}).result == "yes"
    assert shop.answer(REDEEM | {"Coupon": "ONCE"}).result == "counted"
    unclear = shop.answer({"Outlet": "Kemang"})
    assert (unclear.call, unclear.status, unclear.result) == ("unknown", 400, "bad")
    assert is_no(unclear)


# --- the weather


class Hanging:
    """A store that never answers."""

    def __getattr__(self, name: str) -> Any:
        async def wait(*_: Any) -> None:
            await asyncio.sleep(60)

        return wait


class Failing:
    """A store that is gone."""

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: Any) -> None:
            raise ProviderUnavailable("the disk is full")

        return fail


@pytest.mark.parametrize("weather", [Hanging, Failing])
def test_a_store_that_is_gone_is_answered_in_time(
    shop: ProvidedShop, weather: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_module, "BOOK_SECONDS", 0.1)
    shop.provider.store = weather()
    begun = time.monotonic()
    asked = shop.ask("ONCE")
    assert time.monotonic() - begun < 3
    assert (asked.status, asked.result) == (503, "unavailable")
    assert is_no(asked)
    sold, dead = shop.sell("ONCE"), shop.redeem(b"{")
    for answer in (sold, dead):  # DealPOS sends a 503 again (API §12)
        assert (answer.status, answer.result) == (503, "unavailable")
        assert set(said(answer)) == {"Message"}
    assert shop.ask("LEBARAN25").result == "yes", "a coupon without limit needs no store"
    assert shop.ask("NOSUCH").reason == "unknown"


@pytest.mark.parametrize(
    ("call", "status", "result"),
    [("validate", 503, "unavailable"), ("redeem", 503, "unavailable"), ("either", 429, "limited")],
)
def test_a_call_that_is_turned_away_is_worth_nothing(
    shop: ProvidedShop, call: Any, status: int, result: str
) -> None:
    answer = shop.provider.turn_away(call, status, "busy")
    assert (answer.status, answer.result, answer.reason) == (status, result, "busy")
    assert said(answer).get("Amount", 0) == 0


# --- releases


def test_a_release_that_is_swapped_changes_the_next_answer(shop: ProvidedShop) -> None:
    assert shop.ask("NEW").reason == "unknown"
    shop.publish(replace(RELEASE, coupons=(Terms("NEW", "Amount", 1), ONCE)))
    assert shop.ask("NEW").result == "yes"
    assert shop.ask("LEBARAN25").reason == "unknown"


def test_before_the_first_release_every_code_is_unknown(shop: ProvidedShop) -> None:
    provider = Provider(shop.driver.store, KEY, shop.clock)
    shop.provider = provider
    assert shop.ask("ONCE").reason == "unknown"


@pytest.mark.parametrize(
    ("release", "key", "digest", "said"),
    [
        (RELEASE, KEY, "other", "release 7 is damaged: its digest differs"),
        (RELEASE, b"j" * 32, None, "another codes key"),
        (replace(RELEASE, timezone="Asia/Nowhere"), KEY, None, "time zone Asia/Nowhere"),
        (replace(RELEASE, timezone="../etc"), KEY, None, "time zone"),
        (replace(RELEASE, coupons=(Terms("A", "Percentage", 101),)), KEY, None, "release 7 is dam"),
    ],
)
def test_a_release_that_cannot_be_served_says_why(
    shop: ProvidedShop, release: Any, key: bytes, digest: str | None, said: str
) -> None:
    document = dump_release(release)
    published = PublishedRelease(
        7, digest or digest_document(document), document, "", shop.clock.now
    )
    with pytest.raises(ProviderError, match=said) as refused:
        Provider(shop.driver.store, key).load(published)
    assert refused.value.hint


# --- secrecy


def test_nothing_but_the_answer_to_the_till_holds_a_code_or_a_customer(shop: ProvidedShop) -> None:
    """The store, the log fields of an answer and the texts of objects are searched."""
    manager = "MGR-7Q2K9"
    answers = [
        shop.ask(CODES[0]),
        shop.sell(CODES[0]),
        shop.sell(manager, ID="2"),
        shop.ask(manager),
        shop.ask(CODES[0][:-1] + "?"),
        shop.redeem(b'{"Coupon": "%b", "Customer' % CODES[1].encode()),
    ]
    told = "".join(repr(replace(answer, body=b"")) for answer in answers)
    kept = shop.stored().decode("latin-1")
    everything = (told + kept + repr(shop.provider)).casefold()
    customer = REDEEM["Customer"]
    secrets = [*CODES[:2], manager, customer["Email"], customer["Mobile"][1:], customer["Code"]]
    secrets += [
        CODES[0][:-1],
        VALIDATE["Customer"]["Email"],
        VALIDATE["Customer"]["Phone"],
        repr(KEY),
    ]
    assert [text for text in secrets if text.casefold() in everything] == []
    assert "visit/1" in everything, "the search sees the store"


def test_marks_tell_one_unknown_code_from_another(shop: ProvidedShop) -> None:
    first, second = shop.ask("NOSUCH"), shop.ask("OTHER")
    assert first.code == shop.ask("nosuch ").code
    assert first.code != second.code
    assert len(first.code) == 5


def test_a_batch_and_its_limit_are_one_line_of_the_metrics(shop: ProvidedShop) -> None:
    shop.publish(replace(RELEASE, coupons=(replace(BATCH, limit=2, batch=CodeBatch(5, 10)), PLAIN)))
    assert shop.provider.limits() == {"visit": 10}
