"""A pull request is merged: apply publishes to the running server, and the till sees it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dealpos_reconciler.cli.main import main
from tests.serve.conftest import TOKEN, Running
from tests.support.provided import KEY, REDEEM

SHOP = """\
outlets: [{name: Outlet1, code: "001"}]
provider_coupons:
  - {code: LEBARAN25, type: Amount, amount: 5000, limit: LIMIT, until: 2999-12-31}
"""


@pytest.fixture
def folder(tmp_path: Path, shop: Running, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop folder whose settings name the running server."""
    folder = tmp_path / "files"
    (folder / "catalogue").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(
        "store: {url: sandbox}\ntimezone: Asia/Jakarta\nguardrails: {coupon-expiry: off}\n"
        f"provider: {{url: '{str(shop.admin.base_url).rstrip('/')}', phone_country: '62'}}\n"
    )
    monkeypatch.setenv("RECONCILER_ADMIN_TOKEN", TOKEN)
    monkeypatch.setenv("RECONCILER_CODES_KEY", KEY.decode())
    return folder


def run(*words: object) -> int:
    sys.argv = ["reconciler", *map(str, words)]
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def declare(folder: Path, limit: int) -> None:
    text = SHOP.replace("LIMIT", str(limit))
    (folder / "catalogue" / "shop.yaml").write_text(text, encoding="utf-8")


def test_an_edit_of_a_coupon_reaches_the_till_and_keeps_its_uses(
    folder: Path, shop: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    asked = {"Code": "lebaran25", "Outlet": "Outlet1"}
    declare(folder, 1)
    assert run("apply", folder, "--auto-approve") == 0, capsys.readouterr()
    assert shop.ask(json=asked).status_code == 200
    assert shop.ask("coupon/redeem", json={**REDEEM, "Coupon": "LEBARAN25"}).status_code == 200
    assert shop.ask(json=asked).status_code == 400, "it is used up"
    assert run("audit", folder) == 0, capsys.readouterr()
    declare(folder, 2)
    capsys.readouterr()
    assert run("plan", folder, "--detailed-exitcode") == 2
    assert "used 1" in capsys.readouterr().out
    assert run("apply", folder, "--auto-approve") == 0
    assert shop.ask(json=asked).status_code == 200, "one more use was declared"
    assert run("plan", folder, "--detailed-exitcode") == 0
    assert os.environ["RECONCILER_ADMIN_TOKEN"] not in capsys.readouterr().out
