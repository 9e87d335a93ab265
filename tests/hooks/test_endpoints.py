"""Webhooks as they are documented, in part, damaged or forged: a key, or nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.hooks.file import HookFile
from dealpos_reconciler.hooks.keys import find_key_in_bytes
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.till.answer import Provider
from dealpos_reconciler.provider.till.loaded import prepare_release
from dealpos_reconciler.serve.body import MAX_BODY_BYTES
from dealpos_reconciler.workflows.hooks.endpoints import CLAIMS, make_invoice_endpoints
from tests.hooks.conftest import HookedShop
from tests.support.provided import KEY, REDEEM, RELEASE

PRODUCT = {
    "ID": "0b5c9a5e-0d39-4a5a-9b1e-1f6f3b1e6f11",
    "Category": "Drinks",
    "Name": "Kopi Susu",
    "SupplierName": "",
    "Brand": "",
    "BrandName": "",
    "Code": "1003",
    "Discontinued": False,
    "Description": "",
    "Storage": [],
    "Tags": [],
    "ImageURL": "",
    "ThumbnailURL": "",
    "ExtraImageURL": [],
    "Variants": [{"Code": "1003L"}],
}
VARIANT = {
    "ID": "7d3f2a51-5f2e-4a35-8a2c-2d8f3f0c9a77",
    "Category": "Drinks",
    "Product": "Kopi Susu",
    "Variant": "Large",
    "Name": "Kopi Susu - Large",
    "Code": "1003L",
    "UnitPrice": 16500,
    "Components": [],
    "OutletPrice": [],
}
CUSTOMER = {"FirstName": "Budi", "Email": "budi@example.com", "Gender": 1, "Code": "C-1"}


def keys(hooked: HookedShop) -> list[str]:
    rows = asyncio.run(
        hooked.file.run(lambda c: c.execute("SELECT kind, name FROM hint").fetchall())
    )
    return sorted(f"{kind}/{name}" for kind, name in rows)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("product", PRODUCT, ["product/1003"]),
        ("product/productdeleted", PRODUCT, ["product/1003"]),
        ("product", VARIANT, ["variant/1003L"]),
        ("product/productvariantupdated", VARIANT, ["variant/1003L"]),
        ("product/productvariantupdated", {"Code": "1003L"}, ["variant/1003L"]),
        ("product", {"code": 1003}, ["product/1003"]),
        ("product", {"Code": " 1003 "}, ["product/1003"]),
        ("customer", CUSTOMER, ["customer/C-1"]),
        ("customer/customerdeleted", CUSTOMER, ["customer/C-1"]),
        ("outlet", {"Code": "001", "Name": "Outlet1"}, []),
        ("product", {}, []),
        ("product", {"Code": None}, []),
        ("product", {"Code": True}, []),
        ("product", {"Code": ["1003"]}, []),
        ("product", {"Code": "X" * 201}, []),
        ("product", {"Code": "1\n2"}, []),
        ("product", {"Code": "\u202e1003"}, []),
    ],
)
def test_a_body_gives_its_natural_key_and_nothing_else(
    hooked: HookedShop, path: str, body: Any, expected: list[str]
) -> None:
    assert hooked.hear(path, body) == (200, "queued" if expected else "no_key")
    assert keys(hooked) == expected
    assert "budi" not in Path(hooked.file.path).read_bytes().decode("latin-1").lower()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"\0", b"[" * 5000, b"null"])
def test_a_damaged_body_is_answered_with_400_and_queues_nothing(
    hooked: HookedShop, body: bytes
) -> None:
    assert hooked.hear("product", body) == (400, "bad")
    assert keys(hooked) == []


def test_a_body_that_is_too_long_still_gives_the_key_at_its_beginning(hooked: HookedShop) -> None:
    long = json.dumps({**PRODUCT, "Variants": [VARIANT] * 3000}).encode()[: MAX_BODY_BYTES + 1]
    answer = asyncio.run(
        hooked.endpoints["hook/product"].reject("too_long", long, "", 10**6)  # type: ignore[arg-type]
    )
    assert (answer.status, keys(hooked)) == (200, ["product/1003"])
    forged = b'{"Code": "' + b"9" * 10**6
    assert find_key_in_bytes("product", forged) is None


def test_an_invoice_counts_once_whichever_call_tells_of_it(tmp_path: Path) -> None:
    sale = json.dumps({**REDEEM, "Coupon": "LEBARAN25"}).encode()
    assert set(CLAIMS.values()) == {"sale", "void", "restore"}

    async def play() -> list[str]:
        store = SqliteStore(tmp_path / "provider.db")
        provider = Provider(store, KEY)
        provider.use(prepare_release(RELEASE, KEY))
        endpoints = make_invoice_endpoints(provider)
        told = ["", "/invoicecreated", "/invoicedeleted", "/invoicedeleted", "/invoicerestored"]
        try:
            results = [(await provider.redeem(sale)).result]
            return results + [
                (await endpoints[f"hook/invoice{t}"].answer(sale)).result for t in told
            ]
        finally:
            await store.close()

    assert asyncio.run(play()) == ["counted", "again", "again", "voided", "again", "doubtful"]


def test_an_erased_invoice_gives_its_use_back(tmp_path: Path) -> None:
    sale = json.dumps({**REDEEM, "Coupon": "ONCE"}).encode()

    async def play() -> int:
        store = SqliteStore(tmp_path / "provider.db")
        provider = Provider(store, KEY)
        provider.use(prepare_release(RELEASE, KEY))
        try:
            await provider.redeem(sale)
            await make_invoice_endpoints(provider)["hook/invoice/invoiceerased"].answer(sale)
            return (await store.usage(["once"]))["once"].used
        finally:
            await store.close()

    assert asyncio.run(play()) == 0


def test_the_file_is_for_its_owner_and_never_in_git(hooked: HookedShop) -> None:
    assert hooked.file.path.stat().st_mode & 0o777 == 0o600
    assert (hooked.file.path.parent / ".gitignore").read_text() == "*\n"


def test_a_newer_file_is_refused_in_words(tmp_path: Path) -> None:
    from dealpos_reconciler.errors import ProviderError

    file = HookFile(tmp_path / "hooks.db")
    file._connection.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(ProviderError, match="newer version"):
        HookFile(tmp_path / "hooks.db")
