"""Settling a day: the invoices of the sandbox against what its till has reported."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from dealpos_reconciler.core.provider.batch_codes import derive_codes
from dealpos_reconciler.core.provider.terms import CodeBatch
from dealpos_reconciler.dealpos.client import embedded_transport
from dealpos_reconciler.errors import ProviderError, Rejected, UsageError
from dealpos_reconciler.render.provider.settlement import settlement_document, settlement_text
from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.workflows.provider import settle as workflow
from tests.support.provider import CODES_KEY
from tests.support.shop import MakeShop
from tests.support.till_shop import KEY, LOST, SEED, TWICE, TillShop, findings

CODES = list(derive_codes(KEY, "VISIT", CodeBatch(3, 10, "VK")))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    monkeypatch.setattr(workflow, "GRACE", timedelta(0))


@pytest.fixture(params=["sqlite", "postgres"])
def shop(make_shop: MakeShop, request: pytest.FixtureRequest) -> TillShop:
    """A shop whose provider has a file, or a database."""
    in_file = request.param == "sqlite"
    address = "" if in_file else request.getfixturevalue("postgres").new_schema()
    return TillShop(make_shop(SEED), address=address)


class Forbidden(httpx.BaseTransport):
    """A shop whose API client lacks the permission for one path."""

    def __init__(self, shop: TillShop, path: str) -> None:
        self._shop = embedded_transport(shop.shop.app)
        self._path = path

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self._path):
            return httpx.Response(403, json={"Message": "Access denied"})
        return self._shop.handle_request(request)


def with_choices(make_shop: MakeShop, **choices: object) -> TillShop:
    return TillShop(make_shop(SEED, choices=Choices(**choices)))  # type: ignore[arg-type]


def test_a_day_is_closed(shop: TillShop) -> None:
    """One sale reported, one doubled, one lost; then a void, a restore and an erasure unheard."""
    kept, twice, lost = shop.sell(), shop.sell(switches=TWICE), shop.sell(switches=LOST)
    plain = shop.sell(None)
    assert shop.usage() == (2, 1)
    assert findings(shop.settle()) == {lost: "missed"}
    assert shop.usage() == (3, 0)
    assert shop.flags(lost) == {"settled"}
    shop.change(twice, "void")
    assert findings(shop.settle()) == {twice: "voided"}
    assert shop.usage() == (2, 0)
    shop.change(twice, "restore")
    assert findings(shop.settle()) == {twice: "restored"}
    shop.change(kept, "erase")
    assert findings(shop.settle()) == {kept: "phantom"}
    assert shop.usage() == (2, 0)
    assert shop.states() == {kept: "voided", twice: "counted", lost: "counted"}
    assert plain not in shop.states()
    assert shop.flags(kept) == {"settled", "phantom"}


def test_a_second_settlement_changes_nothing(shop: TillShop) -> None:
    shop.sell()
    shop.sell(switches=LOST)
    shop.change(shop.sell(), "erase")
    assert sorted(findings(shop.settle()).values()) == ["missed", "phantom"]
    counts, states = shop.counts(), shop.states()
    again = shop.settle()
    assert (again.corrections, again.left, again.untold) == ((), (), 0)
    assert (shop.counts(), shop.states()) == (counts, states)
    assert "Nothing to book: the shop and the provider agree" in settlement_text(again, False, 2)


def test_a_dry_run_writes_nothing(shop: TillShop) -> None:
    lost = shop.sell(switches=LOST)
    events, counts = shop.events(), shop.counts()
    found = shop.settle(dry_run=True)
    assert findings(found) == {lost: "missed"}
    assert (shop.events(), shop.counts(), shop.last_settled()) == (events, counts, None)
    assert "Dry run, nothing was booked: 1 missed" in settlement_text(found, True, 2)
    assert findings(shop.settle()) == {lost: "missed"}
    assert shop.last_settled() is not None


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_a_restored_backup_gets_its_uses_back(shop: TillShop) -> None:
    """The drill: back up, sell, void, lose the disk, restore, settle.

    That of a database needs its tools: tests/provider/test_postgres.py has it.
    """
    before = shop.sell()
    copy = shop.shop.folder / "copy.db"
    shop.backup(copy)
    after, voided = shop.sell(), shop.sell()
    shop.change(voided, "void", None)
    once = shop.sell(CODES[0])
    counts, states = shop.counts(), dict(shop.states())
    shutil.rmtree(shop.store.parent)
    shop.store.parent.mkdir()
    shutil.copy(copy, shop.store)
    assert shop.usage() == (1, 0)
    assert findings(shop.settle()) == {after: "missed", once: "missed"}
    assert {name: used.used for name, used in shop.counts().items()} == {
        name: used.used for name, used in counts.items()
    }
    assert shop.states() == {i: state for i, state in states.items() if i != voided}
    assert before in shop.states()


def test_no_batch_code_and_no_secret_is_shown(shop: TillShop) -> None:
    shop.sell(CODES[1], LOST)
    found = shop.settle()
    text = settlement_text(found, False, 2) + str(settlement_document(found, False, 2))
    assert "VISIT/2" in text
    assert CODES[1] not in text


def test_the_cost_is_told_before_the_requests(make_shop: MakeShop) -> None:
    shop = with_choices(make_shop, page_cap=2)
    for _ in range(5):
        shop.sell()
    client = shop.shop.client()
    shop.settle(client)
    assert shop.told[0].endswith(": 2 requests or more")
    assert shop.told[1].startswith("5 invoices: 2 more requests for the lists, at most 20 for")
    assert client.requests == 5, "a page as small as this is requested in another size once"


def test_rows_without_a_coupon_are_read_within_the_budget(make_shop: MakeShop) -> None:
    shop = with_choices(make_shop, invoice_rows_coupon=False, invoice_rows_void=False)
    plain, reported, lost = shop.sell(None), shop.sell(), shop.sell(switches=LOST)
    client = shop.shop.client()
    found = shop.settle(client, max_reads=1)
    assert findings(found) == {lost: "missed"}, "the one with a discount is read first"
    assert found.untold == 1
    assert client.requests == 3
    assert "Unknown: 1 invoice that no till reported" in settlement_text(found, False, 3)
    assert shop.settle().untold == 0
    assert shop.usage() == (2, 0)
    assert plain not in shop.states()
    shop.change(reported, "void")
    assert findings(shop.settle(max_reads=0)) == {reported: "voided"}, "the filter tells"


def test_an_invoice_is_a_phantom_only_where_the_shop_finds_others(make_shop: MakeShop) -> None:
    shop = TillShop(make_shop(SEED))
    gone = shop.sell()
    shop.change(gone, "erase")
    found = shop.settle()
    assert (findings(found), found.left) == ({}, (gone,)), "no invoice is there to try the read on"
    assert "Not judged: 1 booked invoice: " in settlement_text(found, False, 3)
    assert shop.usage() == (1, 0)
    shop.sell(None, outlet="Dago")  # the sandbox gives the number of the erased one again
    assert findings(shop.settle(max_reads=0)) == {}
    client = shop.shop.client()
    assert findings(shop.settle(client)) == {gone: "phantom"}
    assert client.requests == 4


def test_a_read_that_is_not_permitted_ends_the_reads(shop: TillShop) -> None:
    gone, other = shop.sell(), shop.sell()
    shop.change(gone, "erase")
    found = shop.settle(shop.shop.connect(Forbidden(shop, "/Invoice/Detail")))
    assert (findings(found), found.left) == ({}, (gone,))
    assert "Orders VIEW" in found.why_left
    assert shop.states()[other] == "counted"


def test_a_sale_of_this_moment_is_no_phantom(
    shop: TillShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell(None)
    gone = shop.sell()
    shop.change(gone, "erase")
    monkeypatch.setattr(workflow, "GRACE", timedelta(minutes=1))
    found = shop.settle()
    assert (found.corrections, found.left) == ((), ())


@pytest.mark.parametrize(
    ("since", "first"),
    [
        (datetime(2027, 3, 20, 23, 30, tzinfo=UTC).replace(tzinfo=None), "2027-03-20"),
        (datetime(2027, 3, 20, 23, 30, tzinfo=UTC), "2027-03-21"),
    ],
)
def test_a_moment_without_a_zone_is_in_the_time_of_the_shop(
    shop: TillShop, since: datetime, first: str
) -> None:
    """The copy of a store is settled from the hour that the clock of the shop showed."""
    request = workflow.SettleRequest(since, now=datetime(2027, 3, 22, tzinfo=UTC))
    found = workflow.settle(shop.shop.open(shop.shop.client()), request, KEY, print)
    assert str(found.first) == first


def test_one_day_is_settled_by_itself(shop: TillShop) -> None:
    shop.sell()
    found = shop.settle(days=0)
    assert (found.first, found.corrections) == (found.last, ())


def test_a_list_that_is_refused_books_nothing(shop: TillShop) -> None:
    shop.sell(switches=LOST)
    transport = Forbidden(shop, "/Invoice/MultipleOutlet/WithTotalCount")
    with pytest.raises(Rejected, match="Orders VIEW"):
        shop.settle(shop.shop.connect(transport))
    assert shop.last_settled() is None


def test_a_shop_without_a_store_or_release_says_so(make_shop: MakeShop) -> None:
    shop = make_shop(SEED)
    shop.configure("timezone: Asia/Jakarta\n")
    request = workflow.SettleRequest(datetime.now(UTC))
    with pytest.raises(UsageError, match="the provider has no store yet"):
        workflow.settle(shop.open(shop.client()), request, KEY, print)
    shop.configure("timezone: Asia/Jakarta\nprovider: {url: 'https://coupons.example.com'}\n")
    with pytest.raises(UsageError, match="opens the store itself") as caught:
        workflow.settle(shop.open(shop.client()), request, KEY, print)
    assert "on the machine of `reconciler serve`" in (caught.value.hint or "")


def test_another_codes_key_is_refused(shop: TillShop) -> None:
    request = workflow.SettleRequest(datetime.now(UTC))
    with pytest.raises(ProviderError, match="made with another codes key"):
        workflow.settle(shop.shop.open(shop.shop.client()), request, b"x" * 32, print)
