"""`reconciler.yaml` and the environment: which store, with which credentials, which files."""

from __future__ import annotations

import textwrap
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.catalogue import loader as source
from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.errors import SourceError, StoreError, UsageError
from dealpos_reconciler.guardrails.rules import RULES

SECRET = "s3cret-of-the-shop"
REAL = """\
    store:
      url: https://shop.dealpos.net
      client_id: ${DEALPOS_CLIENT_ID}
      client_secret: ${DEALPOS_CLIENT_SECRET}
"""
CREDENTIALS = {"DEALPOS_CLIENT_ID": "me", "DEALPOS_CLIENT_SECRET": SECRET}

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A function from the text of reconciler.yaml (None: no file) and an environment."""

    def loading(text: str | None, environment: dict[str, str] | None = None) -> Settings:
        if text is not None:
            (tmp_path / "reconciler.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
        return settings.load(tmp_path, environment or {})

    return loading


def told(load: Load, text: str, environment: dict[str, str] | None = None) -> list[Any]:
    """`place: message` and hint of every problem of the file."""
    with pytest.raises(SourceError) as caught:
        load(text, environment)
    return [(str(p).removeprefix("reconciler.yaml:"), p.hint or "") for p in caught.value.problems]


# --- the file and the environment ---------------------------------------------------------------


def test_the_file_names_the_store_and_the_environment_its_credentials(load: Load) -> None:
    assert load(REAL, CREDENTIALS).store() == Store("https://shop.dealpos.net", "me", SECRET)


@pytest.mark.parametrize(
    ("name", "value", "store"),
    [
        ("DEALPOS_URL", "https://other.net", Store("https://other.net", "me", SECRET)),
        ("DEALPOS_CLIENT_ID", "you", Store("https://shop.dealpos.net", "you", SECRET)),
        ("DEALPOS_CLIENT_SECRET", "x", Store("https://shop.dealpos.net", "me", "x")),
        ("DEALPOS_URL", "", Store("https://shop.dealpos.net", "me", SECRET)),
        ("DEALPOS_URL", "sandbox", Store("sandbox", "sandbox", "sandbox")),
    ],
)
def test_the_environment_overrides_the_file(
    load: Load, name: str, value: str, store: Store
) -> None:
    text = """\
        store: {url: "https://shop.dealpos.net", client_id: "${A}", client_secret: "${B}"}
    """
    assert load(text, {"A": "me", "B": SECRET, name: value}).store() == store


def test_names_in_the_file_may_be_other_than_the_documented_ones(load: Load) -> None:
    text = """\
        store:
          url: https://${HOST}.dealpos.net
          client_id: ${ID}
          client_secret: ${FIRST}${SECOND}
        catalogue: ${CATALOGUE_WHERE}/files
    """
    environment = {"HOST": "shop", "ID": "me", "FIRST": "a", "SECOND": "b", "CATALOGUE_WHERE": "x"}
    loaded = load(text, environment)
    assert loaded.store() == Store("https://shop.dealpos.net", "me", "ab")
    assert loaded.catalogue == "x/files"


def test_the_environment_alone_is_a_store_for_what_needs_no_settings(tmp_path: Path) -> None:
    environment = {"DEALPOS_URL": "https://shop.dealpos.net", **CREDENTIALS}
    loaded = settings.load(tmp_path, environment, without_file=True)
    assert loaded.store().client_id == "me"
    assert loaded.catalogue == "catalogue"
    assert loaded.defaults == {}


def test_the_environment_of_the_process_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reconciler.yaml").write_text(textwrap.dedent(REAL), encoding="utf-8")
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    assert settings.load(tmp_path).store().client_secret == SECRET


@pytest.mark.parametrize(
    ("text", "catalogue"),
    [("store: {url: sandbox}", "catalogue"), ("catalogue: files", "files"), ("", "catalogue")],
)
def test_the_folder_of_the_files_is_a_setting(load: Load, text: str, catalogue: str) -> None:
    assert load(text).catalogue == catalogue


def test_defaults_are_kept_with_their_places(load: Load) -> None:
    defaults = load("store: {url: sandbox}\ndefaults:\n  variant: {type: Standard}").defaults
    assert defaults == {"variant": {"type": "Standard"}}
    assert defaults is not None
    assert (defaults["variant"].line, defaults["variant"].column) == (3, 12)


# --- which store --------------------------------------------------------------------------------


def test_the_sandbox_needs_no_credentials(load: Load) -> None:
    store = load("store: {url: sandbox}").store()
    assert store.embedded
    assert store == Store("sandbox", "sandbox", "sandbox")


@pytest.mark.parametrize("text", ["", "catalogue: x", "store: {}", "store: {url: ''}"])
def test_no_store_is_an_error_with_a_hint_and_never_the_sandbox(load: Load, text: str) -> None:
    loaded = load(text)
    with pytest.raises(StoreError, match="no store is configured") as caught:
        loaded.store()
    assert "DEALPOS_URL" in caught.value.hint
    # In braces an address needs quotes: libyaml takes no colon there.
    assert 'store: {url: "…"}' in caught.value.hint


@pytest.mark.parametrize("missing", sorted(CREDENTIALS))
def test_a_store_without_credentials_is_an_error_with_a_hint(load: Load, missing: str) -> None:
    environment = {name: value for name, value in CREDENTIALS.items() if name != missing}
    loaded = load(REAL, environment)
    with pytest.raises(
        StoreError, match=r"no credentials for https://shop\.dealpos\.net"
    ) as caught:
        loaded.store()
    assert caught.value.hint == f"set {missing} in the environment"


@pytest.mark.parametrize("environment", [{}, {"SHOP_URL": ""}])
def test_a_variable_without_a_value_that_names_the_store_is_named(
    load: Load, environment: dict[str, str]
) -> None:
    loaded = load("store: {url: '${SHOP_URL}'}", environment)
    with pytest.raises(StoreError) as caught:
        loaded.store()
    assert str(caught.value) == (
        "no store is configured: environment variable SHOP_URL is not set or empty"
    )
    assert caught.value.hint == (
        "set SHOP_URL, which `store.url` in reconciler.yaml names, or DEALPOS_URL"
    )


def test_variables_without_a_value_that_name_the_credentials_are_named(load: Load) -> None:
    store = "{url: 'https://shop.net', client_id: '${SHOP_ID}', client_secret: '${A_SECRET}'}"
    loaded = load(f"store: {store}", {"A_SECRET": ""})
    with pytest.raises(StoreError, match=r"no credentials for https://shop\.net") as caught:
        loaded.store()
    assert caught.value.hint == "set SHOP_ID and A_SECRET in the environment"


@pytest.mark.parametrize("text", [REAL, "store: {url: '${NO_SUCH_SHOP}'}"])
def test_files_can_be_validated_without_any_credentials(
    load: Load, tmp_path: Path, text: str
) -> None:
    loaded = load(text)
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "a.yaml").write_text("categories: [{name: A}]", encoding="utf-8")
    assert len(list(source.load(loaded))) == 1


ODD = (
    "the store URL contains characters that are not allowed in a host name "
    "(possible look-alike letters)"
)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://shop.dealpos.net", "https://shop.dealpos.net"),
        ("https://shop.dealpos.net/", "https://shop.dealpos.net"),
        ("https://shop.dealpos.net:8443", "https://shop.dealpos.net:8443"),
        ("http://localhost:8765", "http://localhost:8765"),
        ("http://127.0.0.1:8765/", "http://127.0.0.1:8765"),
        ("http://[::1]:8765", "http://[::1]:8765"),
        ("http://127.8.9.10:8765", "http://127.8.9.10:8765"),
        ("https://xn--kpi-jna.example", "https://xn--kpi-jna.example"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_address_is_a_host(load: Load, url: str, base: str) -> None:
    assert load("", {"DEALPOS_URL": url, **CREDENTIALS}).store().url == base


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("shop.dealpos.net", "the store URL is not valid", "https://yourshop.dealpos.net"),
        ("ftp://shop.dealpos.net", "the store URL is not valid", "https://yourshop"),
        ("https://", "the store URL is not valid", "https://yourshop"),
        ("https://shop:port", "the store URL is not valid", "https://yourshop"),
        ("https://[::1", "the store URL is not valid", "https://yourshop"),
        ("Sandbox", "the store URL is not valid", "https://yourshop"),
        (
            f"https://me:{SECRET}@shop.net",
            "the store URL contains a user name or password",
            "DEALPOS_CLIENT_SECRET",
        ),
        (f"https://{SECRET}@shop.net", "the store URL contains a user name or password", "DEALPOS"),
        (
            "https://shop.net/api/v3",
            "the store URL contains more than a host",
            "write https://shop.net",
        ),
        (
            "https://shop.net:8443/api",
            "the store URL contains more than a host",
            "write https://shop.net:8443",
        ),
        (
            f"https://shop.net?token={SECRET}",
            "the store URL contains more than a host",
            "write https://shop.net",
        ),
        (
            f"https://shop.net/#{SECRET}",
            "the store URL contains more than a host",
            "write https://shop.net",
        ),
        (
            "http://[::1]:8765/api",
            "the store URL contains more than a host",
            "write http://[::1]:8765",
        ),
        (
            "http://shop.dealpos.net",
            "refusing to use plain HTTP for shop.dealpos.net",
            "write https://",
        ),
        (
            "http://localhost.evil.example",
            "refusing to use plain HTTP for localhost.evil.example",
            "write https://",
        ),
        (
            "http://127.0.0.1.evil.example",
            "refusing to use plain HTTP for 127.0.0.1.evil.example",
            "write https://",
        ),
        *(
            (url, f"refusing to use plain HTTP for {host}", "write https://")
            for url, host in [
                ("http://128.0.0.1", "128.0.0.1"),
                ("http://2130706433", "2130706433"),
                ("http://127.1", "127.1"),
                ("http://0x7f.0.0.1", "0x7f.0.0.1"),
                ("http://[2001:db8::1]", "2001:db8::1"),
                ("http://localhost.", "localhost."),
            ]
        ),
        *(
            (url, ODD, "ASCII letters")
            for url in [
                "https://d\N{CYRILLIC SMALL LETTER IE}alpos.net",
                "http://\N{CIRCLED LATIN SMALL LETTER L}ocalhost",
                "https://shop.net\\.evil.example",
                "https://shop%2enet",
                "https://shop.net .evil.example",
            ]
        ),
        ("https://@shop.net", "the store URL contains a user name or password", "DEALPOS"),
        ("http://localhost@evil.net", "the store URL contains a user name or password", "DEALPOS"),
        ("http://0.0.0.0:80", "refusing to use plain HTTP for 0.0.0.0", "write https://"),
    ],
)
@pytest.mark.parametrize("environment", [CREDENTIALS, {}], ids=["with", "without credentials"])
def test_an_address_that_is_not_safe_is_refused_with_a_hint(
    load: Load, url: str, message: str, hint: str, environment: dict[str, str]
) -> None:
    with pytest.raises(StoreError) as caught:
        load("", {"DEALPOS_URL": url, **environment}).store()
    assert caught.value.message == message
    assert hint in caught.value.hint
    assert SECRET not in caught.value.message + caught.value.hint


# --- problems of the file -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("store: {url: sandbox}\nstor: 1", "2:1: unknown key `stor`", "did you mean `store`?"),
        (
            "zzz: 1",
            "1:1: unknown key `zzz`",
            "accepted: store, catalogue, layers, defaults, guardrails, prune, ledger, environment, "
            "timezone, provider, serve, hooks, notify",
        ),
        (
            "store:\n  url: sandbox\n  secret: x",
            "3:3: unknown key `secret`",
            "did you mean `client_secret`?",
        ),
        ("ledger: gti", "1:9: unknown ledger `gti`", "did you mean `git`?"),
        ("ledger: x", "1:9: unknown ledger `x`", "write none, file or git"),
        ("ledger: [git]", "1:9: `ledger` must be text", ""),
        ("store: sandbox", "1:8: `store` must be a mapping (key: value lines)", ""),
        ("store: [sandbox]", "1:8: `store` must be a mapping (key: value lines)", ""),
        ("store: {url: [a]}", "1:14: `url` must be text", ""),
        ("catalogue: [a]", "1:12: `catalogue` must be text", ""),
        ("defaults: []", "1:11: `defaults` must be a mapping (key: value lines)", ""),
        (
            "catalogue: ${CATALOGUE_NOWHERE}",
            "1:12: environment variable CATALOGUE_NOWHERE is not set",
            "set it",
        ),
        (
            "store: {url: 'https://${NOWHERE}.net'}",
            "1:14: environment variable NOWHERE is not set",
            "set it",
        ),
        ("store: {url: sandbox, url: x}", "1:23: duplicate key `url`, first on line 1", ""),
        ("- a", "1:1: must be a mapping", None),
        ("store: !x {}", "1:8: the YAML tag `!x` is not allowed", None),
    ],
)
def test_a_problem_names_its_place_and_a_way_out(
    load: Load, text: str, problem: str, hint: str | None
) -> None:
    ((found, offered),) = told(load, text)
    assert found == problem
    if hint is not None:
        assert offered == hint


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("guardrails: []", "1:13: `guardrails` must be a mapping (key: value lines)", ""),
        (
            "guardrails: {price-chnge: off}",
            "1:14: unknown guardrail `price-chnge`",
            "did you mean `price-change`?",
        ),
        ("guardrails: {zzz: off}", "1:14: unknown guardrail `zzz`", None),
        (
            "guardrails: {price-change: on}",
            "1:28: `guardrails.price-change` must be a mapping or off",
            "write `off`, or `{option: value}`",
        ),
        (
            "guardrails: {price-change: {max_precent: 5}}",
            "1:29: unknown key `max_precent`",
            "did you mean `max_percent`?",
        ),
        (
            "guardrails:\n  price-change:\n    max_percent: much",
            "3:18: `max_percent` must be a number in plain digits, such as 18000 (found `much`)",
            "",
        ),
        (
            "guardrails: {removals: {floor: 1.5}}",
            "1:32: `floor` must be a whole number (found `1.5`)",
            "",
        ),
        (
            "guardrails: {hidden-price: {declared: maybe}}",
            "1:39: `declared` must be true or false (found `maybe`)",
            "",
        ),
        (
            "guardrails: {coupon-below-cost: {ignore: Kitchen}}",
            "1:42: `ignore` must be a list (lines that start with a dash) (found `Kitchen`)",
            "",
        ),
        (
            "guardrails: {coupon-below-cost: {ignore: [Kitchen]}}",
            "1:42: `ignore` must be kind/name, such as variant/1003L (found `Kitchen`)",
            "",
        ),
        ("guardrails: {implied-category: {x: 1}}", "1:33: unknown key `x`", "it has no options"),
    ],
)
def test_a_problem_of_the_guardrails_names_its_place(
    load: Load, text: str, problem: str, hint: str | None
) -> None:
    ((found, offered),) = told(load, text)
    assert found == problem
    assert hint is None or offered == hint


def test_every_guardrail_is_on_with_its_limits_unless_a_file_says_otherwise(load: Load) -> None:
    assert load("catalogue: x").guardrails == {name: rule() for name, rule in RULES.items()}
    text = "guardrails: {removals: off, changes: 'false', price-change: {max_percent: 12.5}}"
    tuned = load(text).guardrails
    assert set(RULES) - set(tuned) == {"removals", "changes"}
    assert tuned["price-change"] == RULES["price-change"](max_percent=Decimal("12.5"))
    assert tuned["below-cost"] == RULES["below-cost"]()


@pytest.mark.parametrize("rule", RULES)
def test_a_guardrail_that_is_off_is_gone(load: Load, rule: str) -> None:
    assert set(load(f"guardrails: {{{rule}: off}}").guardrails) == set(RULES) - {rule}


def test_every_problem_is_told_at_once(load: Load) -> None:
    text = "stor: 1\nstore: {ur: x, client_secret: abc}\ncatalogue: [a]\ndefaults: x\n"
    assert len(told(load, text)) == 5


@pytest.mark.parametrize("written", [SECRET, f"{SECRET}${{X}}", f"${{X}}-{SECRET}", f"'{SECRET}'"])
@pytest.mark.parametrize("environment", [{}, {"X": "x"}, CREDENTIALS], ids=["none", "X", "own"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(
    load: Load, written: str, environment: dict[str, str]
) -> None:
    text = f"store:\n  url: https://shop.net\n  client_id: me\n  client_secret: {written}\n"
    found = told(load, text, environment)
    assert found[0][0] == "4:18: a client secret is written in the file"
    assert "DEALPOS_CLIENT_SECRET" in found[0][1]
    assert "replace the secret: git keeps the old one in its history" in found[0][1]
    assert SECRET not in str(found)


def test_a_client_id_may_stand_in_the_file(load: Load) -> None:
    text = "store: {url: 'https://shop.net', client_id: me, client_secret: '${S}'}"
    assert load(text, {"S": SECRET}).store().client_id == "me"


# --- secrets ------------------------------------------------------------------------------------


def test_a_store_does_not_show_its_credentials(load: Load) -> None:
    store = load(REAL, CREDENTIALS).store()
    assert repr(store) == "Store(url='https://shop.dealpos.net')"
    assert SECRET not in f"{store} {store!r} {[store]}"


@pytest.mark.parametrize(
    ("written", "concurrency"), [("", 8), (", concurrency: 1", 1), (", concurrency: '16'", 16)]
)
def test_the_requests_in_flight_are_set(load: Load, written: str, concurrency: int) -> None:
    text = f"{REAL}      {written.removeprefix(', ')}"
    assert load(text, CREDENTIALS).store().concurrency == concurrency
    alone = load(f"store: {{url: sandbox{written}}}").store()
    assert alone.concurrency == (concurrency if written else 1)


@pytest.mark.parametrize("written", ["0", "17", "-1", "1.5", "many", "true", "'', x", "[1]", "٣"])
def test_a_number_of_requests_out_of_bounds_is_a_problem(load: Load, written: str) -> None:
    with pytest.raises(SourceError) as caught:
        load(f"store: {{url: sandbox, concurrency: {written.partition(',')[0]}}}")
    (problem,) = caught.value.problems
    assert problem.message == "`concurrency` must be a whole number from 1 to 16"
    assert (problem.line, problem.column) == (1, 36)


def test_settings_do_not_show_credentials(load: Load) -> None:
    loaded = load(REAL, CREDENTIALS)
    assert SECRET not in f"{loaded} {loaded!r} {[loaded]}"


@pytest.mark.parametrize("url", ["nowhere", f"https://{SECRET}@shop.net", "http://shop.net"])
def test_no_traceback_shows_credentials(load: Load, url: str) -> None:
    with pytest.raises(StoreError) as caught:
        load("", {**CREDENTIALS, "DEALPOS_URL": url}).store()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None


# --- folders ------------------------------------------------------------------------------------


def test_a_folder_that_does_not_exist_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder not found") as caught:
        settings.load(tmp_path / "gone", {})
    assert "reconciler init" in caught.value.hint


def test_a_folder_without_settings_is_no_shop(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"is not a shop folder: reconciler\.yaml not found"
    ) as caught:
        settings.load(tmp_path, {})
    assert "reconciler init" in caught.value.hint


def test_a_folder_without_settings_is_refused_though_the_environment_names_a_store(
    tmp_path: Path,
) -> None:
    """A run without them would apply without guardrails and ledger."""
    with pytest.raises(UsageError) as caught:
        settings.load(tmp_path, {"DEALPOS_URL": "sandbox"})
    assert str(caught.value) == (
        f"DEALPOS_URL is set, but {tmp_path} has no reconciler.yaml with guardrails and ledger"
    )
    assert caught.value.hint == f"to use the defaults, run: touch {tmp_path}/reconciler.yaml"


@pytest.mark.parametrize("environment", [{}, {"DEALPOS_URL": "sandbox"}])
@pytest.mark.parametrize("without_file", [False, True])
@pytest.mark.parametrize(
    "name",
    ["reconciler.yml", "reconciler.YAML", "Reconciler.yaml", ".reconciler.yaml",
     "reconciler.yaml.txt"],
)  # fmt: skip
def test_settings_under_another_name_are_refused_with_both_names(
    tmp_path: Path, name: str, environment: dict[str, str], without_file: bool
) -> None:
    (tmp_path / name).write_text("ledger: file", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        settings.load(tmp_path, environment, without_file=without_file)
    assert str(caught.value) == (
        f"the settings in {tmp_path} are not read: {name} must be named reconciler.yaml"
    )
    paths = f"{tmp_path / name} {tmp_path / 'reconciler.yaml'}"
    assert caught.value.hint == f"to rename it, run: mv {paths}"


@pytest.mark.parametrize("name", ["reconciler.yml", "Reconciler.yaml"])
def test_two_settings_files_are_refused_with_both_names(
    load: Load, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("ledger: file", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load("catalogue: x")
    assert str(caught.value) == (f"{tmp_path} has two settings files: reconciler.yaml and {name}")
    assert caught.value.hint == f"keep the settings in reconciler.yaml, delete {name}"


def test_an_old_copy_beside_the_settings_is_no_settings_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml.orig").write_text("ledger: file", encoding="utf-8")
    assert load("catalogue: x").ledger == "none"


def test_a_settings_file_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_bytes(b"store: \xff")
    with pytest.raises(SourceError) as caught:
        settings.load(tmp_path, {})
    assert [str(p) for p in caught.value.problems] == ["reconciler.yaml:1:1: is not UTF-8 text"]


def test_a_ledger_is_kept_where_the_settings_say(load: Load) -> None:
    assert load("catalogue: x").ledger == "none"
    for name in ("none", "file", "git"):
        assert load(f"ledger: {name}").ledger == name
