"""Provider coupons in plan, apply, audit and saved plans, against a store of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.audit import audit_plan
from dealpos_reconciler.core.plan.target import Scope
from dealpos_reconciler.core.provider.batch_codes import key_check
from dealpos_reconciler.core.provider.options import DEFAULT_STORE, ProviderSettings
from dealpos_reconciler.errors import ProviderError, ReleaseConflict, SourceError, UsageError
from dealpos_reconciler.provider import remote
from dealpos_reconciler.provider.remote import DirectProvider, ProviderState
from dealpos_reconciler.render.formats.json import plan_document
from dealpos_reconciler.render.formats.text import render_plan
from dealpos_reconciler.render.json import dumps
from dealpos_reconciler.render.view import PlanView
from dealpos_reconciler.workflows import plan_file
from dealpos_reconciler.workflows.approved_plan import recheck_plan
from dealpos_reconciler.workflows.provider.reading import connect_provider
from tests.support.provider import CODES_KEY, sell, uses_of
from tests.support.shop import ENVIRONMENT, ROOT, MakeShop, Shop

TEN = "  - {code: TEN, type: Amount, amount: 1000, limit: 9, until: 2027-01-31}\n"
TWO = "  - {code: TWO, type: Amount, amount: 2000, until: 2027-01-31}\n"
HIDDEN = TWO.replace("TWO", "'${CATALOGUE_CODE}'")
BATCH = (
    "  - {code: VISIT, type: Amount, amount: 1, until: 2027-01-31, codes: {count: 3, prefix: VK}}\n"
)
SETTINGS = "timezone: Asia/Jakarta\n"
REMOTE = f"{SETTINGS}provider: {{url: 'https://coupons.example.com'}}\n"


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    """A shop with two published provider coupons."""
    made = make_shop()
    made.configure(SETTINGS)
    made.write(f"provider_coupons:\n{TEN}{TWO}")
    assert made.apply().complete
    return made


def state_of(shop: Shop) -> ProviderState:
    return DirectProvider(str(shop.folder / DEFAULT_STORE), "here").read_state()


def published(shop: Shop) -> dict[str, Any]:
    release = state_of(shop).release
    assert release is not None
    return {coupon["code"]: coupon for coupon in json.loads(release.document)["coupons"]}


def number(shop: Shop) -> int:
    release = state_of(shop).release
    return release.number if release else 0


def text_of(shop: Shop) -> str:
    plan = shop.plan()
    return render_plan(plan, PlanView(usage=shop.cost(plan)))


def save(shop: Shop) -> Path:
    plan = shop.plan()
    file = shop.folder / "plan.json"
    document = plan_document(plan, PlanView(usage=shop.cost(plan)))
    plan_file.write_plan(file, json.loads(dumps(document)))
    return file


def recheck(shop: Shop, file: Path) -> Any:
    shop.made = recheck_plan(shop.open(shop.client()), plan_file.read_plan(file))
    return shop.made.plan


def answer(monkeypatch: pytest.MonkeyPatch, handler: Any) -> list[httpx.Request]:
    """Let the admin listener of a remote provider answer; return what it is asked."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found: httpx.Response = handler(request)
        return found

    def connect(**options: Any) -> httpx.Client:
        return httpx.Client(**{**options, "transport": httpx.MockTransport(handle)})

    own = SimpleNamespace(Client=connect, HTTPError=httpx.HTTPError)
    monkeypatch.setattr(remote, "httpx", own)
    monkeypatch.setenv(remote.ADMIN_TOKEN, "the admin token of the tests, long enough")
    return asked


# --- plan and apply -----------------------------------------------------------------------------


def test_a_plan_of_what_is_published_is_empty(shop: Shop) -> None:
    plan = shop.plan()
    assert (plan.changes, plan.publication, plan.empty) == ((), None, True)
    assert audit_plan(plan).clean
    assert number(shop) == 1


def test_settings_alone_are_a_release_of_their_own(shop: Shop) -> None:
    shop.configure(f"{SETTINGS}provider: {{hold: 5m, language: id}}\n")
    plan = shop.plan()
    assert (plan.changes, plan.empty, plan.settled) == ((), False, False)
    assert "Provider: hold 10m → 5m, language en → id; release 1 → 2" in text_of(shop)
    assert audit_plan(plan).notes == (
        "the published release differs: hold 10m → 5m",
        "the published release differs: language en → id",
    )
    report = shop.apply()
    assert report.complete
    assert report.outcomes == ()
    assert number(shop) == 2
    assert shop.plan().empty


def test_an_edit_keeps_the_uses_and_a_removal_too(shop: Shop) -> None:
    store = shop.folder / DEFAULT_STORE
    sell(store, "ten", used=3)
    shop.write(f"provider_coupons:\n{TEN.replace('9', '2')}{TWO}")
    assert "used 3\n    closed: 3 of 2 used\n" in text_of(shop)
    assert shop.apply().complete
    shop.write(
        f"provider_coupons:\n{TWO}removed: [{{address: provider_coupon/TEN, delete: true}}]\n"
    )
    assert shop.apply().complete
    assert list(published(shop)) == ["TWO"]
    assert uses_of(store) == {"ten": 3}
    shop.write(f"provider_coupons:\n{TEN}{TWO}")
    assert shop.apply().complete
    assert uses_of(store) == {"ten": 3}


def test_a_partial_plan_publishes_its_coupons_and_leaves_the_others(shop: Shop) -> None:
    shop.write(f"provider_coupons:\n{TEN.replace('1000', '7')}{TWO.replace('2000', '8')}")
    made = shop.make(scope=Scope(("provider_coupon/TWO",)))
    assert [str(change.address) for change in made.plan.changes] == ["provider_coupon/TWO"]
    assert shop.apply(made.plan).complete
    amounts = {code: coupon["amount"] for code, coupon in published(shop).items()}
    assert amounts == {"TEN": 1000, "TWO": 8}


def test_an_undeclared_coupon_stays_published_and_a_scope_prunes_it(shop: Shop) -> None:
    shop.write(f"provider_coupons:\n{TEN}")
    plan = shop.plan()
    assert plan.empty
    assert [str(address) for address in plan.unmanaged] == ["provider_coupon/TWO"]
    shop.configure(f"{SETTINGS}prune: [{{kinds: [provider_coupon], delete: true}}]\n")
    assert shop.apply().complete
    assert list(published(shop)) == ["TEN"]


def test_a_key_that_leaves_the_file_is_a_condition_less(shop: Shop) -> None:
    shop.write(f"provider_coupons:\n{TEN.replace(', limit: 9', '')}{TWO}")
    (change,) = shop.plan().changes
    (field,) = change.fields
    assert (field.name, field.before, field.after) == ("limit", 9, None)
    assert shop.apply().complete
    assert "limit" not in published(shop)["TEN"]
    assert shop.plan().empty


def test_another_codes_key_replaces_a_batch(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    shop.write(f"provider_coupons:\n{BATCH}")
    assert shop.apply().complete
    assert shop.plan().empty
    monkeypatch.setenv("RECONCILER_CODES_KEY", f"another {CODES_KEY}")
    (change,) = shop.plan().changes
    assert change.action.value == "replace"
    assert "all printed codes stop working" in change.reason


@pytest.mark.parametrize("coupon", [BATCH, TEN.replace("limit: 9", "limit_per_customer: 1")])
def test_without_a_codes_key_no_batch_and_no_limit_of_a_customer_is_planned(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, coupon: str
) -> None:
    monkeypatch.delenv("RECONCILER_CODES_KEY", raising=False)
    shop.write(f"provider_coupons:\n{coupon}")
    with pytest.raises(UsageError, match="RECONCILER_CODES_KEY is not set"):
        shop.plan()
    monkeypatch.setenv("RECONCILER_CODES_KEY", "short")
    with pytest.raises(UsageError, match="RECONCILER_CODES_KEY is too short"):
        shop.plan()


def test_a_release_without_the_codes_key_keeps_that_of_undeclared_batches(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server with another key would load the release and know none of their codes."""
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    shop.write(f"provider_coupons:\n{BATCH}")
    assert shop.apply().complete
    monkeypatch.delenv("RECONCILER_CODES_KEY")
    shop.write(f"provider_coupons:\n{TWO.replace('2000', '3000')}")
    assert shop.apply().complete
    assert "VISIT" in published(shop)
    release = state_of(shop).release
    assert release is not None
    assert json.loads(release.document)["key_check"] == key_check(CODES_KEY.encode())


def test_a_phone_number_that_may_be_of_two_customers_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings name the country: none is assumed."""
    monkeypatch.setenv("RECONCILER_CODES_KEY", CODES_KEY)
    each = TEN.replace("limit: 9", "limit_per_customer: 1")
    hidden = each.replace("TEN", "HUSH77").replace("}", ", secret: true}")
    shop.write(f"provider_coupons:\n{hidden}{each}")
    (note,) = [note for note in shop.plan().notes if "phone_country" in note]
    assert note.startswith("provider_coupon/#")
    assert " and 1 more: a phone number with its country code" in note
    shop.write(f"provider_coupons:\n{hidden}")
    (note,) = [note for note in shop.plan().notes if "phone_country" in note]
    assert note.startswith("provider_coupon/")
    assert "HUSH77" not in note
    for text in (f"{SETTINGS}provider: {{phone_country: '62'}}\n", SETTINGS):
        shop.configure(text)
        shop.write(f"provider_coupons:\n{each if 'phone' in text else TEN}")
        assert not [note for note in shop.plan().notes if "phone_country" in note]


def test_a_mistake_is_told_at_its_line(shop: Shop) -> None:
    shop.write(f"provider_coupons:\n{TEN}coupons:\n  - {{code: ten, type: DiscountAmount}}\n")
    with pytest.raises(SourceError) as caught:
        shop.desired()
    (problem,) = caught.value.problems
    assert str(problem).startswith(
        "catalogue/shop.yaml:2:12: provider_coupon/TEN has the same code"
    )


def test_a_code_from_the_environment_is_published_and_never_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "CATALOGUE_CODE", "S3CRETCODE")
    shop.write(f"provider_coupons:\n{TEN}{HIDDEN}")
    assert "S3CRETCODE" not in text_of(shop)
    assert "provider_coupon/(from CATALOGUE_CODE)" in text_of(shop)
    file = save(shop)
    assert "S3CRETCODE" not in file.read_text(encoding="utf-8")
    recheck(shop, file)
    report = shop.apply(shop.made.plan)
    assert report.complete, report
    assert "S3CRETCODE" in published(shop)
    assert "S3CRETCODE" not in str(report)
    assert shop.plan().empty
    # An entry that leaves the file takes its mask along; the release keeps one.
    shop.write(f"provider_coupons:\n{TEN}")
    assert "S3CRETCODE" not in text_of(shop)
    assert "provider_coupon/(secret)" in text_of(shop)
    shop.write(f"provider_coupons:\n{TEN.replace('1000', '900')}")
    assert shop.apply().complete
    assert "S3CRETCODE" in published(shop)
    assert "S3CRETCODE" not in text_of(shop)


@pytest.mark.parametrize(
    ("store", "place"),
    [
        ("data/coupons.db", "data/coupons.db"),
        ("postgresql://me:s3cret@db.example.com/coupons", "the database at db.example.com"),
        ("postgresql:///coupons?password=s3cret", "the database at localhost"),
        ("postgresql://[::1", "a database"),
    ],
)
def test_a_store_is_named_without_its_password(shop: Shop, store: str, place: str) -> None:
    known = replace(shop.settings, provider=ProviderSettings(store=store))
    assert connect_provider(known).place == place


# --- saved plans --------------------------------------------------------------------------------


def test_a_saved_plan_publishes_what_was_approved_once(shop: Shop) -> None:
    shop.write(f"provider_coupons:\n{TEN.replace('9', '5')}{TWO}")
    file = save(shop)
    assert len(recheck(shop, file).changes) == 1
    assert shop.apply(shop.made.plan).complete
    again = recheck(shop, file)
    assert (again.changes, again.publication) == ((), None)
    assert [skipped.reason for skipped in again.done] == ["already in place"]
    assert number(shop) == 2


def test_a_saved_plan_does_not_publish_settings_that_nobody_approved(shop: Shop) -> None:
    shop.write(f"provider_coupons:\n{TEN.replace('9', '5')}{TWO}")
    file = save(shop)
    shop.configure(f"{SETTINGS}provider: {{hold: 5m}}\n")
    plan = recheck(shop, file)
    assert (plan.changes, plan.publication) == ((), None)
    assert "the release would not be the approved one" in plan.stale[0].reason


def test_a_saved_plan_of_settings_alone_follows_its_release(shop: Shop) -> None:
    shop.configure(f"{SETTINGS}provider: {{hold: 5m}}\n")
    file = save(shop)
    assert recheck(shop, file).publication.number == 2
    shop.write(f"provider_coupons:\n{TEN.replace('9', '5')}{TWO}")
    assert shop.apply().complete
    with pytest.raises(ReleaseConflict, match="release 2 was published since the plan was saved"):
        recheck(shop, file)


# --- a provider behind a URL --------------------------------------------------------------------


def test_a_provider_that_does_not_answer_is_unknown_and_nothing_is_published(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    asked = answer(monkeypatch, refuse)
    shop.configure(REMOTE)
    shop.write(f"provider_coupons:\n{TEN.replace('9', '5')}outlets: [{{name: Dago}}]\n")
    plan = shop.plan()
    assert dict((str(a), why) for a, why in plan.unknown) == {
        "provider_coupon/TEN": "coupons.example.com did not answer: connection refused"
    }
    assert [str(change.address) for change in plan.changes] == ["outlet/Dago"]
    assert not audit_plan(plan).clean
    assert shop.apply(plan).complete
    assert [request.method for request in asked] == ["GET"]


def test_a_remote_provider_needs_its_token(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(remote.ADMIN_TOKEN, raising=False)
    shop.configure(REMOTE)
    with pytest.raises(ProviderError, match="RECONCILER_ADMIN_TOKEN is not set"):
        shop.plan()


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_answer_is_settled_by_reading(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    """The connection breaks after the request: the state tells if the release is there."""
    shown: dict[str, Any] = {"release": None, "usage": {}}

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=shown)
        if arrives:
            told = json.loads(request.content)
            moment = "2027-01-01T00:00:00Z"
            shown["release"] = {**told, "number": 1, "digest": "", "published": moment}
        raise httpx.ReadTimeout("timed out")

    answer(monkeypatch, handle)
    shop.configure(REMOTE)
    report = shop.apply()
    assert report.complete is arrives
    assert {outcome.status for outcome in report.outcomes} == {"applied" if arrives else "failed"}


def test_a_provider_that_goes_away_while_it_publishes_is_told_as_unknown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT" or gone:
            gone.append(request)
            raise httpx.ReadTimeout("timed out")
        return httpx.Response(200, json={"release": None, "usage": {}})

    answer(monkeypatch, handle)
    shop.configure(REMOTE)
    report = shop.apply()
    assert report.published is not None
    assert report.published.lost
    assert {outcome.status for outcome in report.outcomes} == {"unverified"}
    assert "may be published or not" in report.published.message


# --- a shop without it --------------------------------------------------------------------------


def test_a_shop_without_provider_coupons_pays_nothing(tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    (tmp_path / "catalogue" / "a.yaml").write_text("outlets: [{name: Dago}]\n", encoding="utf-8")
    program = (
        "import sys; from dealpos_reconciler.cli.main import cli\n"
        "cli(['apply', sys.argv[1], '--auto-approve'], standalone_mode=False)\n"
        "names = ('dealpos_reconciler.provider', 'dealpos_reconciler.serve', 'starlette',"
        " 'psycopg', 'dealpos_reconciler.workflows.provider')\n"
        "found = [m for m in sys.modules if m.startswith(names)]\n"
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "DEALPOS_URL": "sandbox"},
    )
    assert ran.returncode == 0, ran.stderr
    assert not (tmp_path / ".provider").exists()


def test_reading_does_not_create_a_store(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.configure(SETTINGS)
    shop.write(f"provider_coupons:\n{TEN}")
    assert len(shop.plan().changes) == 1
    assert not (shop.folder / ".provider").exists()
