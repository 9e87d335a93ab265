"""A file that a hand or a broken disk has damaged ends in a sentence, or counts as not there.

Every file that a run reads back is damaged in hundreds of ways, the same ones in every run of the
tests. `make fuzz` tries more of them.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.core.audit import audit_plan
from dealpos_reconciler.errors import LedgerConflict, ReconcilerError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.git import GitBackend
from dealpos_reconciler.render.formats import html, markdown, text
from dealpos_reconciler.render.formats import json as json_format
from dealpos_reconciler.render.view import AuditView, PlanView
from dealpos_reconciler.workflows import plan_file
from dealpos_reconciler.workflows.apply import apply_plan
from dealpos_reconciler.workflows.approved_plan import recheck_plan
from dealpos_reconciler.workflows.connect import connect, dump_sandbox
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import PlannedRun, make_plan
from tests.support.deep import amount
from tests.support.mutants import mutate
from tests.support.shop import ENVIRONMENT, Shop
from tests.support.story import saved_document

MUTANTS = int(os.environ.get("MUTANTS", amount(25, 60)))

SEED: dict[str, Any] = {
    "outlets": [{"Name": "Kemang"}],
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "P",
            "Name": "Tea",
            "Category": "Drinks",
            "Variants": [{"Code": "PA", "Model": "Box", "UnitPrice": 100}],
        }
    ],
    "customers": [{"Code": "C", "Name": "One", "Email": "o@example.com"}],
    "coupons": [{"Code": "K", "Type": "DiscountAmount", "Discount": 5, "Limit": 10, "Balance": 7}],
}
FILES = """\
categories: [{name: Drinks}]
outlets: [{name: Kemang}]
products:
  - code: P
    name: Tea
    category: Drinks
    variants: [{code: PA, model: Box, unit_price: 120, outlet_prices: {Kemang: {price: 130}}}]
customers: [{code: C, name: Two, email: o@example.com}]
coupons:
  - {code: K, type: DiscountAmount, discount: 6, limit: 10, minimum_amount: 0}
"""
CHANGED = (("unit_price: 120", "unit_price: 140"), ("discount: 6", "discount: 7"))
COUPON = {"code": "K", "type": "DiscountAmount", "discount": 5, "limit": 10, "minimum_amount": 0}
JOURNAL = {
    "sandbox": {
        "coupon/K": {
            "before": COUPON,
            "after": {**COUPON, "discount": 6, "limit": 7},
            "carried": {"limit": [10, 7]},
            "gone": False,
            "lost": False,
        },
        "births": ["variant/PA"],
        "uses": {"coupon/K": {"used": 3, "limit": 10}},
        "run": "4f1c",
    }
}
KEPT = {
    "sandbox": {
        "variant/PA": [{"path": ["model"], "written": "Box ", "kept": "Box"}],
        "product/P": [{"path": ["name"], "written": "tea", "kept": "Tea"}],
        "coupon/K": [{"path": ["discount"], "written": 6.5, "kept": 6}],
    }
}
JOURNAL["sandbox"]["attempts"] = {
    "coupon/K": {"written": ["discount"], "live": ["a", "b"], "reason": "it is cut"}
}
TENANT = {
    "sandbox": {
        "routes": {"product.list": "POST /Product/p", "coupon.by_code": "GET /PromotionCoupon/X"},
        "rows": {"product.list": 100},
        "size": 100,
        "births_hold": True,
    }
}


class Desk:
    """A shop with a ledger in which every file of a run is there, to be damaged one at a time."""

    def __init__(self, folder: Path) -> None:
        self.shop = Shop(folder, SEED)
        self.shop.twin.sleep = lambda seconds: None
        self.shop.configure("ledger: file\n")
        self.shop.write(FILES)
        assert self.shop.apply().complete
        changed = FILES
        for old, new in CHANGED:
            changed = changed.replace(old, new)
        self.shop.write(changed)
        for name, content in (
            ("journal.json", JOURNAL),
            ("kept.json", KEPT),
            ("tenant.json", TENANT),
        ):
            (folder / ".reconciler" / name).write_text(json.dumps(content))
        self.saved = self.shop.twin.store.copy()
        self.files = {path: path.read_bytes() for path in self._state()}

    def _state(self) -> list[Path]:
        folder = self.shop.folder
        return [*folder.glob(".reconciler/*.json"), folder / "reconciler.ledger.json"]

    def restore(self) -> None:
        """Bring shop and files back to the state before a run."""
        for path in self._state():
            path.unlink(missing_ok=True)
        for path, content in self.files.items():
            path.write_bytes(content)
        self.saved._db.backup(self.shop.twin.store._db)

    def plan(self) -> None:
        """Plan and audit, print both in every format, and apply."""
        with self.shop.client() as client:
            opened = self.shop.open(client)
            client.routes.tenant = type(client.routes.tenant)()
            run = self.shop.make(client)
            show(run)
            self.shop.apply(run.plan, client)
            opened.save_profile()


def show(run: PlannedRun) -> None:
    """Print a plan and its audit as people and programs read them."""
    view = PlanView(kinds=KINDS, usage=run.usage)
    for made in (text, json_format, markdown, html):
        made.render_plan(run.plan, view)
        made.render_audit(audit_plan(run.plan), AuditView(kinds=KINDS, requests=1, seconds=1))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "shop")
    with closing(made.shop.twin.store):
        yield made


def survive(name: str, read: Callable[[], None], failed: list[str]) -> None:
    """Run what reads a damaged file; note anything that is no sentence."""
    try:
        with suppress(ReconcilerError):
            read()
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        failed.append(f"{where} {type(error).__name__}: {str(error)[:60]!a} by: {name}")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "file",
    [
        ".reconciler/journal.json",
        ".reconciler/kept.json",
        ".reconciler/tenant.json",
        "reconciler.ledger.json",
    ],
)
def test_a_damaged_file_ends_in_a_sentence(desk: Desk, file: str) -> None:
    path = desk.shop.folder / file
    failed: list[str] = []
    for name, content in mutate(json.loads(path.read_bytes()), 1, MUTANTS):
        desk.restore()
        path.write_bytes(content)
        survive(name, desk.plan, failed)
    assert not failed, f"{len(failed)} of {MUTANTS}: " + "\n".join(sorted(failed))


@pytest.mark.timeout(3600)
def test_a_damaged_plan_with_a_new_digest_ends_in_a_sentence(desk: Desk, tmp_path: Path) -> None:
    """Somebody edits the file and computes the checksum again."""
    desk.restore()
    (desk.shop.folder / ".reconciler" / "journal.json").unlink()
    planned = saved_document(desk.shop, desk.shop.plan())
    path = tmp_path / "plan.json"

    def read() -> None:
        with desk.shop.client() as client:
            opened = desk.shop.open(client)
            made = recheck_plan(opened, plan_file.read_plan(path))
            show(made)
            apply_plan(opened, made)

    plan_file.write_plan(path, planned)
    read()
    failed: list[str] = []
    for name, content in mutate(planned, 1, MUTANTS):
        desk.restore()
        (desk.shop.folder / ".reconciler" / "journal.json").unlink()
        path.write_bytes(content)
        with suppress(ValueError, AttributeError, RecursionError, TypeError):
            sealed = plan_file.sign(json.loads(content, parse_float=Decimal))
            path.write_text(json.dumps(sealed, default=float))
        survive(name, read, failed)
    assert not failed, f"{len(failed)} of {MUTANTS}: " + "\n".join(sorted(failed))


@pytest.mark.timeout(3600)
def test_a_damaged_sandbox_ends_in_a_sentence(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes are changed anywhere in the database, and texts in its rows."""
    path = desk.shop.folder / ".reconciler" / "sandbox.db"
    sandbox.refill(path, SEED)
    whole = path.read_bytes()
    chosen = random.Random(1)
    forms: list[tuple[str, bytes]] = [("empty", b""), ("text", b"x" * 5000), ("cut", whole[:5000])]
    for _ in range(MUTANTS // 3):
        place = chosen.randrange(len(whole))
        forms.append((f"byte {place}", whole[:place] + b"\xff" + whole[place + 1 :]))
        place = chosen.randrange(len(whole) - 600)
        forms.append((f"hole {place}", whole[:place] + bytes(600) + whole[place + 600 :]))
        forms.append((f"cut at {place}", whole[:place]))
    failed: list[str] = []

    def plan() -> None:
        shop = settings.load(desk.shop.folder, ENVIRONMENT)
        with connect(shop) as client:
            make_plan(OpenShop(shop, client))

    def survive_all(name: str) -> None:
        survive(f"plan {name}", plan, failed)
        dump = partial(dump_sandbox, settings.load(desk.shop.folder, ENVIRONMENT))
        survive(f"show {name}", dump, failed)

    desk.restore()
    (desk.shop.folder / ".reconciler" / "journal.json").unlink()
    for name, content in forms:
        for suffix in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(content)
        survive_all(name)
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as database:
        (found,) = database.execute("SELECT payload FROM product").fetchone()
    for name, payload in mutate(json.loads(found), 1, MUTANTS // 3):
        path.write_bytes(whole)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE product SET payload = ?", (payload.decode("latin-1"),))
        survive_all(f"payload {name}")
    assert capsys.readouterr().err == ""
    assert not failed, f"{len(failed)}: " + "\n".join(sorted(failed))


@pytest.mark.timeout(3600)
def test_a_damaged_lock_in_git_ends_in_a_sentence(tmp_path: Path) -> None:
    """The lock holds all the same: a run that it does not name may be writing."""
    for words in (["init", "-q", "--bare", tmp_path / "origin"], ["clone", "-q", "origin", "shop"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, stderr=subprocess.DEVNULL)
    home = GitBackend(tmp_path / "shop", "sandbox")
    lease = {"since": "2026-06-01T00:00:00Z", "until": "2999-01-01T00:00:00Z", "run": "4f1c"}
    failed: list[str] = []
    tip = ""
    for name, content in mutate(lease, 1, MUTANTS // 3):
        text = content.decode("latin-1") or "{}"
        made = home.repository.commit({"lease.json": text}, "", "applying")
        home.repository.move(home.ref, made, tip)
        home.repository.set_local(home.ref, home.repository.commit({}, "", "behind"))
        tip = made

        def take() -> None:
            with pytest.raises(LedgerConflict) as caught:
                home.take(home.read(), lease["until"])
            assert "--force-unlock" in caught.value.hint

        survive(name, take, failed)
    assert not failed, f"{len(failed)} of {MUTANTS}: " + "\n".join(sorted(failed))
