"""New variants are proven absent a hundred at a time; a retired one that lists hide is found."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.live import ABSENT, Observed
from dealpos_reconciler.dealpos.reading.read import find, read_live
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.kinds import KINDS
from tests.support.reading import declaring, stock
from tests.support.shop import MakeShop, Shop

HIDING = {
    "lists_hide_discontinued": True,
    "batches_hide_discontinued": True,
    "product_reads_hide_discontinued_variants": True,
}
PROOF = "/Variant/GetIDByListCodeDiscontinued"
USELESS: dict[str, Any] = {
    "not offered": {"missing_operations": frozenset({f"GET {PROOF}", f"POST {PROOF}"})},
    "forbidden": {"forbidden_operations": frozenset({f"GET {PROOF}", f"POST {PROOF}"})},
    "body dropped": {"get_with_body": "ignore"},
    "unknown codes refused": {"batch_missing": "reject"},
    "short lists alone": {"batch_max": 1},
}


def variant_reads(shop: Shop) -> Counter[str]:
    """The reads of variants by the last client."""
    return Counter(name for name in shop.listener.operations if name.startswith("variant."))


def with_retired(count: int, *retired: int) -> dict[str, Any]:
    """A shop whose products have a variant each; some are out of use."""
    seed = stock(count)
    for number in retired:
        seed["products"][number]["Variants"][0]["Discontinued"] = True
    return seed


@pytest.mark.parametrize("new", [1, 99, 250])
def test_new_variants_are_looked_up_a_hundred_at_a_time(open_shop: MakeShop, new: int) -> None:
    """Each request names a variant that exists, too."""
    shop = open_shop(stock(250), declaring(250 + new))
    created = [c.address for c in shop.plan().changes if c.address.kind == "variant"]
    assert created == [Address("variant", f"V{250 + i:03}") for i in range(new)]
    assert variant_reads(shop) == {"variant.list": 1, "variant.ids_by_codes": ceil(new / 99)}


def test_a_few_new_variants_are_looked_up_without_a_list(open_shop: MakeShop) -> None:
    line = "{code: %s, name: N, category: A, variants: [{code: %s, unit_price: 5}]}"
    text = "\n  - ".join(["products:", line % ("P000", "V000"), line % ("Q", "NEW")])
    shop = open_shop(stock(3), text)
    assert [str(c.address) for c in shop.plan().changes if c.before is None] == [
        "product/Q",
        "variant/NEW",
    ]
    assert variant_reads(shop) == {"variant.by_codes": 1, "variant.ids_by_codes": 1}


@pytest.mark.parametrize("choices", [{}, *USELESS.values()], ids=["offered", *USELESS])
@pytest.mark.parametrize("count", [3, 250])
def test_a_retired_variant_that_lists_and_batches_hide_is_not_created(
    open_shop: MakeShop, count: int, choices: Any
) -> None:
    """Also where the shop does not offer the read that shows it, or not in a useful way."""
    shop = open_shop(with_retired(count, 1), declaring(count + 1), **HIDING, **choices)
    live = read_live(shop.client(), shop.desired(), KINDS)
    assert isinstance(live.get(Address("variant", "V001")), Observed)
    assert live.get(Address("variant", f"V{count:03}")) is ABSENT
    assert not live.read_errors


@pytest.mark.parametrize("choices", [{}, USELESS["not offered"]], ids=["offered", "not offered"])
def test_what_a_single_read_alone_has_shown_proves_nothing_of_batches(
    open_shop: MakeShop, choices: Any
) -> None:
    """The first retired variant is found singly; the second is looked for as well."""
    shop = open_shop(with_retired(250, 1, 2), declaring(250), **HIDING, **choices)
    reader = Reader(shop.client(), KINDS)
    for name in ("V001", "V002"):
        find(reader, {"product": {"P000": frozenset()}, "variant": {name: frozenset()}})
        assert isinstance(reader.live.get(Address("variant", name)), Observed)


def test_a_read_that_leaves_out_a_known_retired_variant_proves_nothing(
    open_shop: MakeShop,
) -> None:
    shop = open_shop(with_retired(3, 1, 2), declaring(3), **HIDING)
    client = shop.client()
    client._http._transport = Without(client._http._transport, "V001", PROOF)
    reader = Reader(client, KINDS)
    find(reader, {"product": {"P000": frozenset()}, "variant": {"V000": frozenset()}})
    assert reader.read_single(KINDS["variant"], "V001")
    client._http._transport = Without(client._http._transport, "V002", PROOF)
    find(reader, {"variant": {"V002": frozenset()}})
    assert isinstance(reader.live.get(Address("variant", "V002")), Observed)


def test_a_variant_that_exists_and_is_not_returned_is_unknown(open_shop: MakeShop) -> None:
    shop = open_shop(with_retired(3, 1), declaring(3), **HIDING)
    client = shop.client()
    client._http._transport = Without(client._http._transport, "V001", "/Variant/Code")
    plan = shop.plan(client)
    assert plan.changes == ()
    assert [(str(address), why) for address, why in plan.unknown] == [
        ("variant/V001", "the shop has it, and no endpoint returns it")
    ]


@pytest.mark.parametrize("spelled", ["v001", "V001 "])
def test_a_new_code_that_the_shop_spells_otherwise_is_not_absent(
    open_shop: MakeShop, spelled: str
) -> None:
    ignoring: dict[str, Any] = {"keys_ignore_case": True, "outer_blanks": "ignored"}
    text = declaring(250) + (
        f"  - {{code: Q, name: N, category: A, variants: [{{code: '{spelled}', unit_price: 5}}]}}\n"
    )
    shop = open_shop(with_retired(250, 1), text.replace("V001,", "V000X,"), **HIDING, **ignoring)
    plan = shop.plan()
    assert spelled not in {change.address.name for change in plan.changes}


class Without(httpx.BaseTransport):
    """Leaves one object out of what a path answers."""

    def __init__(self, inner: httpx.BaseTransport, code: str, path: str) -> None:
        self.inner, self.code, self.path = inner, code, path

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if not request.url.path.endswith(self.path):
            return response
        found = httpx.Response(response.status_code, content=response.read()).json()
        if isinstance(found, list):
            return httpx.Response(200, json=[row for row in found if row["Code"] != self.code])
        shown = found.get("Code") != self.code
        return httpx.Response(200, json=found) if shown else httpx.Response(404, json={})
