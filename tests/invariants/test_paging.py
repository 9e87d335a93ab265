"""Listings: the largest page, the end on evidence, no loop, and nothing missed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.observer import ClientObserver
from dealpos_reconciler.dealpos.reading.paging import MAX_PAGES, PAGE_SIZES, Until, read_until
from dealpos_reconciler.dealpos.tenant import TenantProfile
from dealpos_reconciler.errors import UnexpectedResponse
from dealpos_reconciler.kinds import KINDS

Serve = Callable[[int, int], Any]


class Quiet(ClientObserver):
    def sleep(self, seconds: float) -> None:
        pass


class Server:
    """A shop whose lists are what a function of number and size answers."""

    def __init__(
        self, serve: Serve, tenant: TenantProfile | None = None, concurrency: int = 1
    ) -> None:
        self.asked: list[tuple[int, int]] = []
        self.serve = serve
        store = Store("https://shop.example", "id", "secret", concurrency=concurrency)
        self.client = Client(store, httpx.MockTransport(self._handle), Quiet(), tenant=tenant)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("OAuth2"):
            return httpx.Response(200, json={"access_token": "t"})
        sent = json.loads(request.content or b"{}") | dict(request.url.params)
        number, size = int(sent["PageNumber"]), int(sent["PageSize"])
        self.asked.append((number, size))
        found = self.serve(number, size)
        if isinstance(found, int):
            return httpx.Response(found, json={"Message": "no"})
        headers = {"RateLimit-Policy": "100000;w=1", "RateLimit-Limit": "100000"}
        return httpx.Response(200, json=found, headers=headers)

    def read(self) -> tuple[set[str], bool]:
        """The products that a whole listing shows, and whether it claims to be whole."""
        seen: set[str] = set()
        whole = False
        for page in read_until(self.client, KINDS["product"], Until(set(), to_the_end=True)):
            seen |= {str(row["Code"]) for row in page.rows.rows}
            whole = page.last
        return seen, whole


def rows(first: int, last: int) -> list[dict[str, Any]]:
    return [{"Code": f"P{number:05}"} for number in range(first, last)]


def listing(count: int, cap: int = 10**9, total: Any = None, **how: Any) -> Serve:
    """A list of so many rows; `past` is what comes after the end."""

    def serve(number: int, size: int) -> Any:
        if size > cap and "over" in how:
            if how["over"] == 400:
                return 400
            size = how["over"]
        size = min(size, cap)
        start = (number - 1) * size
        if start >= count and how.get("past") == "last":
            start = max(count - 1, 0) // size * size
        if how.get("number") == "ignored":
            start = 0
        if how.get("number") == "deaf":
            start, size = 0, min(count, cap)
        page = rows(start, min(start + size, count))
        return page if total is None else {"Data": page, "RecordsCount": total}

    return serve


@settings(max_examples=150)
@given(
    count=st.integers(0, 60),
    cap=st.sampled_from([1, 2, 7, 20, 59, 60, 61, 1000]),
    total=st.sampled_from([None, "true", "text", "double", "page"]),
    past=st.sampled_from(["none", "last"]),
    over=st.sampled_from([None, 400, 10, 1]),
)
def test_a_list_is_read_whole_whatever_the_end_looks_like(
    count: int, cap: int, total: Any, past: str, over: Any
) -> None:
    if over == 400 and cap < PAGE_SIZES[-1]:
        return  # no size that the tool asks for is accepted
    told = {None: None, "true": count, "text": str(count), "double": count * 2, "page": count}
    how: dict[str, Any] = {"past": past} | ({} if over is None else {"over": over})
    server = Server(listing(count, cap, told[total], **how))
    seen, whole = server.read()
    assert whole
    assert len(seen) == count
    assert len(server.asked) <= count / min(cap, over or cap if over != 400 else cap) + 9


@pytest.mark.parametrize(
    ("count", "cap", "requests"),
    [(0, 500, 1), (10, 500, 2), (500, 500, 2), (501, 500, 2), (1000, 500, 3), (1001, 500, 3)],
)
def test_the_end_costs_a_request_only_where_nothing_else_proves_it(
    count: int, cap: int, requests: int
) -> None:
    server = Server(listing(count, cap))
    assert len(server.read()[0]) == count
    assert len(server.asked) == requests
    told = Server(listing(count, cap, total=count))
    assert len(told.read()[0]) == count
    assert len(told.asked) == max(-(-count // cap), 1)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("has_total", [True, False])
@pytest.mark.parametrize("cap", [50, 100, 500, 2000])
@pytest.mark.parametrize("pages", [0.02, 0.98, 1.0, 1.02, 3.0, 5.5])
def test_no_page_is_read_beyond_a_proven_end(
    cap: int, pages: float, has_total: bool, concurrency: int
) -> None:
    """A total proves it, or a page that is shorter than an earlier one; an empty page as well."""
    count = int(cap * pages)
    server = Server(listing(count, cap, total=count if has_total else None), None, concurrency)
    assert len(server.read()[0]) == count
    full, rest = divmod(count, cap)
    needed = max(full + (rest > 0), 1)
    if not has_total:
        needed += rest == 0 or needed == 1
    # Pages of 50 are tried in the size of the samples once, from page one.
    again = 0 if cap >= 100 or count <= cap else 1 if has_total or full == 1 else 2
    assert len(server.asked) <= needed + again
    assert len(set(server.asked)) == len(server.asked)


def test_the_largest_page_is_asked_for_and_what_comes_back_believed() -> None:
    server = Server(listing(4500))
    assert len(server.read()[0]) == 4500
    assert server.asked == [(1, 2000), (2, 2000), (3, 2000)]
    assert server.client.routes.tenant == TenantProfile(
        {"product.list": "GET /Product query"}, ROWS, 2000, numbered=["product.list"]
    )


ROWS = {"product.list": 2000}


def test_a_page_that_is_refused_is_asked_for_smaller() -> None:
    server = Server(listing(150, 100, over=400))
    assert len(server.read()[0]) == 150
    assert server.asked == [(1, 2000), (1, 500), (1, 100), (2, 100)]
    assert Server(listing(150, 100, over=400), server.client.routes.tenant).read()[1]


def test_a_page_that_takes_too_long_is_asked_for_smaller() -> None:
    server = Server(lambda number, size: 503 if size > 500 else rows(0, 3) if number == 1 else [])
    assert server.read() == ({"P00000", "P00001", "P00002"}, True)


def test_an_over_large_page_that_counts_as_ten_is_noticed() -> None:
    server = Server(listing(1200, 500, over=10))
    assert len(server.read()[0]) == 1200
    assert len(server.asked) <= 6
    told = Server(listing(1200, 500, over=10, total=1200))
    assert len(told.read()[0]) == 1200
    assert len(told.asked) == 4


def test_a_shop_that_ignores_the_page_number_is_never_called_whole() -> None:
    server = Server(listing(1200, 500, number="ignored"))
    seen, whole = server.read()
    assert len(seen) == 500
    assert not whole
    assert len(server.asked) <= 7


def test_a_shop_that_heeds_no_paging_at_all_shows_what_it_can() -> None:
    server = Server(listing(30, number="deaf"))
    seen, whole = server.read()
    assert (len(seen), whole) == (30, True)


def test_a_page_larger_than_asked_for_is_everything() -> None:
    server = Server(lambda number, size: rows(0, 2500))
    assert (len(server.read()[0]), len(server.asked)) == (2500, 1)


def test_a_list_without_end_is_an_error_and_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dealpos_reconciler.dealpos.reading.paging.MAX_PAGES", 30)
    assert MAX_PAGES == 1000
    server = Server(lambda number, size: rows(number, number + 1))
    with pytest.raises(UnexpectedResponse, match="did not end after 30 pages"):
        server.read()


def test_a_total_that_is_too_low_stops_nothing_before_the_page_is_seen() -> None:
    server = Server(listing(30, 20, total=5))
    assert len(server.read()[0]) == 20
