"""The contract of a UsageStore: each test runs on SQLite and on a PostgreSQL server."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from decimal import Decimal

import pytest

from dealpos_reconciler.errors import ProviderError, ReleaseConflict
from dealpos_reconciler.provider.store import Usage
from tests.support.usage import HOLD, NOON, UsageDriver

ANA, BUDI = frozenset({"mail-ana", "phone-ana"}), frozenset({"phone-budi"})


def test_a_hold_takes_a_use_until_none_is_free(till: UsageDriver) -> None:
    assert till.hold(limit=2).status == "held"
    assert till.hold(limit=2, outlet="Bandung").held == 2
    full = till.hold(limit=2)
    assert (full.status, full.used, full.held) == ("in_use", 0, 2)
    assert (full.outlet, full.until) == ("Kemang", NOON + HOLD)
    assert till.usage() == (0, 2)


def test_the_last_settlement_is_remembered(till: UsageDriver) -> None:
    assert till.run(till.store.last_settled()) is None
    till.run(till.store.note_settled("missed 1", NOON + HOLD))
    till.run(till.store.note_settled("", NOON))
    assert till.run(till.store.last_settled()) == NOON + HOLD
    assert [(e.kind, e.detail) for e in till.run(till.store.events())] == [
        ("settled", "missed 1"),
        ("settled", ""),
    ]


def test_a_sale_consumes_its_hold(till: UsageDriver) -> None:
    till.hold()
    assert till.book().result == "counted"
    assert till.usage() == (1, 0)
    assert till.hold().status == "used_up"


def test_a_coupon_without_a_limit_is_never_used_up(till: UsageDriver) -> None:
    for number in range(5):
        assert till.hold(limit=None).status == "held"
        assert till.book(f"i{number}", limit=None).flags == frozenset()
    assert till.usage() == (5, 0)


def test_a_hold_ends_with_its_time(till: UsageDriver) -> None:
    till.hold()
    till.clock.now += HOLD - timedelta(microseconds=1)
    assert till.hold().status == "in_use"
    till.clock.now += timedelta(microseconds=1)
    assert till.usage() == (0, 0)
    assert till.hold().status == "held"
    assert till.usage() == (0, 1)


def test_a_late_sale_still_finds_its_hold_while_nobody_needs_it(till: UsageDriver) -> None:
    till.hold()
    till.clock.move(hours=2)
    assert till.book().flags == frozenset()


def test_a_clock_that_is_set_back_ends_no_hold_early_and_keeps_none_for_years(
    till: UsageDriver,
) -> None:
    till.clock.move(days=4000)
    till.hold()
    till.clock.now = NOON
    assert till.hold().status == "in_use"
    till.clock.now = NOON + HOLD - timedelta(seconds=1)
    assert till.hold().status == "in_use"
    till.clock.move(seconds=1)
    assert till.hold().status == "held"


def test_a_hold_that_ended_does_not_come_back_with_the_clock(till: UsageDriver) -> None:
    till.hold()
    till.clock.move(hours=1)
    assert till.hold().status == "held"
    till.clock.now = NOON
    assert till.usage()[1] == 1
    assert till.hold().status == "in_use"


@pytest.mark.parametrize(
    ("outlet", "customer", "best"),
    [
        ("Bandung", ANA, "Bandung of Ana"),
        ("Bandung", frozenset(), "Bandung of Budi"),
        ("Kota", ANA, "Solo of Ana"),
    ],
)
def test_a_sale_consumes_the_hold_that_fits_best(
    till: UsageDriver, outlet: str, customer: frozenset[str], best: str
) -> None:
    """Fit is the outlet and the customer, then the outlet, then age."""
    for place in ("Solo of Ana", "Bandung of Budi", "Bandung of Ana"):
        # The best one ends first, so it would be the one that a refused till is told of.
        until = till.clock.now + HOLD * (1 if place == best else 2)
        owner = ANA if "Ana" in place else BUDI
        till.hold(limit=3, outlet=place.partition(" ")[0], customer=owner, until=until)
        till.clock.move(seconds=1)
    assert (till.hold(limit=3).until or NOON) < NOON + HOLD * 1.5
    till.book(limit=3, outlet=outlet, customer=customer)
    assert (till.hold(limit=3).until or NOON) > NOON + HOLD * 1.5


def test_a_customer_has_uses_and_holds_of_his_own(till: UsageDriver) -> None:
    rules = {"limit": 9, "limit_per_customer": 1}
    assert till.hold(customer=ANA, **rules).status == "held"
    assert till.hold(customer=frozenset({"mail-ana"}), **rules).status == "customer_limit"
    assert till.hold(customer=BUDI, **rules).status == "held"
    till.book(limit=9, customer=frozenset({"phone-ana"}))
    till.clock.now += HOLD
    assert till.hold(customer=ANA, **rules).status == "customer_limit"
    till.book(state="voided")
    assert till.hold(customer=ANA, **rules).status == "held"
    assert till.hold("another", customer=ANA, **rules).status == "held"


def test_a_customer_who_is_not_named_cannot_be_counted(till: UsageDriver) -> None:
    assert till.hold(limit=None, limit_per_customer=3).status == "customer_limit"


def test_a_second_entry_is_refused_unless_the_coupon_allows_it(till: UsageDriver) -> None:
    till.hold(customer=ANA)
    assert till.hold(customer=ANA).status == "in_use"


def test_the_same_customer_renews_a_hold_anywhere(till: UsageDriver) -> None:
    till.hold(customer=ANA)
    till.clock.move(minutes=9)
    again = till.hold(customer=ANA & {"mail-ana"}, outlet="Solo", reentry="same-customer")
    assert (again.status, again.held) == ("renewed", 1)
    assert till.hold(customer=BUDI, reentry="same-customer").until == till.clock.now + HOLD
    assert till.hold(reentry="same-customer").outlet == "Solo"


def test_the_same_outlet_renews_a_hold_for_anyone(till: UsageDriver) -> None:
    till.hold(customer=ANA)
    assert till.hold(customer=BUDI, reentry="same-outlet").status == "renewed"
    assert till.hold(outlet="Solo", reentry="same-outlet").status == "in_use"
    assert till.usage() == (0, 1)


def test_a_renewed_hold_counts_for_the_customer_who_has_it(till: UsageDriver) -> None:
    rules = {"limit": 9, "limit_per_customer": 1, "customer": ANA}
    till.hold(**rules)
    assert till.hold(**rules, reentry="same-customer").status == "renewed"
    till.book(customer=ANA)
    assert till.hold(**rules, reentry="same-customer").status == "customer_limit"


def test_a_renewed_hold_has_one_use_and_the_second_sale_is_flagged(till: UsageDriver) -> None:
    till.hold()
    till.hold(reentry="same-outlet")
    assert till.book("i1").flags == frozenset()
    assert till.book("i2").flags == {"unheld", "beyond"}
    assert till.usage() == (2, 0)


def test_a_sale_without_a_hold_is_counted_and_flagged(till: UsageDriver) -> None:
    assert till.book("i1", limit=2).flags == {"unheld"}
    till.hold(limit=2)
    assert till.book("i2", limit=2).flags == frozenset()
    assert till.book("i3", limit=2).flags == {"unheld", "beyond"}
    assert till.usage() == (3, 0)
    assert till.all_usage() == {"x": Usage(3, 0, 2)}


def test_a_report_that_comes_again_changes_nothing(till: UsageDriver) -> None:
    till.book()
    assert till.book().result == "again"
    assert till.book(digest="another form of the same invoice").result == "again"
    assert till.usage() == (1, 0)


def test_a_void_gives_the_use_back(till: UsageDriver) -> None:
    till.book()
    assert till.book(state="voided").result == "voided"
    assert till.book(state="voided").result == "again"
    assert till.usage() == (0, 0)
    assert till.state() == "voided"
    assert till.hold().status == "held"


def test_a_void_keeps_the_use_where_that_is_asked(till: UsageDriver) -> None:
    till.book()
    kept = till.book(state="voided", flags=frozenset({"kept"}))
    assert (kept.result, kept.flags) == ("voided", {"unheld", "kept"})
    assert till.book(state="voided", flags=frozenset({"kept"})).result == "again"
    assert till.usage() == (1, 0)
    assert till.book(state="restored", authority=True).result == "restored"
    assert till.flags() == {"unheld"}


def test_a_late_duplicate_after_a_void_changes_nothing(till: UsageDriver) -> None:
    till.book(digest="first")
    till.book(digest="edited")
    till.book(state="voided")
    for digest in ("first", "edited"):
        assert till.book(digest=digest).result == "again"
    assert (till.state(), till.usage()) == ("voided", (0, 0))


def test_another_body_after_a_void_is_doubtful_until_the_shop_is_read(till: UsageDriver) -> None:
    till.book(digest="first")
    till.book(state="voided")
    assert till.book(digest="news").result == "doubtful"
    assert till.book(digest="news").result == "again"
    assert till.book(state="voided").result == "again"
    assert (till.state(), till.flags(), till.usage()) == (
        "doubtful",
        {"unheld", "doubtful"},
        (0, 0),
    )
    assert till.book(digest="", authority=True).result == "restored"
    assert (till.state(), till.flags(), till.usage()) == ("counted", {"unheld"}, (1, 0))


def test_a_reading_may_confirm_the_void(till: UsageDriver) -> None:
    till.book()
    till.book(state="voided")
    till.book(digest="news")
    assert till.book(state="voided", authority=True).result == "voided"
    assert (till.state(), till.flags(), till.usage()) == ("voided", {"unheld"}, (0, 0))


def test_a_restore_without_a_reading_is_doubtful(till: UsageDriver) -> None:
    till.book()
    till.book(state="voided")
    assert till.book(state="restored").result == "doubtful"
    assert till.book(state="restored", authority=True).result == "restored"
    assert till.book(state="restored", authority=True).result == "again"
    assert till.usage() == (1, 0)


def test_another_coupon_on_an_invoice_moves_the_use(till: UsageDriver) -> None:
    till.hold("x")
    till.hold("y")
    till.book(counter="x", digest="with x", customer=ANA)
    moved = till.book(counter="y", digest="with y", customer=ANA)
    assert (moved.result, moved.flags) == ("moved", frozenset())
    assert till.book(counter="x", digest="with x").result == "again"
    assert (till.usage("x"), till.usage("y")) == ((0, 0), (1, 0))
    rules = {"limit": 9, "limit_per_customer": 1, "customer": ANA}
    assert till.hold("x", **rules).status == "held"
    assert till.hold("y", **rules).status == "customer_limit"


def test_an_unknown_code_is_noted_and_counted_once_it_is_known(till: UsageDriver) -> None:
    first = till.book(counter=None, code="OURS?")
    assert (first.result, first.flags) == ("unknown_code", {"unknown_code"})
    assert till.book(counter=None, code="OURS?").result == "again"
    assert till.book(counter="x").result == "counted"
    assert (till.flags(), till.usage()) == ({"unheld"}, (1, 0))


def test_a_coupon_that_was_unlisted_keeps_its_uses(till: UsageDriver) -> None:
    till.book()
    assert till.book(counter=None, code="X", digest="later").result == "again"
    assert till.book(counter=None, code="X", digest="", authority=True).result == "again"
    assert till.usage() == (1, 0)


def test_an_invoice_without_a_coupon_any_more_gives_the_use_back(till: UsageDriver) -> None:
    till.book()
    assert till.book(counter=None, digest="none").result == "again"
    assert till.book(counter=None, digest="none", authority=True).result == "moved"
    assert till.usage() == (0, 0)


@pytest.mark.parametrize("order", sorted(set(itertools.permutations("SSVV"))), ids="".join)
def test_every_order_of_a_sale_and_its_void_ends_the_same(
    till: UsageDriver, order: tuple[str, ...]
) -> None:
    for word in order:
        till.book(state={"S": "counted", "V": "voided"}[word])
    assert (till.state(), till.usage()) == ("voided", (0, 0))


@pytest.mark.parametrize("order", sorted(set(itertools.permutations("SSVR"))), ids="".join)
def test_every_order_with_a_restore_ends_the_same_once_the_shop_was_read(
    till: UsageDriver, order: tuple[str, ...]
) -> None:
    for word in order:
        till.book(state={"S": "counted", "V": "voided", "R": "restored"}[word])
    till.book(state="restored", authority=True, digest="")
    assert (till.state(), till.usage()) == ("counted", (1, 0))
    assert "doubtful" not in till.flags()


def test_the_values_of_an_invoice_come_back(till: UsageDriver) -> None:
    till.book("i1", number="A/1", discount=Decimal("12.50"), gross=10**12, at=NOON - HOLD)
    till.clock.move(days=1)
    till.book("i2", counter="batch/3", limit=None)
    one, two = till.run(till.store.invoices())
    assert (one.invoice, one.counter, one.number, one.outlet) == ("i1", "x", "A/1", "Kemang")
    assert (one.at, one.flags) == (NOON - HOLD, {"unheld"})
    assert two.at == till.clock.now
    assert till.run(till.store.invoices(since=till.clock.now)) == [two]
    assert till.run(till.store.invoices(flagged=True)) == [one]


def test_a_batch_is_the_sum_of_its_codes(till: UsageDriver) -> None:
    for index in (3, 17):
        till.hold(f"visit-2027/{index}")
    till.book(counter="visit-2027/17")
    till.book("i2", counter="visit-2027/18")
    till.hold("plain")
    assert till.run(till.store.batch_usage()) == {"visit-2027": Usage(2, 1, 1)}
    assert till.all_usage(["visit-2027/17", "never"]) == {
        "visit-2027/17": Usage(1, 0, 0),
        "never": Usage(),
    }


def test_holds_are_freed_by_hand(till: UsageDriver) -> None:
    till.hold(limit=2, customer=ANA)
    till.hold(limit=2)
    assert till.free() == 2
    assert till.free() == 0
    assert till.usage() == (0, 0)
    assert till.hold(limit=2).held == 1


def test_a_release_is_published_after_the_one_it_was_made_from(till: UsageDriver) -> None:
    assert till.run(till.store.current()) is None
    first = till.publish('{"a": 1}')
    assert (first.number, first.document, first.commit) == (1, '{"a": 1}', "c0ffee")
    with pytest.raises(ReleaseConflict, match=r"release 1 .* is published, not 0"):
        till.publish("{}", previous=0)
    with pytest.raises(ReleaseConflict):
        till.publish("{}", previous=7)
    second = till.publish('{"a": 2}', previous=1)
    till.reopen()
    assert till.run(till.store.current()) == second


def test_of_two_that_publish_at_once_one_wins(till: UsageDriver) -> None:
    async def both() -> list[object]:
        calls = [till.store.publish(str(n), "d", "c", 0, NOON) for n in range(4)]
        return await asyncio.gather(*calls, return_exceptions=True)

    lost = [result for result in till.run(both()) if isinstance(result, ReleaseConflict)]
    assert len(lost) == 3


def test_a_published_release_is_noticed(till: UsageDriver) -> None:
    async def notice() -> None:
        changes = till.store.changes()
        await anext(changes)  # what was published before it looked is not missed
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0.1)
        await till.store.hold(till.request())
        assert not waiting.done()
        await till.store.publish("{}", "d", "c", 0, NOON)
        await asyncio.wait_for(waiting, 5)
        await changes.aclose()  # type: ignore[attr-defined]

    till.run(notice())


def test_events_are_listed_in_order(till: UsageDriver) -> None:
    till.publish()
    till.hold(limit=3)
    till.book(limit=3)
    till.book(limit=3)
    till.book(state="voided")
    till.hold(limit=3)
    till.free()
    events = till.run(till.store.events())
    assert [event.kind for event in events] == ["published", "counted", "voided", "freed"]
    assert (events[1].invoice, events[1].counter, events[1].at) == ("i1", "x", NOON)
    assert till.run(till.store.events(after=events[0].number, limit=2)) == events[1:3]


def test_a_report_that_was_not_understood_is_kept(till: UsageDriver) -> None:
    till.run(till.store.dead_letter("not JSON", "d1g3st", 77, "i9", NOON))
    till.run(till.store.check())


def test_a_text_that_cannot_be_stored_harms_no_other(till: UsageDriver) -> None:
    async def both() -> list[object]:
        reports = [till.report("i1"), till.report("half \ud800"), till.report("i2")]
        return await asyncio.gather(*map(till.store.book, reports), return_exceptions=True)

    one, bad, two = till.run(both())
    assert isinstance(bad, ProviderError)
    assert "cannot be stored" in str(bad)
    assert {one.result, two.result} == {"counted"}  # type: ignore[attr-defined]
    assert till.usage() == (2, 0)


def test_everything_is_there_after_a_restart(till: UsageDriver) -> None:
    till.publish()
    till.hold(limit=2, customer=ANA)
    till.book("i7", limit=2, outlet="Solo", counter="y")
    before = (till.all_usage(), till.run(till.store.invoices()), till.run(till.store.events()))
    till.reopen()
    after = (till.all_usage(), till.run(till.store.invoices()), till.run(till.store.events()))
    assert after == before
    assert till.hold(limit=2, limit_per_customer=1, customer=ANA).status == "customer_limit"


def test_many_tills_at_once_get_as_many_uses_as_there_are(till: UsageDriver) -> None:
    async def race() -> list[str]:
        requests = [till.request(limit=20, outlet=f"o{n % 5}") for n in range(200)]
        results = await asyncio.gather(*(till.store.hold(request) for request in requests))
        sold = [n for n, result in enumerate(results) if result.status == "held"]
        reports = [till.report(f"i{n}", limit=20, outlet=f"o{n % 5}") for n in (*sold, *sold)]
        bookings = await asyncio.gather(*(till.store.book(report) for report in reports))
        return [booking.result for booking in bookings]

    results = till.run(race())
    assert sorted(results) == ["again"] * 20 + ["counted"] * 20
    assert till.all_usage() == {"x": Usage(20, 0, 0)}


def test_one_customer_at_many_tills_gets_his_one_use(till: UsageDriver) -> None:
    async def race() -> list[str]:
        request = till.request(limit=None, limit_per_customer=1, customer=ANA)
        results = await asyncio.gather(*(till.store.hold(request) for _ in range(30)))
        return [result.status for result in results]

    assert till.run(race()).count("held") == 1


def test_one_invoice_reported_from_many_sides_counts_once(till: UsageDriver) -> None:
    async def race() -> None:
        reports = [till.report(limit=9, digest=str(n)) for n in range(15)]
        moves = [till.report(counter="y", limit=9, digest=f"y{n}") for n in range(15)]
        voids = [till.report("i2", state, limit=9) for state in ("counted", "voided") * 9]
        await asyncio.gather(*map(till.store.book, (*reports, *moves, *voids)))

    till.run(race())
    used = {counter: counts.used for counter, counts in till.all_usage().items()}
    assert sum(used.values()) == 1
    assert till.state("i2") == "voided"
