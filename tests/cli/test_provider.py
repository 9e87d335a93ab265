"""`reconciler provider`: the state of the coupons, their codes, copies, holds, and the check."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealpos_reconciler.core.provider.batch_codes import derive_codes
from dealpos_reconciler.core.provider.terms import CodeBatch
from dealpos_reconciler.provider import probe
from dealpos_reconciler.render.provider.settlement import settlement_document, settlement_text
from dealpos_reconciler.sandbox.till import Order
from tests.serve.conftest import SECRET, Running
from tests.support.program import RunProgram
from tests.support.provider import CODES_KEY
from tests.support.shop import MakeShop
from tests.support.till_shop import KEY, LOST, SEED, TillShop

CODES = list(derive_codes(KEY, "VISIT", CodeBatch(3, 10, "VK")))


@pytest.fixture
def shop(make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch) -> TillShop:
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    monkeypatch.setenv("DEALPOS_URL", "sandbox")
    return TillShop(make_shop(SEED))


@pytest.fixture
def folder(shop: TillShop) -> Path:
    return shop.shop.folder


def hold(shop: TillShop, code: str) -> None:
    """Let a cashier break off after the yes."""
    shop.till().sell(Order("Kemang", (("KOPI", 1),), code), break_off=True)


def test_the_status_shows_uses_holds_and_flags(
    shop: TillShop, folder: Path, run: RunProgram
) -> None:
    hold(shop, "TEN")
    shop.sell()
    shop.sell(switches=LOST)
    shop.sell(CODES[1])
    shop.settle()
    hold(shop, "TEN")
    ran = run("provider", "status", folder)
    assert ran.code == 0
    assert "release 1 of " in ran.out
    assert "Last settlement: 20" in ran.out
    assert "  TEN    used 2 of 9, 2 held at tills now, 1 flagged\n" in ran.out
    assert "  VISIT  used 1 of 3, batch of 3 codes\n" in ran.out
    assert "TEN  26." in ran.out.partition("Reports to look at:\n")[2]
    assert CODES[1] not in ran.out
    told = run("provider", "status", folder, "ten", "--format", "json").json
    assert [(c["code"], c["used"], c["held"]) for c in told["coupons"]] == [("TEN", 2, 2)]
    assert [row["flags"] for row in told["flagged"]] == [["settled"]]
    metrics = run("provider", "status", folder, "--format", "prometheus").out
    assert 'reconciler_coupon_used{code="ten"} 2\n' in metrics
    assert 'reconciler_coupon_limit{code="visit"} 3\n' in metrics
    assert "reconciler_last_settle_timestamp_seconds 1" in metrics


def test_a_secret_code_is_never_shown(
    shop: TillShop, folder: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = "provider_coupons:\n  - {code: HUSH77, type: Amount, amount: 1, limit: 5, "
    hidden += "until: 2099-01-31, secret: true}\n"
    shop.shop.write(hidden)
    assert shop.shop.apply().complete
    shop.sell("HUSH77")
    lost = shop.sell("HUSH77", LOST)
    found = shop.settle()
    told = settlement_text(found, False, 2) + str(settlement_document(found, False, 2))
    assert (lost in told, "secret-1" in told) == (True, True)
    shown = ""
    for words in ([], ["--format", "json"], ["--format", "prometheus"]):
        shown += run("provider", "status", folder, *words).out
    assert "  secret-1  used 2 of 5, 1 flagged\n" in shown
    wrong = run("provider", "status", folder, "HUSH7")
    shop.shop.write("removed: [{address: provider_coupon/HUSH77, delete: true, secret: true}]\n")
    assert shop.shop.apply().complete
    gone = run("provider", "status", folder).out
    assert "are not published any more: 2" in gone
    told += shown + wrong.out + wrong.err + gone + str(shop.settle().names)
    assert "hush77" not in told.casefold()


def test_a_coupon_that_is_not_published_is_named_with_the_nearest(
    folder: Path, run: RunProgram
) -> None:
    ran = run("provider", "status", folder, "TENN")
    assert ran.code == 1
    assert "the release has no coupon with this code" in ran.err
    assert "TEN" in ran.err


def test_an_empty_provider_has_a_status(make_shop: MakeShop, run: RunProgram) -> None:
    shop = make_shop(SEED)
    shop.configure("timezone: Asia/Jakarta\n")
    ran = run("provider", "status", shop.folder)
    assert (ran.code, ran.out.splitlines()[0][-14:]) == (0, "no release yet")
    assert not (shop.folder / ".provider").exists()


def test_settle_runs_from_the_command_line(shop: TillShop, folder: Path, run: RunProgram) -> None:
    lost = shop.sell(switches=LOST)
    shutil.copy(shop.shop.database, folder / ".reconciler" / "sandbox.db")
    ran = run("provider", "settle", folder, "--dry-run")
    assert ran.code == 0
    assert "requests or more" in ran.err
    assert "Dry run, nothing was booked: 1 missed\nAPI usage: 2 requests used\n" in ran.out
    told = run("provider", "settle", folder, "--since", "12h", "--format", "json")
    assert (told.err, told.json["summary"]["missed"], told.json["requests"]) == ("", 1, 2)
    assert told.json["corrections"][0] == {
        "finding": "missed",
        "invoice": lost,
        "number": told.json["corrections"][0]["number"],
        "outlet": "Kemang",
        "coupon": "TEN",
        "uses": 1,
    }
    for wrong in ("soon", "0001-01-01", "9999-12-31", "99999d", "2d2", ""):
        ran = run("provider", "settle", folder, "--since", wrong)
        assert (ran.code, ran.err.startswith("error: Invalid")) == (1, True), wrong


def test_the_codes_of_a_batch_go_to_a_private_file_alone(
    shop: TillShop, folder: Path, run: RunProgram, tmp_path: Path
) -> None:
    file = tmp_path / "codes.csv"
    ran = run("provider", "codes", "visit", "--out", file, "--shop", folder)
    assert (ran.code, ran.out) == (0, "")
    assert file.read_text(encoding="utf-8").split() == ["code", *CODES]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(code in ran.err for code in CODES)
    again = run("provider", "codes", "visit", "--out", file, "--shop", folder)
    assert (again.code, "exists already" in again.err) == (1, True)
    assert run("provider", "codes", "VISIT", "--shop", folder).err.startswith("error: say where")
    shown = run("provider", "codes", "VISIT", "--show", "--shop", folder)
    assert shown.out.split() == ["code", *CODES]
    till = shop.till().sell(Order("Kemang", (("KOPI", 1),), shown.out.split()[1]))
    assert till.invoice, "the till takes the code"


def test_codes_need_the_key_of_the_release(
    folder: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        "no batch has the name TEN"
        in run("provider", "codes", "TEN", "--show", "--shop", folder).err
    )
    monkeypatch.setenv("RECONCILER_CODES_KEY", "x" * 32)
    ran = run("provider", "codes", "VISIT", "--show", "--shop", folder)
    assert (ran.code, ran.out) == (1, "")
    assert "made with another codes key" in ran.err
    monkeypatch.delenv("RECONCILER_CODES_KEY")
    assert (
        "RECONCILER_CODES_KEY is not set"
        in run("provider", "codes", "VISIT", "--show", "--shop", folder).err
    )


def test_holds_are_freed_by_their_code(shop: TillShop, folder: Path, run: RunProgram) -> None:
    hold(shop, "TEN")
    hold(shop, CODES[2])
    assert run("provider", "release", " ten ", "--shop", folder).out == "1 hold freed\n"
    assert run("provider", "release", "TEN", "--shop", folder).out == "No hold to free\n"
    assert run("provider", "release", CODES[2], "--shop", folder).out == "1 hold freed\n"
    assert shop.usage("visit/3") == (0, 0)
    ran = run("provider", "release", "OTHER", "--shop", folder)
    assert (ran.code, "no coupon with this code" in ran.err) == (1, True)


def test_a_copy_is_private_and_restores(
    shop: TillShop, folder: Path, run: RunProgram, tmp_path: Path
) -> None:
    shop.sell()
    copy = tmp_path / "copy.db"
    assert run("provider", "backup", copy, "--shop", folder).code == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    shop.sell()
    shutil.copy(copy, shop.store)
    for extra in ("-wal", "-shm"):
        shop.store.with_name(shop.store.name + extra).unlink(missing_ok=True)
    assert shop.usage() == (1, 0)
    ran = run("provider", "backup", tmp_path / "none" / "copy.db", "--shop", folder)
    assert (ran.code, "cannot be written: No such file" in ran.err) == (1, True)


@pytest.fixture
def served(folder: Path) -> Iterator[Running]:
    """The provider of the shop, behind real sockets."""
    running = Running(folder / ".provider", codes_key=KEY)
    running.start()
    yield running
    running.stop()
    running.shop.close()
    running.admin.close()


def test_the_check_calls_as_dealpos_does_and_counts_nothing(
    shop: TillShop, served: Running, run: RunProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_HOOK_SECRET", f"{SECRET},{'o' * 40}")
    before = shop.counts()
    address = f"http://127.0.0.1:{served.ports[0]}/v1/kopi/SECRET/coupon"
    ran = run("provider", "check", address)
    assert (ran.code, ran.err) == (0, "")
    names = [line[7:23].strip() for line in ran.out.splitlines()]
    assert names == ["TLS", "Secret", "Validate Coupon", "Redeem Coupon", "Latency"]
    assert SECRET not in ran.out
    assert (shop.counts(), shop.states()) == (before, {})
    wrong = run("provider", "check", address.replace("SECRET", "w" * 40), "--format", "json")
    assert wrong.code == 1
    assert "the secret, the name of the shop or the path is wrong" in str(wrong.json)
    assert "w" * 40 not in wrong.out


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "http://coupons.example.com/v1/kopi/SECRET/coupon",
            "DealPOS calls https:// addresses only",
        ),
        ("kopi", "the address is not a URL"),
        (f"https://{'a' * 70}.example.com/coupon", "the address cannot be called"),
        ("https://127.0.0.1/a\x00b/coupon", "the address cannot be called"),
        ("https://[::1/coupon", "the address is not a URL"),
        ("http://127.0.0.1:1/v1/kopi/SECRET/coupon", "RECONCILER_HOOK_SECRET is not set"),
    ],
)
def test_an_address_that_dealpos_cannot_call_is_refused(
    run: RunProgram, monkeypatch: pytest.MonkeyPatch, url: str, message: str
) -> None:
    monkeypatch.delenv("RECONCILER_HOOK_SECRET", raising=False)
    ran = run("provider", "check", url)
    assert (ran.code, message in ran.err) == (1, True)


def test_a_check_without_an_answer_says_why(run: RunProgram, free_port: int) -> None:
    ran = run("provider", "check", f"http://127.0.0.1:{free_port}/v1/kopi/{SECRET}/coupon")
    assert ran.code == 1
    assert ran.out == "error  Validate Coupon   no answer: Connection refused\n"


def test_a_page_in_the_place_of_the_provider_is_found(run: RunProgram, web_page: str) -> None:
    ran = run("provider", "check", f"{web_page}/v1/kopi/{SECRET}/coupon")
    assert ran.code == 1
    assert "the answer is not that of a coupon provider" in ran.out
    assert "a wrong one is answered with HTTP 200" in ran.out


def test_the_placeholder_is_the_one_that_serve_prints(root: Path) -> None:
    text = (root / "reconciler/dealpos_reconciler/workflows/provider/serve.py").read_text(
        encoding="utf-8"
    )
    assert f"/{probe.PLACEHOLDER}/coupon" in text


@pytest.mark.parametrize("command", [["backup", "copy.db"], ["release", "TEN"], ["settle"]])
def test_a_command_that_needs_the_store_says_where_to_run(
    make_shop: MakeShop, run: RunProgram, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    shop = make_shop(SEED)
    shop.configure(
        "store: {url: sandbox}\ntimezone: Asia/Jakarta\nprovider: {url: 'https://c.example.com'}\n"
    )
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    place = [shop.folder] if command == ["settle"] else ["--shop", shop.folder]
    ran = run("provider", *command, *place)
    assert ran.code == 1
    assert "this command opens the store itself" in ran.err
    assert not os.path.exists("copy.db")
