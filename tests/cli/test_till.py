"""The till and the back office of the sandbox, on the command line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.test_process import serving
from tests.support.program import RunProgram, Spawn
from tests.support.receiver import YES, Receiver, receiving

SELL = ("--outlet", "Jakarta Kemang", "--item", "1001R:2")
SECRET_PATH = "the-secret-of-the-provider"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def shop(
    example: Path, run: RunProgram, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The large example in its sandbox; everything that it sends comes to the receiver."""
    assert run("sandbox", "reset", example, "--seed", example).code == 0
    address = f"{receiver.address}/{SECRET_PATH}"
    monkeypatch.setenv("RECONCILER_SANDBOX_PROVIDER", f"{address}/{{event}}")
    monkeypatch.setenv("RECONCILER_SANDBOX_WEBHOOKS", f"{address}/{{event}}")
    return example


def test_a_sale_is_told_in_four_lines(shop: Path, run: RunProgram, receiver: Receiver) -> None:
    receiver.answers = [(200, YES)]
    ran = run("sandbox", "sell", shop, *SELL, "--coupon", "LEBARAN25")
    coupon, invoice, *calls = ran.out.splitlines()
    assert coupon == "Coupon: 25 % off"
    assert invoice.startswith("Invoice ")
    assert invoice.endswith(".00001, Jakarta Kemang: 50,000 - 12,500 = 37,500")
    assert calls == ["Redeem Coupon: 200", "invoiceCreated: 200"]
    assert (ran.code, ran.err) == (0, "")
    assert [path.rpartition("/")[2] for path in receiver.paths] == [
        "validateCoupon",
        "redeemCoupon",
        "invoiceCreated",
    ]


def test_a_no_of_the_provider_ends_the_sale(
    shop: Path, run: RunProgram, receiver: Receiver
) -> None:
    receiver.answers = [(400, {**YES, "Amount": 0, "Notification": "used up\x1b[31m"})]
    ran = run("sandbox", "sell", shop, *SELL, "--coupon", "LEBARAN25")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: the provider gave no discount: used up")
    assert "\x1b" not in ran.err
    assert len(receiver.calls) == 1


def test_a_call_that_is_not_accepted_is_exit_code_4(
    shop: Path, run: RunProgram, receiver: Receiver
) -> None:
    receiver.answers = [(200, YES), (503, {}), (503, {})]
    ran = run("sandbox", "sell", shop, *SELL, "--coupon", "A", "--cooldown", 0)
    assert ran.code == 4
    assert "Redeem Coupon: 503, then 503\ninvoiceCreated: 200\n" in ran.out
    receiver.answers = [(200, YES)]
    ran = run("sandbox", "sell", shop, *SELL, "--coupon", "A", "--lose", "redeem")
    assert ran.code == 0
    assert "Redeem Coupon: lost on the way\ninvoiceCreated: 200\n" in ran.out


def test_an_invoice_is_voided_restored_and_erased(
    shop: Path, run: RunProgram, receiver: Receiver
) -> None:
    receiver.answers = [(200, YES)]
    sold = run("sandbox", "sell", shop, *SELL, "--coupon", "A").out
    number = sold.partition("Invoice ")[2].partition(",")[0]
    for act, done, event in (
        ("void", "voided", "invoiceDeleted"),
        ("restore", "restored", "invoiceRestored"),
        ("erase", "erased", "invoiceErased"),
    ):
        ran = run("sandbox", act, number, "--shop", shop)
        assert ran.out == f"Invoice {number} {done}\nRedeem Coupon: 200\n{event}: 200\n"
    ran = run("sandbox", "void", number, "--shop", shop)
    assert (ran.code, ran.err) == (1, f"error: no invoice has the ID or number '{number}'\n")


def test_a_price_changed_in_the_back_office_is_drift(
    shop: Path, run: RunProgram, receiver: Receiver
) -> None:
    assert run("audit", shop).code == 0
    ran = run("sandbox", "edit", "variant/2001A", "UnitPrice=30000", "--shop", shop)
    assert ran.out == "variant/2001A: UnitPrice changed\nproductVariantUpdated: 200\n"
    assert receiver.bodies[0]["UnitPrice"] == 30000
    assert "variant/2001A" in run("audit", shop).out
    ran = run("sandbox", "edit", "variant/2001A", "UnitPrice=30000", "--shop", shop)
    assert ran.out == "variant/2001A: unchanged\n"
    assert run("sandbox", "edit", "product/2001", "--delete", "--shop", shop).out == (
        "product/2001: deleted\nproductDeleted: 200\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sell", *SELL, "--choice", "walk_in"], "walk_in is one of null, empty, omitted, not ''"),
        (["sell", "--outlet", "Bali", "--item", "1001R"], "no outlet is named 'Bali'"),
        (["sell", *SELL, "--coupon", "A", "--provider", ""], "a coupon needs the address of a"),
        (
            ["sell", *SELL, "--provider", f"http://a.example/{SECRET_PATH}"],
            "plain HTTP is for this",
        ),
        (["edit", "variant/2001A"], "say what to change"),
        (["edit", "variant/2001A", "UnitPrice"], "say what to change"),
        (["edit", "variant/2001A", "UnitPrice=1", "--delete"], "say what to change"),
        (
            ["serve", "--port", "0", "--webhooks", f"ftp://x/{SECRET_PATH}"],
            "must begin with http://",
        ),
    ],
)
def test_a_mistake_is_one_error(
    shop: Path, run: RunProgram, receiver: Receiver, words: list[str], message: str
) -> None:
    place = [str(shop)] if words[0] in ("sell", "serve") else ["--shop", str(shop)]
    ran = run("sandbox", words[0], *place, *words[1:])
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert SECRET_PATH not in ran.err
    assert receiver.calls == []


def test_the_secret_in_an_address_is_never_shown(
    shop: Path, run: RunProgram, receiver: Receiver, free_port: int
) -> None:
    address = f"http://127.0.0.1:{free_port}/{SECRET_PATH}"
    for words in (["--coupon", "A"], []):
        ran = run(
            "sandbox", "sell", shop, *SELL, *words, "--provider", address, "--webhooks", address
        )
        assert "Connection refused" in ran.out + ran.err
        assert SECRET_PATH not in ran.out + ran.err


def test_a_served_sandbox_sends_webhooks(shop: Path, spawn: Spawn, receiver: Receiver) -> None:
    server, url = serving(spawn, shop, "--cooldown", "0")
    receiver.answers = [(503, {}), (503, {})]
    keys = {"client_id": "sandbox", "client_secret": "sandbox"}
    with httpx.Client(base_url=f"{url}/api/v3", trust_env=False) as http:
        token = http.post("/Token/OAuth2", json=keys).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        body = {"Code": "2001", "Variants": [{"Code": "2001X", "UnitPrice": 1000}]}
        assert http.post("/Variant/Add", json=body).status_code == 200
    receiver.wait_for(2)
    server.send_signal(signal.SIGINT)
    _, err = server.communicate(timeout=30)
    assert {path.rpartition("/")[2] for path in receiver.paths} == {"productVariantCreated"}
    assert "productVariantCreated: 503, then 503" in err
    assert "Traceback" not in err
