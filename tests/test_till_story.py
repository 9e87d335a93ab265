"""A day of a shop at the till: a coupon is reviewed, sold and settled, and a price is mended."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.render.test_board import Page
from tests.serve.conftest import SECRET, TLS, TOKEN
from tests.serve.test_start import SECRETS, Process
from tests.support.deep import DEEP
from tests.support.repository import Repository

SETTINGS = """\
store: {url: sandbox}
timezone: Asia/Jakarta
ledger: git
hooks: {settle: 1s}
"""
MENU = """\
outlets:
  - name: Bandung Dago
  - name: Jakarta Kemang
categories:
  - name: Drinks
products:
  - code: "1001"
    name: Kopi Susu
    category: Drinks
    variants:
      - {code: 1001R, model: Regular, unit_cost: 9000, unit_price: 22000}
      - {code: 1001L, model: Large, unit_cost: 11500, unit_price: 28000}
"""
COUPON = """\
provider_coupons:
  - code: LEBARAN25
    type: Percentage
    amount: 25
    minimum_amount: 40000
    limit: 3
    until: 2034-03-31
"""
SOON = 10.0
"""The time that the server has to serve a release: a second, and more on a busy machine."""
MINUTE = 60.0
"""The time that the board has to show a change of the back office, in seconds."""


class Till(Repository):
    """A repository with a shop, and the server that its till asks."""

    def __init__(self, folder: Path, database: str) -> None:
        super().__init__(folder)
        self.environment |= SECRETS | {"RECONCILER_PLAN_KEY": "key-of-the-plans-" * 2}
        store = ""
        if database:
            store = "provider: {store: '${RECONCILER_PROVIDER_DSN}'}\n"
            self.environment["RECONCILER_PROVIDER_DSN"] = database
        self.place = "the database at localhost" if database else ".provider/provider.db"
        self.write("reconciler.yaml", SETTINGS + store)
        self.write("catalogue/menu.yaml", MENU)
        self.server = Process(folder, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
        address = f"{self.server.shop}/v1/{folder.name}/{SECRET}"
        self.environment |= {
            "RECONCILER_SANDBOX_PROVIDER": f"{address}/coupon",
            "RECONCILER_SANDBOX_WEBHOOKS": f"{address}/hook/{{family}}",
        }

    def sell(self, *words: str, code: int = 0) -> str:
        """Sell for 50,000 with the coupon; return what the till says."""
        sale = ("--outlet", "Jakarta Kemang", "--item", "1001R", "--item", "1001L")
        return self.type("sandbox", "sell", *sale, "--coupon", "LEBARAN25", *words, code=code)

    def uses(self) -> tuple[int, int, int]:
        """The uses, holds and flagged sales of the coupon."""
        (row,) = json.loads(self.type("provider", "status", "--format", "json"))["coupons"]
        return row["used"], row["held"], row["flagged"]

    def wait_for_release(self) -> None:
        """Wait until the server is ready: it serves the release that was just published."""
        begun = time.monotonic()
        while httpx.get(f"{self.server.admin}/readyz", verify=TLS).status_code != 200:
            assert time.monotonic() - begun < SOON
            time.sleep(0.1)

    def board(self) -> str:
        token = {"Authorization": f"Bearer {TOKEN}"}
        answer = httpx.get(f"{self.server.admin}/board", headers=token, verify=TLS)
        assert answer.status_code == 200
        return Page(answer.text).text

    def board_with(self, text: str) -> str:
        """The board as soon as it shows a text, within a minute."""
        begun = time.monotonic()
        while text not in (shown := self.board()):
            assert time.monotonic() - begun < MINUTE, shown
            time.sleep(1)
        return shown


@pytest.fixture(params=["sqlite", "postgres"] if DEEP else ["sqlite"])
def till(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Till]:
    database = ""
    if request.param == "postgres":
        database = request.getfixturevalue("postgres").new_schema()
        monkeypatch.setenv("RECONCILER_PROVIDER_DSN", database)
    made = Till(tmp_path / "kopi", database)
    yield made
    made.server.running.kill()
    with made.server.running:  # which closes the pipes
        pass


@pytest.mark.timeout(300)
def test_a_coupon_is_sold_and_settled_and_a_price_comes_back(till: Till, tmp_path: Path) -> None:
    till.type("apply", "--auto-approve")
    till.commit("The menu")
    assert "LEBARAN25 is not a known coupon" in till.sell(code=1)

    # A pull request adds the coupon; its checks say what the merge will do.
    plan, comment = tmp_path / "plan.json", tmp_path / "comment.md"
    till.git("switch", "--quiet", "--create", "lebaran")
    till.write("catalogue/promotions.yaml", COUPON)
    till.commit("25 % off for Lebaran")
    assert "1 provider_coupon" in till.type("validate", "--format", "github")
    report = ("--out", str(plan), "--sign", "--report", str(comment))
    said = till.type("plan", *report, "--format", "github", "--detailed-exitcode", code=2)
    assert "::notice file=catalogue/promotions.yaml,line=2,col=5,title=create provider_" in said
    lines = comment.read_text(encoding="utf-8").splitlines()
    for line in (
        "### ✏️ 1 change, no removals",
        "| 1 | 0 | 0 | 0 | 6 |",
        f"Provider: `1 to create; release 1 at {till.place}`",
        "+ provider_coupon/LEBARAN25  catalogue/promotions.yaml:2",
        "    limit           3",
    ):
        assert line in lines
    assert "LEBARAN25" not in till.board()

    # After the merge, the saved plan is applied, and the server serves it soon.
    till.git("switch", "--quiet", "main")
    till.git("merge", "--quiet", "--no-ff", "--message", "Merge the coupon", "lebaran")
    applied = till.type("apply", str(plan), "--shop", ".", "--verify", "--auto-approve")
    assert f"release 1 at {till.place}: published (verified)" in applied
    till.wait_for_release()
    first = till.sell()
    assert "50,000 - 12,500 = 37,500\nRedeem Coupon: 200\ninvoiceCreated: 200\n" in first
    assert till.sell("--duplicate", "--reorder").count("Redeem Coupon: 200") == 2
    lost = till.sell("--lose", "redeem", "--lose", "webhook")
    assert "Redeem Coupon: lost on the way\ninvoiceCreated: lost on the way\n" in lost
    assert till.uses() == (2, 1, 0)
    assert "LEBARAN25 is in use at Jakarta Kemang until" in till.sell(code=1)

    # A void gives a use back, and the lost sale is found when the day is closed.
    number = first.partition("Invoice ")[2].partition(",")[0]
    assert f"Invoice {number} voided" in till.type("sandbox", "void", number)
    assert till.uses() == (1, 1, 0)
    assert "Booked: 1 missed" in till.type("provider", "settle")
    assert till.uses() == (2, 0, 1)
    assert "Nothing to book" in till.type("provider", "settle")
    assert "Audit: no drift, 7 in sync" in till.type("audit", "--detailed-exitcode")

    # A price changes in the back office: its webhook brings it to the board within a minute.
    till.type("sandbox", "edit", "variant/1001R", "UnitPrice=19000")
    board = till.board_with("Drift: 1 object differs from the files")
    assert 'variant/1001R "Kopi Susu, Regular" drifted' in board
    assert "catalogue/menu.yaml:11 unit_price: live 19,000, declared 22,000" in board
    assert "LEBARAN25 2 of 3 used catalogue/promotions.yaml:2 1 sale: counted by settle" in board
    till.type("audit", "--detailed-exitcode", code=2)
    assert "unit_price  19,000 → 22,000  (drifted)" in till.type("apply", "--auto-approve")
    assert "Audit: no drift, 7 in sync" in till.type("audit", "--detailed-exitcode")
    board = till.board_with("No drift: the shop matches the files")
    assert "LEBARAN25 2 of 3 used" in board

    # The repository holds the files alone, and the log of the server no secret.
    assert till.git("status", "--porcelain") == ""
    code, log = till.server.end()
    assert code == 0
    assert not [secret for secret in SECRETS.values() if secret in log + till.server.said]
