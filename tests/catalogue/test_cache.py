"""The cache of parsed files: the same objects as without it, whatever lies in its folder."""

from __future__ import annotations

import marshal
import os
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.catalogue import cache as caching
from dealpos_reconciler.catalogue import loader, parallel, settings
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.errors import SourceError
from tests.support.shop import ROOT

FILES = {
    "drinks.yaml": """
        categories: [{name: Coffee}]
        products:
          - code: LATTE
            name: Latte
            category: Coffee
            variants:
              - code: LATTE-L
                model: Large
                unit_price: 18000.5
                outlet_prices: &kemang {Bandung: {price: 25000.25}}
              - {code: LATTE-S, model: Small, unit_price: 15000, outlet_prices: *kemang}
        """,
    "tea.yaml": "categories: [{name: Tea, was: Teh}]\n",
    "who.yaml": "categories: [{name: '${CATALOGUE_WHO}'}]\n",
    "again.yaml": "categories:\n- &a {name: Syrup}\ncoupons: []\noutlets: [{name: Bandung}]\n",
    "people.yaml": "customers: [&rina {code: KN-1, email: rina@example.com, name: Rina}]\n",
    "gone.yaml": "removed: [customer/sari-1]\n",
    "empty.yaml": "",
}
PARSED_EVERY_TIME = {"tea.yaml", "who.yaml", "people.yaml", "gone.yaml", "empty.yaml"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CATALOGUE_WHO", "Season")
    root = tmp_path / "shop"
    (root / "catalogue").mkdir(parents=True)
    (root / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    for name, content in FILES.items():
        (root / "catalogue" / name).write_text(content, encoding="utf-8")
    return root


def load(root: Path) -> tuple[Desired, set[str]]:
    """Return what the files declare, and the names of the files that were parsed for it."""
    parsing = parallel.start_parsing(root)
    assert parsing is not None
    pending = {path.name for path in parsing.pending}
    return loader.load(settings.load(root), parsing), pending


def cache_files(root: Path) -> list[Path]:
    return sorted((root.parent / "cache").rglob("*.bin"))


def test_a_second_run_parses_only_what_is_never_kept(folder: Path) -> None:
    first, parsed = load(folder)
    assert parsed == FILES.keys()
    second, parsed = load(folder)
    assert parsed == PARSED_EVERY_TIME
    assert second == first
    large = second[Address("variant", "LATTE-L")].value
    assert large["unit_price"] == Decimal("18000.5")
    assert large["outlet_prices"] == {"Bandung": {"price": Decimal("25000.25")}}


def test_one_run_loads_the_files_as_often_as_it_likes(folder: Path) -> None:
    first, _ = load(folder)
    parsing = parallel.start_parsing(folder)
    shop = settings.load(folder)
    assert [loader.load(shop, parsing) for _ in range(3)] == [first] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")
def test_two_processes_parse_what_the_cache_does_not_know(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = load(folder)
    monkeypatch.setattr(parallel, "MIN_PARALLEL_BYTES", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    parsing = parallel.start_parsing(folder)
    assert parsing is not None
    assert 0 < parsing.first < len(parsing.pending) < len(FILES)
    assert loader.load(settings.load(folder), parsing) == first


MORE = {
    "dated.yaml": "categories:\n"
    "  - {name: Iced, discontinued: [true, {from: 2026-01-01, value: false}]}\n",
    "first.yaml": "products:\n  - code: P\n    name: Plain\n    category: Coffee\n",
    "tens.yaml": "coupons: [{code: TEN, type: DiscountAmount, discount: 10, limit: 1}]\n",
    "rule.yaml": "allow: [{rule: price-change, reason: new, until: 2030-01-01}]\n",
}
PATCHES = {
    "defaults.yaml": "defaults: {variant: {taxable: true}}\n",
    "gap.yaml": "products:\n  - code: LATTE\n    variants:\n      - code: LATTE-L\n"
    "        outlet_prices: {Bandung: {extra_cost: 5}}\n",
    "omit.yaml": "categories: [{name: Food}]\nomit: [variant/LATTE-S]\n",
}
"""Files of a layer above; one holds an entry that only the layer below completes."""
MISTAKES = {
    "text": {"wrong.yaml": "products: [\n"},
    "value": {"wrong.yaml": "categories:\n  - name: Known\n    discontinued: perhaps\n"},
    "key": {"wrong.yaml": "categories:\n  - name: Known\n    colour: red\n"},
    "twice": {
        "a.yaml": "categories: [{name: Twice, discontinued: true}]\n",
        "z.yaml": "categories: [{name: Twice, discontinued: true}]\n",
    },
    "itself": {"self.yaml": "categories: [{name: Own, was: Own}]\n"},
}


def outcome(root: Path, monkeypatch: pytest.MonkeyPatch, own: int) -> Any:
    """Return what a first run finds whose own process parses so many of the files."""
    for path in cache_files(root):
        path.unlink()
    monkeypatch.setattr(parallel.Parsing, "_split", lambda self: own)
    try:
        found, _ = load(root)
    except SourceError as error:
        return list(error.problems)
    (path,) = cache_files(root)
    again, parsed = load(root)
    assert again == replace(found, schedule=again.schedule)
    return (
        found.objects,
        found.removals,
        found.allowances,
        sorted(marshal.loads(path.read_bytes()[32:])),
        parsed,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")
@pytest.mark.parametrize("layers", ["", "layers: [catalogue, patches]\n"])
@pytest.mark.parametrize("mistake", ["", *MISTAKES])
def test_a_second_process_validates_to_the_same_objects_and_problems(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mistake: str, layers: str
) -> None:
    files = FILES | MORE | MISTAKES.get(mistake, {})
    text = f"store: {{url: sandbox}}\ntimezone: Asia/Jakarta\n{layers}"
    (folder / "reconciler.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / "catalogue" / name).write_text(content, encoding="utf-8")
    (folder / "patches").mkdir()
    for name, content in PATCHES.items() if layers else ():
        (folder / "patches" / name).write_text(content, encoding="utf-8")
        files[f"patches/{name}"] = content
    alone = outcome(folder, monkeypatch, len(files))
    assert isinstance(alone, tuple) == (not mistake), alone
    for own in range(len(files)):
        assert outcome(folder, monkeypatch, own) == alone


@pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")
def test_a_second_process_delivers_what_the_cache_would_keep(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CACHE", "off")
    monkeypatch.setattr(parallel.Parsing, "_split", lambda self: 0)
    parsing = parallel.start_parsing(folder)
    assert parsing is not None
    assert {Path(f.name).name for f in parsing if f.known is None} == PARSED_EVERY_TIME


def test_a_changed_file_is_parsed_and_a_moved_object_is_at_its_new_line(folder: Path) -> None:
    load(folder)
    path = folder / "catalogue" / "drinks.yaml"
    path.write_text("# new\n" + path.read_text().replace("15000", "16000"), encoding="utf-8")
    found, parsed = load(folder)
    assert parsed == PARSED_EVERY_TIME | {"drinks.yaml"}
    small = found[Address("variant", "LATTE-S")]
    assert (small.value["unit_price"], small.source.line) == (16000, 13)
    path.rename(path.with_name("coffee.yaml"))
    moved, parsed = load(folder)
    assert "coffee.yaml" not in parsed
    assert moved[Address("variant", "LATTE-S")].source.file == "catalogue/coffee.yaml"


def test_settings_apply_to_what_is_known(folder: Path) -> None:
    load(folder)
    text = "store: {url: sandbox}\ndefaults: {variant: {taxable: true}}\n"
    (folder / "reconciler.yaml").write_text(text, encoding="utf-8")
    assert load(folder)[0][Address("variant", "LATTE-S")].value["taxable"] is True


def test_a_problem_between_a_known_and_a_new_file_is_found(folder: Path) -> None:
    load(folder)
    (folder / "catalogue" / "z.yaml").write_text("categories: [{name: Coffee}]\n", encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        load(folder)
    (problem,) = refused.value.problems
    assert problem.file == "catalogue/z.yaml"
    assert "declared twice, first at catalogue/drinks.yaml:2" in problem.message


@pytest.mark.parametrize("example", ["kopi-nusantara", "quickstart"])
def test_the_examples_are_the_same_from_the_cache(example: str, tmp_path: Path) -> None:
    root = ROOT / "examples" / example
    first, _ = load(root)
    second, parsed = load(root)
    assert second == first
    assert parsed <= {"customers.yaml", "promotions.yaml"}


def _flip(content: bytes) -> list[bytes]:
    steps = range(0, len(content), max(len(content) // 40, 1))
    return [content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :] for i in steps]


def test_no_damaged_cache_is_believed(folder: Path) -> None:
    true, _ = load(folder)
    (path,) = cache_files(folder)
    content = path.read_bytes()
    for damaged in [b"", content[:10], content[:-1], content + b"x", *_flip(content)]:
        path.write_bytes(damaged)
        found, parsed = load(folder)
        assert (found, parsed) == (true, set(FILES))


def _forge(path: Path, key: bytes) -> None:
    """Write a cache that says of one file what it does not say, signed with `key`."""
    known = caching.Cache(path, (path.parents[2] / "state/reconciler/cache.key").read_bytes())
    forged = caching.Cache(path.with_name("forged"), key)
    lie: Any = (0, [("category", 1, 1, "", {"name": "Nobody declared this"})])
    forged.save({next(iter(known._entries)): lie})
    path.write_bytes(forged.path.read_bytes())
    forged.path.unlink()


def test_a_cache_that_somebody_else_has_written_is_not_believed(folder: Path) -> None:
    true, _ = load(folder)
    (path,) = cache_files(folder)
    _forge(path, os.urandom(32))
    assert load(folder) == (true, set(FILES))
    # The forgery is one that is believed with the key of this user.
    _forge(path, (folder.parent / "state/reconciler/cache.key").read_bytes())
    assert Address("category", "Nobody declared this") in dict(load(folder)[0])


def test_another_version_of_the_code_reads_the_files_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder)
    monkeypatch.setattr(caching, "_code_version", lambda: b"another version")
    assert load(folder)[1] == FILES.keys()


@pytest.mark.skipif(os.name == "nt", reason="the folders of a user are private there")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_cache_that_others_can_read_or_write_is_not_believed(folder: Path, mode: int) -> None:
    load(folder)
    (path,) = cache_files(folder)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(mode)
    assert load(folder)[1] == FILES.keys()


@pytest.mark.skipif(os.name == "nt", reason="the folders of a user are private there")
def test_a_folder_that_others_can_write_to_holds_no_cache(folder: Path) -> None:
    load(folder)
    (folder.parent / "cache" / "reconciler").chmod(0o777)
    assert load(folder)[1] == FILES.keys()


def test_no_customer_and_no_value_of_the_environment_is_kept(folder: Path) -> None:
    load(folder)
    (path,) = cache_files(folder)
    content = path.read_bytes()
    assert b"LATTE" in content
    assert not any(word in content for word in (b"rina", b"sari", b"Season"))


@pytest.mark.parametrize(
    ("variables", "is_kept"),
    [
        ({}, True),
        ({"CI": "true"}, False),
        ({"CI": "true", "RECONCILER_CACHE": "on"}, True),
        ({"RECONCILER_CACHE": "off"}, False),
    ],
)
def test_ci_keeps_nothing_unless_it_is_asked_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_kept: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    load(folder)
    assert len(cache_files(folder)) == is_kept


def test_nothing_is_kept_inside_the_shop_or_its_repository(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / ".git").mkdir()
    load(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    load(folder)
    assert not [*folder.parent.rglob("*.bin")]


def test_a_cache_that_cannot_be_written_costs_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "cache").write_text("a file in the way", encoding="utf-8")
    true, _ = load(folder)
    assert load(folder) == (true, set(FILES))


def test_values_of_every_type_that_a_field_has_survive() -> None:
    entry: Any = [("variant", 1, 2, "P", {"a": 1, "b": "x", "c": True, "d": [Decimal("1.50")]})]
    plain: Any = [("variant", 1, 2, "P", {"a": {"b": {"c": ["x"]}}})]
    for each in (entry, plain):
        has_fractions, kept = marshal.loads(caching.dump_entry(each))
        assert (caching._thaw(kept) if has_fractions else kept) == each
