"""A pytest plugin: a test fails when anything it made the tool say or write holds a secret.

Heard is what goes to stdout, stderr and the log, from this process and from those it starts, every
error that is made, the log and the metrics of a server, and what is written beside a shop. Looked
for are the client secret of each store, each token, the personal data of the customers that tests
declare, the code of the coupon in every shop that opens functions of the till, and that of a secret
provider coupon.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.model.store import SANDBOX, Store
from dealpos_reconciler.dealpos.auth import Token
from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics
from tests.support.seeds import AUTHORISING

TOKENS = re.compile(r"sandbox-token-[\w-]{20,}")
"""Tokens and secrets of the sandbox, in this or another process."""

PRIVATE = (
    "Ayu Lestari",
    "ayu@example.com",
    "08123456789",
    "budi@example.com",
    "Sari Lama",
    "Sari Baru",
    "Sari Wijaya",
    "sari@example.com",
    "one@example.com",
    "two@example.com",
)
"""Customers of tests and examples."""

CODE = str(AUTHORISING["Code"])
"""The code of a coupon in every shop that opens functions of the till."""

HIDDEN_COUPON = "HUSH77"
"""The code of a provider coupon that tests declare with `secret: true`."""

DOCUMENTS = (".json", ".md", ".html", ".txt", ".xml", ".prom")
"""The suffixes of the files of plans, reports and audits."""

CATALOGUES = (".yaml", ".yml")
"""The suffixes of catalogue files: they hold customers, and no code that opens anything."""

LARGEST = 8 * 1024 * 1024

_heard: list[tuple[str, str]] = []
_secrets: set[str] = set()


def _hear(where: str, text: Any) -> None:
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    if text:
        _heard.append((where, str(text)))


def _listen(patch: pytest.MonkeyPatch) -> None:
    error, store, renew = ReconcilerError.__init__, Store.__init__, Token.renew
    log, metrics = Log.add, Metrics.text
    read, communicate = pytest.CaptureFixture.readouterr, subprocess.Popen.communicate

    def make_error(self: Any, message: str, *, hint: str | None = None) -> None:
        _hear("an error", f"{message} {hint}")
        error(self, message, hint=hint)

    def make_store(self: Any, *words: str, **named: str) -> None:
        store(self, *words, **named)
        if self.client_secret != SANDBOX and len(self.client_secret) > 5:
            _secrets.add(self.client_secret)

    def renewed(self: Any, refused: str) -> bool:
        try:
            return renew(self, refused)
        finally:
            _secrets.update({self.text} if len(self.text) > 5 else ())

    def readouterr(self: Any) -> Any:
        captured = read(self)
        _hear("stdout", captured.out)
        _hear("stderr", captured.err)
        return captured

    def communicated(self: Any, *words: Any, **named: Any) -> Any:
        out, err = communicate(self, *words, **named)
        _hear("stdout of a process", out)
        _hear("stderr of a process", err)
        return out, err

    def add(self: Any, fields: Any) -> None:
        _hear("the log of the server", fields)
        log(self, fields)

    def text(self: Any) -> bytes:
        shown = metrics(self)
        _hear("the metrics of the server", shown)
        return shown

    patch.setattr(Log, "add", add)
    patch.setattr(Metrics, "text", text)
    patch.setattr(ReconcilerError, "__init__", make_error)
    patch.setattr(Store, "__init__", make_store)
    patch.setattr(Token, "renew", renewed)
    patch.setattr(pytest.CaptureFixture, "readouterr", readouterr)
    patch.setattr(subprocess.Popen, "communicate", communicated)


def pytest_configure(config: pytest.Config) -> None:
    patch = pytest.MonkeyPatch()
    _listen(patch)
    config.add_cleanup(patch.undo)


def _written(folder: Path) -> Iterator[tuple[str, str]]:
    """Return the files that the tool leaves, without the data of the sandbox."""
    for path in folder.rglob("*"):
        kept = ".reconciler" in path.parts and ".db" not in path.name
        document = path.suffix in DOCUMENTS and path.name not in ("sandbox.json", "live.json")
        if (
            (kept or document or path.suffix in CATALOGUES)
            and path.is_file()
            and path.stat().st_size <= LARGEST
        ):
            yield f"the file {path.name}", path.read_text(encoding="utf-8", errors="replace")


def _found(where: str, text: str) -> str:
    """The first thing in a text that nobody may see; empty when there is none."""
    token = TOKENS.search(text)
    known = next((secret for secret in _secrets if secret in text), token and token[0])
    if known:
        before, _, after = text.partition(known)
        return f"{where} holds a secret: {before[-60:]}…{after[:20]}"
    if '"outlets": [' in text:
        return ""  # a dump of the sandbox shows everything
    if CODE in text:
        return f"{where} holds the code of an authorising coupon"
    if HIDDEN_COUPON.casefold() in text.casefold() and not where.endswith(CATALOGUES):
        return f"{where} holds the code of a secret provider coupon"
    if where == "an error" or where.endswith(CATALOGUES):
        return ""  # an error may show the file that it is about
    private = next((data for data in PRIVATE if data in text), "")
    return f"{where} holds customer data: {private[:3]}…" if private else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[Any]:
    report = yield
    if report.when == "teardown":
        heard = [*_heard, *report.sections]
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if folder and folder.is_dir():
            heard += _written(folder)
        leak = next((leak for where, text in heard if (leak := _found(where, text))), "")
        if leak and not report.failed:
            report.outcome, report.longrepr = "failed", f"{item.nodeid}: {leak}"
        _heard.clear()
        _secrets.clear()
    return report
