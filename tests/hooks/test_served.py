"""The whole story over HTTP: an edit in the back office becomes a notification."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.dealpos.budget import NO_LIMITS
from dealpos_reconciler.hooks.drift import first_seen
from dealpos_reconciler.sandbox.till import backoffice
from dealpos_reconciler.workflows.connect import fill_sandbox
from dealpos_reconciler.workflows.hooks.apart import read_apart
from dealpos_reconciler.workflows.till import Wiring, open_till, send_edits
from tests.hooks.conftest import MENU, SEED
from tests.hooks.test_notifications import KEY, NOTIFY
from tests.serve.conftest import SECRET
from tests.serve.test_start import SECRETS, refused
from tests.support.receiver import receiving


def make_folder(folder: Path, settings: str) -> Path:
    (folder / "catalogue").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(f"store: {{url: sandbox}}\n{settings}")
    (folder / "catalogue" / "menu.yaml").write_text(MENU)
    fill_sandbox(load(folder), SEED)
    return folder


def test_an_edit_in_the_back_office_becomes_one_signed_notification(tmp_path: Path) -> None:
    folder = make_folder(
        tmp_path / "kopi",
        "hooks: {settle: 1s}\nnotify: {url: '${RECONCILER_NOTIFY_URL}'}\ntimezone: Asia/Jakarta\n",
    )
    words = ["serve", str(folder), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    with receiving() as heard:
        address = {"RECONCILER_NOTIFY_URL": f"{heard.address}/chat"}
        server = subprocess.Popen(
            [sys.executable, "-m", "dealpos_reconciler", *words],
            env=os.environ | SECRETS | NOTIFY | address,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stderr
            base = server.stderr.readline().split(" on ")[1].split(",")[0]
            wiring = Wiring(webhooks=f"{base}/v1/kopi/{SECRET}/hook/{{family}}")
            with open_till(load(folder), wiring) as till:
                for price in ("16500", "16500"):
                    changes = backoffice.edit(till.shop, "variant/1003L", {"UnitPrice": price})
                    assert all(delivery.accepted for delivery in send_edits(till, changes))
            heard.wait_for(1)
            time.sleep(0.3)
        finally:
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=20)
    assert server.returncode == 0, err
    ((_, headers, body),) = heard.calls
    Webhook(KEY).verify(json.dumps(body), headers)
    assert "unit_price 18,000 → 16,500 (files: 18,000), seen " in body["text"]
    assert "margin 50.0 % → 45.5 % (catalogue/menu.yaml:8)" in body["text"]
    assert list(first_seen(folder / ".provider" / "hooks.db")) == [Address("variant", "1003L")]
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["state"] for line in lines if line.get("event") == "drift"] == ["drifted"]
    assert SECRET not in out + err
    assert "/chat" not in out + err


@pytest.mark.parametrize(
    ("settings", "environment", "message"),
    [
        ("notify: {url: 'https://chat.example'}", {}, "RECONCILER_NOTIFY_SECRET is not set"),
        ("notify: {url: '${RECONCILER_NOTIFY_URL}'}", NOTIFY, "RECONCILER_NOTIFY_URL is not set"),
    ],
)
def test_a_server_that_could_not_tell_does_not_start(
    tmp_path: Path, settings: str, environment: dict[str, str], message: str
) -> None:
    folder = make_folder(tmp_path / "kopi", settings)
    assert message in refused(folder, **environment)[0]


def test_hints_need_the_credentials_of_the_shop(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "kopi", "hooks: {}\n")
    (folder / "reconciler.yaml").write_text("store: {url: 'https://kopi.dealpos.net'}\nhooks: {}\n")
    assert "no credentials for https://kopi.dealpos.net" in refused(folder)[0]


def test_a_read_that_hangs_ends_with_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path / "kopi", "")
    for name in ("DEALPOS_CLIENT_ID", "DEALPOS_CLIENT_SECRET"):
        monkeypatch.setenv(name, "any")
    with receiving() as shop:
        shop.answers = [60.0]
        (folder / "reconciler.yaml").write_text(f"store: {{url: '{shop.address}'}}\n")

        async def run() -> float:
            hinted = [Address("variant", "1003L")]
            reading = asyncio.ensure_future(read_apart(folder, hinted, NO_LIMITS))
            await asyncio.to_thread(shop.wait_for, 1)
            begun = time.monotonic()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            return time.monotonic() - begun

        assert asyncio.run(run()) < 2
    assert multiprocessing.active_children() == []
