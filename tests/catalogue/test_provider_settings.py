"""`timezone:`, `provider:` and `serve:` of reconciler.yaml."""

from __future__ import annotations

import textwrap
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.core.provider.options import (
    ListenAddress,
    ProviderSettings,
    ServeSettings,
    TillOptions,
)
from dealpos_reconciler.errors import ProviderError, SourceError

EVERYTHING = """\
    timezone: Asia/Jakarta
    provider:
      url: https://coupons.example.com/
      store: ${RECONCILER_PROVIDER_DSN}
      hold: 90s
      reentry: same-outlet
      reject_status: 200
      void_returns_use: false
      phone_country: "+62"
      durable_holds: true
      language: id
      messages: {used_up: Kuota habis}
    serve:
      listen: 127.0.0.1:80
      admin: "[::1]:81"
      proxies: [127.0.0.1]
      allow: [10.0.0.0/8, "2001:db8::/32"]
"""
DSN = "postgresql://me:s3cret@db/coupons"


def load(folder: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    (folder / "reconciler.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    return settings.load(folder, environment or {})


def test_every_key_is_read(tmp_path: Path) -> None:
    loaded = load(tmp_path, EVERYTHING, {"RECONCILER_PROVIDER_DSN": DSN})
    options = TillOptions(
        timedelta(seconds=90), "same-outlet", 200, False, "62", "id", {"used_up": "Kuota habis"}
    )
    assert loaded.provider == ProviderSettings("https://coupons.example.com", DSN, options, True)
    assert loaded.serve == ServeSettings(
        ListenAddress("127.0.0.1", 80),
        ListenAddress("::1", 81),
        (ip_network("127.0.0.1"),),
        (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")),
    )
    assert str(loaded.serve.admin) == "[::1]:81"
    assert loaded.timezone is not None
    assert datetime(2027, 4, 5, tzinfo=loaded.timezone).isoformat() == "2027-04-05T00:00:00+07:00"
    assert loaded.provider_store() == DSN
    assert "s3cret" not in repr(loaded)


@pytest.mark.parametrize("text", ["", "provider: {}\nserve: {}"])
def test_everything_has_a_default(tmp_path: Path, text: str) -> None:
    loaded = load(tmp_path, text)
    assert (loaded.timezone, loaded.provider) == (None, ProviderSettings())
    assert (str(loaded.serve.listen), str(loaded.serve.admin)) == (
        "127.0.0.1:8080",
        "127.0.0.1:8081",
    )
    assert loaded.provider.options.hold == timedelta(minutes=10)
    assert loaded.provider_store() == str(tmp_path / ".provider" / "provider.db")


def test_a_store_without_a_value_is_an_error_when_it_is_needed(tmp_path: Path) -> None:
    loaded = load(tmp_path, EVERYTHING)
    with pytest.raises(ProviderError, match="RECONCILER_PROVIDER_DSN is not set") as caught:
        loaded.provider_store()
    assert "`provider.store` in reconciler.yaml" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("timezone: Asia/Jakata", "1:11: unknown time zone `Asia/Jakata`", "did you mean"),
        ("timezone: ../etc/passwd", "1:11: unknown time zone `../etc/passwd`", ""),
        ("timezone: [UTC]", "1:11: unknown time zone", ""),
        ("provider: []", "1:11: `provider` must be a mapping (key: value lines)", ""),
        ("serve: x", "1:8: `serve` must be a mapping (key: value lines)", ""),
        ("provider: {hodl: 1m}", "1:12: provider: unknown key `hodl`", "did you mean `hold`?"),
        (
            "provider:\n  hold: 10",
            "2:9: provider: `hold` must be a number with a unit, such as 90s, 10m or 2h",
            "",
        ),
        (
            "provider: {hold: 2d}",
            "1:18: provider: `hold` must be longer than 0 and at most a day",
            "",
        ),
        ("provider: {hold: 0s}", "1:18: provider: `hold` must be longer than 0", ""),
        (
            "provider: {reentry: same-outlets}",
            "1:21: provider: `reentry` must be one of refuse, same-customer, same-outlet",
            "did you mean `same-outlet`?",
        ),
        (
            "provider: {reject_status: 500}",
            "1:27: provider: `reject_status` must be one of 200, 400, 404, 422",
            "",
        ),
        ("provider: {void_returns_use: maybe}", "1:30: provider: `void_returns_use` must be", ""),
        ("provider: {phone_country: Indonesia}", "1:27: provider: `phone_country` must be", ""),
        ("provider: {language: de}", "1:22: provider: `language` must be one of en, id", ""),
        ("provider: {messages: x}", "1:22: provider: `messages` must be a mapping", ""),
        (
            "provider: {messages: {usedup: x}}",
            "1:23: unknown reason `usedup`",
            "did you mean `used_up`?",
        ),
        ("provider: {messages: {over: ''}}", "1:29: `over` must be a text of at most 200", ""),
        (
            "provider: {messages: {over: 'until {day}'}}",
            "1:29: `over` has the unknown placeholder {day}",
            "write one of {code}, {date}, {outlet}",
        ),
        (
            "provider: {url: 'http://coupons.example.com'}",
            "1:17: provider: refusing to use plain HTTP for coupons.example.com",
            "write https://",
        ),
        (
            "provider: {url: 'https://coupons.example.com/admin'}",
            "1:17: provider: the provider URL contains more than a host",
            "write https://coupons.example.com",
        ),
        (
            "provider: {url: '${NOWHERE}'}",
            "1:17: provider: environment variable NOWHERE is not set",
            "set it",
        ),
        (
            "provider: {store: 'postgresql://me:s3cret@db/coupons'}",
            "1:19: provider: a password is written in the file",
            "write ${RECONCILER_PROVIDER_DSN}",
        ),
        ("provider: {store: 'mysql://db/x'}", "1:19: provider: `store` must be a file or a", ""),
        ("serve: {lisen: x}", "1:9: serve: unknown key `lisen`", "did you mean `listen`?"),
        (
            "serve: {listen: '8080'}",
            "1:17: serve: `listen` must be host:port, such as 127.0.0.1:8080",
            "",
        ),
        ("serve: {admin: '127.0.0.1:70000'}", "1:16: serve: `admin` must be host:port", ""),
        ("serve: {allow: [10.0.0.300]}", "1:16: serve: `", ""),
        ("serve: {proxies: here}", "1:18: serve: `proxies` must be a list", ""),
    ],
)
def test_a_problem_names_its_place_and_a_way_out(
    tmp_path: Path, text: str, problem: str, hint: str
) -> None:
    with pytest.raises(SourceError) as caught:
        load(tmp_path, text)
    (found,) = caught.value.problems
    assert str(found).removeprefix("reconciler.yaml:").startswith(problem)
    assert hint in (found.hint or "")
    assert "s3cret" not in f"{found} {found.hint}"
