"""The demo of a coupon at the till: its steps end as they are told."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TOLD = [
    "Apply complete: 1 change (1 verified)",
    "46,000 - 11,500 = 34,500\nRedeem Coupon: 200\ninvoiceCreated: 200\n",
    "46,000 - 11,500 = 34,500\n" + "invoiceCreated: 200\nRedeem Coupon: 200\n" * 2,
    "Redeem Coupon: lost on the way\ninvoiceCreated: lost on the way\n",
    "is in use at Jakarta Kemang until",
    ".00001 voided\n",
    "limit  3 → 5\n    used 1, 1 held at tills now\n",
    ", Bandung Dago: 54,000 - 13,500 = 40,500\n",
    "LEBARAN25  used 2 of 5, 1 held at tills now\n",
    "missed: its sale was not reported\n\nBooked: 1 missed\n",
    "Nothing to book: the shop and the provider agree\n",
    "LEBARAN25  used 3 of 5, 1 flagged\n",
    'productVariantUpdated: 200\n{"time":',
    '"event": "drift", "object": "variant/1001R',
    "unit_price: live 19,000, declared 22,000\n",
    "Board: page/index.html\n",
    "<p>unit_price: live 19,000, declared 22,000</p>\n",
    "unit_price  19,000 → 22,000\n",
    "Audit: no drift",
]
"""Texts in the order in which the demo prints them."""


def free_pair() -> int:
    """The first of two free ports in a row."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@pytest.mark.skipif(os.name != "posix", reason="the demo is a shell script")
@pytest.mark.timeout(300)
def test_the_demo_tells_its_story(root: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    mine = {"PATH": path, "TMPDIR": str(copies), "PORT": str(free_pair())}
    ran = subprocess.run(
        ["sh", root / "examples" / "till" / "demo.sh"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **mine, "NO_COLOR": "1"},
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    at = 0
    for text in TOLD:
        found = ran.stdout.find(text, at)
        assert found >= 0, f"{text!r} is not told after this:\n{ran.stdout[:at]}"
        at = found + len(text)
    assert list(copies.iterdir()) == []
