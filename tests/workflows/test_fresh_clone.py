"""A run that is killed anywhere goes on in another clone, and no spent use comes back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from dealpos_reconciler import confined
from dealpos_reconciler.core.report import Report
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.ledger.file import Lock
from dealpos_reconciler.ledger.git_repository import GitRepository
from dealpos_reconciler.ledger.journal import FILE
from dealpos_reconciler.workflows.apply import apply_plan
from dealpos_reconciler.workflows.plan import make_plan
from tests.support.deep import amount
from tests.support.shop import Shop

SEED: dict[str, Any] = {
    "coupons": [
        {
            "Code": "C",
            "Type": "DiscountPercentage",
            "Discount": 10,
            "Limit": 10,
            "Balance": 4,
            "Description": "old",
            "ExpiryDate": "2027-01-01",
        }
    ]
}
COUPON = """
    coupons:
      - {code: C, type: DiscountPercentage, discount: 20, limit: 10, minimum_amount: 0}
"""


class Killed(BaseException):
    """The process ends here; nothing catches it."""


class Countdown:
    """Ends the process at the n-th boundary: a request, a file that is written, a call of git."""

    def __init__(self, last: int) -> None:
        self.left = last

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def cut(*words: Any, **more: Any) -> Any:
            self.tick()
            found = act(*words, **more)
            self.tick()
            return found

        return cut

    def tick(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


class Cutting(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, countdown: Countdown) -> None:
        self.handle_request = countdown.around(inner.handle_request)  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A git that knows nobody, as in CI."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))


class Team:
    """Clones of one repository in front of one shop, applied from once."""

    def __init__(self, folder: Path, ledger: str = "git") -> None:
        self.folder, self.ledger = folder, ledger
        folder.mkdir()
        subprocess.run(["git", "init", "-q", "--bare", folder / "remote.git"], check=True)
        self.shops: list[Shop] = []

    def clone(self, name: str, text: str = COUPON) -> Shop:
        folder = self.folder / name
        command = ["git", "clone", "-q", self.folder / "remote.git", folder]
        subprocess.run(command, check=True, capture_output=True)
        shop = Shop(folder, SEED if not self.shops else None)
        self.shops.append(shop)
        first = self.shops[0]
        shop.app, shop.twin, shop.database = first.app, first.twin, first.database
        shop.configure(f"ledger: {self.ledger}\n")
        shop.write(text)
        return shop


def apply(shop: Shop, client: Client | None = None, *, force: bool = False) -> Report:
    """Plan and apply as the program does."""
    opened = shop.open(client or shop.client())
    report, unrecorded = apply_plan(opened, make_plan(opened), force_unlock=force)
    assert unrecorded is None
    return report


def killed(shop: Shop, point: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Apply, and end the process at a boundary; return False where the run ended before it."""
    countdown = Countdown(point)
    client = shop.client()
    client._http._transport = Cutting(client._http._transport, countdown)
    taken: list[Lock] = []
    take = Lock.take

    def noted(self: Lock) -> None:
        take(self)
        taken.append(self)

    with monkeypatch.context() as patch:
        patch.setattr(Lock, "take", noted)
        patch.setattr(confined, "write_below", countdown.around(confined.write_below))
        for name in ("_push", "set_local", "commit"):
            patch.setattr(GitRepository, name, countdown.around(getattr(GitRepository, name)))
        try:
            apply(shop, client)
        except Killed:
            for lock in taken:
                lock.release()  # the system lets them go with the process
            return True
    return False


def uses(shop: Shop) -> tuple[int, int, int]:
    coupon = shop.item("coupons", "C")
    return coupon["Discount"], coupon["Limit"], coupon["Balance"]


@pytest.mark.parametrize("fresh", [True, False], ids=["fresh clone", "same clone"])
def test_no_use_comes_back_wherever_a_run_is_killed(
    monkeypatch: pytest.MonkeyPatch, fresh: bool, tmp_path: Path
) -> None:
    for point in count(step=amount(3, 1) if fresh else 4):
        team = Team(tmp_path / str(point))
        first = team.clone("a")
        if not killed(first, point, monkeypatch):
            break
        then = team.clone("b") if fresh else first
        assert apply(then, force=fresh).complete, f"killed at boundary {point}"
        assert uses(then) == (20, 4, 4), f"killed at boundary {point}"
        assert then.plan().empty
        if fresh and point % 4 == 0:
            assert team.clone("c").plan().empty, "the ledger remembers what was carried over"
        assert "coupon/C" not in journal(then)
    assert point > 20


def journal(shop: Shop) -> dict[str, Any]:
    file = shop.state.path / FILE
    return json.loads(file.read_text()).get("sandbox", {}) if file.exists() else {}


def test_an_attempt_that_cannot_succeed_is_not_made_again_in_another_clone(
    tmp_path: Path,
) -> None:
    """The shop cuts the description, so that each attempt would delete a live coupon."""
    team = Team(tmp_path / "team")
    text = COUPON.replace("minimum_amount: 0", "description: Weekend at the beach")
    shop = team.clone("first", text)
    shop.twin.choices = shop.twin.choices.with_changes(rewrite_text="cut")
    store = shop.twin.store
    store.put("coupon", {**store.get("coupon", "C").payload, "Discount": 20, "MinimumAmount": 5})
    (outcome,) = apply(shop).outcomes
    assert outcome.status == "failed"
    assert shop.item("coupons", "C")["Balance"] == 4
    before = len(shop.twin.calls)
    other = team.clone("second", text)
    plan = make_plan(other.open(other.client())).plan
    assert plan.changes == ()
    assert "not tried again: " in dict((str(a), why) for a, why in plan.blocked)["coupon/C"]
    assert {method for method, _, _ in shop.twin.calls[before:]} <= {"GET", "POST"}
