"""The route table: a read can never create, and each generation is tabled as it is printed."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.dealpos.operations import OPERATIONS
from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.sandbox.api.generation import is_offered, places
from dealpos_reconciler.sandbox.app import ROUTES

READS = [op for op in OPERATIONS.values() if op.reads and op.name != "token"]
WRITES = [op for op in OPERATIONS.values() if not op.reads]
# The paths of these reads are printed in the newest generation alone (dealpos-api.md §6.4, §9,
# §16).
NEWEST = {"product.by_code", "customer.by_code", "invoice.by_id"}


def test_no_read_goes_where_a_write_would_write() -> None:
    """dealpos-api.md §14 #6: on some paths a POST reads and on others it creates."""
    writes = {(r.method, r.path) for op in WRITES for r in op.routes}
    writes |= {(r.method, r.path) for r in ROUTES.values() if r.write}
    for operation in READS:
        for route in operation.routes:
            assert (route.method, route.path) not in writes, operation.name
            assert route.method in ("GET", "POST")


def test_every_route_is_a_documented_one() -> None:
    for operation in (*READS, *WRITES):
        for route in operation.routes:
            assert f"{route.method} {route.path}" in ROUTES, operation.name


def test_writes_have_one_route() -> None:
    assert all(len(operation.routes) == 1 for operation in WRITES)


def test_names_of_routes_tell_them_apart() -> None:
    for operation in OPERATIONS.values():
        assert len({str(route) for route in operation.routes}) == len(operation.routes)


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_a_generation_answers_the_routes_that_are_tabled_for_it(generation: Any) -> None:
    tenant = Choices(generation=generation, post_alternatives="none", named_reads="both")
    for operation in READS:
        own = [
            route
            for route in operation.routes
            if is_offered(tenant, f"{route.method} {route.path}", read=True)
            and (not route.query or places(tenant, route.path)[0])
            and (not route.body or places(tenant, route.path)[1])
        ]
        tabled = [r for r in operation.routes if r.method == "GET" and generation in r.generations]
        assert set(tabled) <= set(own) | {r for r in tabled if r.path == "/Category"}, operation
        if operation.name not in NEWEST or generation == "C":
            assert tabled, operation.name
        else:
            assert own == []
