"""A shop's provider: its service over a real store, a published release, and a till that asks."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dealpos_reconciler.core.provider.batch_codes import derive_codes, key_check
from dealpos_reconciler.core.provider.fingerprint import fingerprint_customer
from dealpos_reconciler.core.provider.options import TillOptions
from dealpos_reconciler.core.provider.release import Release, digest_document, dump_release
from dealpos_reconciler.core.provider.terms import CodeBatch, Terms
from dealpos_reconciler.provider.service import Answer
from dealpos_reconciler.provider.till.answer import Provider
from tests.support.usage import UsageDriver

SAMPLES = Path(__file__).parents[1] / "provider/till"
KEY = b"k" * 32
VALIDATE: dict[str, Any] = json.loads((SAMPLES / "validate.json").read_bytes())
REDEEM: dict[str, Any] = json.loads((SAMPLES / "redeem.json").read_bytes())

PLAIN = Terms("LEBARAN25", "Percentage", 25, maximum_discount=50_000)
ONCE = Terms("ONCE", "Amount", 10_000, limit=1)
MANY = Terms("MANY", "Amount", 10_000, limit=100)
EACH = Terms("EACH", "Amount", 10_000, limit_per_customer=1)
MINE = Terms(
    "MINE", "Amount", 5_000,
    customer=fingerprint_customer(KEY, phones=["0812-3456-7844"], phone_country="62"),
)  # fmt: skip
BATCH = Terms("VISIT", "Amount", 10_000, limit=1, batch=CodeBatch(20, 10, "VK"))
CODES = list(derive_codes(KEY, "VISIT", CodeBatch(20, 10, "VK")))
ENDS = datetime(2027, 4, 5, 17, tzinfo=UTC)
RELEASE = Release(
    (BATCH, EACH, replace(PLAIN, ends=ENDS), MANY, MINE, ONCE),
    TillOptions(phone_country="62", hold=timedelta(minutes=10)),
    "Asia/Jakarta",
    key_check(KEY),
)


class ProvidedShop:
    """The provider of one shop, asked one call after the other."""

    def __init__(self, driver: UsageDriver, folder: Path) -> None:
        self.driver = driver
        self.folder = folder
        self.clock = driver.clock
        self.provider = Provider(driver.store, KEY, driver.clock)
        self.published = 0
        self.publish(RELEASE)

    def publish(self, release: Release) -> None:
        document = dump_release(release)
        store, now = self.driver.store, self.clock()
        made = self.driver.run(
            store.publish(document, digest_document(document), "c0ffee", self.published, now)
        )
        self.published = made.number
        self.provider.use(self.provider.load(made))

    def validate(self, body: bytes | Mapping[str, Any], closed: Any = ()) -> Answer:
        return self.driver.run(_all(self.provider.validate(_bytes(body), closed)))

    def redeem(self, body: bytes | Mapping[str, Any]) -> Answer:
        return self.driver.run(_all(self.provider.redeem(_bytes(body))))

    def answer(self, body: bytes | Mapping[str, Any]) -> Answer:
        return self.driver.run(_all(self.provider.answer(_bytes(body))))

    def ask(self, code: str, **more: Any) -> Answer:
        return self.validate({**VALIDATE, "Code": code, **more})

    def sell(self, code: str, **more: Any) -> Answer:
        return self.redeem({**REDEEM, "Coupon": code, **more})

    def stored(self) -> bytes:
        """Return all that is on disk."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.iterdir()))

    def dead_letters(self) -> list[tuple[Any, ...]]:
        """Close the store and return the dead letters: reason, digest, length and invoice."""
        self.driver.close()
        with closing(sqlite3.connect(self.folder / "provider.db")) as connection:
            rows = connection.execute("SELECT reason, digest, length, invoice FROM dead_letter")
            return rows.fetchall()


async def _all(answer: Awaitable[Answer]) -> Answer:
    async with asyncio.timeout(20):
        return await answer


def _bytes(body: bytes | Mapping[str, Any]) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
