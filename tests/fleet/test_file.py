"""A fleet file: every problem of it at its line and column, all at once."""

from __future__ import annotations

import json
import textwrap
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from dealpos_reconciler.catalogue.fleet.fleet_file import check_override, load_fleet
from dealpos_reconciler.core.fleet.fleet import Fleet, WaveGate, select_members
from dealpos_reconciler.errors import SourceError, UsageError
from tests.support.shop import ROOT


def make_shops(root: Path, **settings: str) -> None:
    for name, text in settings.items():
        folder = root / "shops" / name
        folder.mkdir(parents=True)
        (folder / "reconciler.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    sandbox = "store: {url: sandbox}\n"
    make_shops(tmp_path, bandung=sandbox, jakarta_1=sandbox, jakarta_2=sandbox)
    return tmp_path


def load(root: Path, text: str, environment: dict[str, str] | None = None) -> Fleet:
    path = root / "fleet.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return load_fleet(path, environment or {})


def problems(root: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SourceError) as error:
        load(root, text, environment)
    return [str(p).removeprefix(f"{root.as_posix()}/") for p in error.value.problems]


def test_a_fleet_has_its_shops_by_wave(root: Path) -> None:
    fleet = load(
        root,
        """\
        shops: {jakarta-1: shops/jakarta_1, bandung: shops/bandung, jakarta-2: shops/jakarta_2}
        waves: [[bandung], ["jakarta-*"]]
        gate: {wait: 30m, max_failed: 1}
        """,
    )
    assert [(m.name, m.wave) for m in fleet.members] == [
        ("bandung", 1),
        ("jakarta-1", 2),
        ("jakarta-2", 2),
    ]
    assert fleet.members[0].folder == (root / "shops" / "bandung").as_posix()
    assert fleet.gate == WaveGate(timedelta(minutes=30), 1)


def test_the_example_is_valid() -> None:
    path = ROOT / "examples" / "chain" / "fleet.yaml"
    assert [m.wave for m in load_fleet(path, {}).members] == [1, 2, 2, 2]
    schema = json.loads((ROOT / "schemas" / "fleet.schema.json").read_text(encoding="utf-8"))
    text = path.read_text(encoding="utf-8")
    jsonschema.validate(YAML(typ="safe").load(text), schema)
    assert text.startswith("# yaml-language-server: $schema=../../schemas/fleet.schema.json\n")


def test_all_shops_are_in_one_wave_without_waves(root: Path) -> None:
    fleet = load(root, "shops: {a: shops/bandung, b: shops/jakarta_1}\n")
    assert [m.wave for m in fleet.members] == [1, 1]
    assert fleet.gate == WaveGate()


def test_all_problems_are_named_at_once(root: Path) -> None:
    found = problems(
        root,
        """\
        shops:
          bandung: shops/bandung
          jakarta-1: shops/jakarta_1
          jakarta-2: shops/jakarta_2
          solo: shops/solo
          "no name": shops
          twin: ./shops/bandung
        waves:
          - [bandung]
          - ["jakarta-*", bandung]
          - ["bogor-*", solo]
        gate: {wait: soon, max_failed: -1, patience: 3}
        gates: {}
        """,
    )
    assert found == [
        "fleet.yaml:5:9: `solo`: folder not found: shops/solo",
        "fleet.yaml:6:3: `no name` is in no wave",
        "fleet.yaml:6:3: `no name` is not a valid name",
        "fleet.yaml:6:14: `no name`: shops is not a shop folder: reconciler.yaml not found",
        "fleet.yaml:7:3: `twin` is in no wave",
        "fleet.yaml:7:9: `twin` and `bandung` have the same folder",
        "fleet.yaml:10:19: `bandung` is in wave 1 and in wave 2",
        "fleet.yaml:11:6: `bogor-*` matches no shop",
        "fleet.yaml:12:14: gate: `wait` must be a number with a unit, such as 90s, 10m or 2h "
        "(found `soon`)",
        "fleet.yaml:12:32: gate: `max_failed` must be a whole number from 0 to 1,000 (found `-1`)",
        "fleet.yaml:12:36: gate: unknown key `patience`",
        "fleet.yaml:13:1: unknown key `gates`",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("waves: []", "fleet.yaml:1:1: `shops` is missing"),
        ("shops: []", "fleet.yaml:1:8: `shops` must be a mapping (name: folder lines)"),
        ("shops: {a: [b]}", "fleet.yaml:1:12: `a` must be the folder of a shop"),
        ("shops: {a: /}", "fleet.yaml:1:12: `a`: the folder must not be absolute"),
        (
            "shops: {a: shops/bandung}\nwaves: [a]",
            "fleet.yaml:2:9: wave 1 must be a list of names",
        ),
        (
            "shops: {a: shops/bandung}\nwaves: a",
            "fleet.yaml:2:8: `waves` must be a list of lists of names",
        ),
        ("shops: {}", "fleet.yaml:1:8: `shops` names no shop"),
        ("shops:", "fleet.yaml:1:7: `shops` names no shop"),
        (
            "shops: {a: shops/bandung}\ngate: 30m",
            "fleet.yaml:2:7: `gate` must be a mapping (key: value lines)",
        ),
        (
            "shops: {a: shops/bandung}\ngate: {wait: 8d}",
            "fleet.yaml:2:14: gate: `wait` must be at most 7d (found `8d`)",
        ),
    ],
)
def test_a_value_of_the_wrong_shape_is_named(root: Path, text: str, problem: str) -> None:
    assert problem in problems(root, text)


def test_a_wrong_wave_and_a_doubled_name_hide_nothing(root: Path) -> None:
    found = problems(
        root,
        """\
        shops: {a: shops/bandung, A: shops/jakarta_1, a: shops/nope}
        waves: [[], [b], c, [a]]
        """,
    )
    assert found == [
        "fleet.yaml:1:27: `A` and `a` differ by letter case alone",
        "fleet.yaml:1:27: `A` is in no wave",
        "fleet.yaml:1:47: duplicate key `a`, first on line 1",
        "fleet.yaml:2:9: wave 1 must be a list of names",
        "fleet.yaml:2:14: `b` matches no shop",
        "fleet.yaml:2:18: wave 3 must be a list of names",
    ]


def test_a_shop_outside_of_the_work_tree_is_refused(tmp_path: Path) -> None:
    """The commit of the fleet does not contain it."""
    root = tmp_path / "fleet"
    make_shops(root, a="store: {url: sandbox}\n")
    make_shops(tmp_path, b="store: {url: sandbox}\n")
    (root / "shops" / "c").symlink_to(tmp_path / "shops" / "b")
    text = "shops: {a: shops/a, b: ../shops/b, c: shops/c}\n"
    assert len(problems(root, text)) == 1  # two names of one folder
    (root / ".git").mkdir()
    assert problems(root, text) == [
        "fleet.yaml:1:24: `b`: ../shops/b is outside of the git work tree of the fleet file",
        "fleet.yaml:1:39: `c` and `b` have the same folder",
        "fleet.yaml:1:39: `c`: shops/c is outside of the git work tree of the fleet file",
    ]


@pytest.mark.parametrize("other", ["ONE.dealpos.net/", "one.dealpos.net:443", "one.dealpos.net."])
def test_two_shops_of_one_store_are_refused(tmp_path: Path, other: str) -> None:
    one = "store: {url: 'https://one.dealpos.net'}\n"
    make_shops(tmp_path, a=one, b=f"store: {{url: 'https://{other}'}}\n")
    text = "shops: {a: shops/a, b: shops/b}\n"
    assert problems(tmp_path, text) == ["fleet.yaml:1:24: `b` and `a` have the same store"]


def test_a_variable_that_overrides_every_store_is_for_one_shop(root: Path) -> None:
    url = {"DEALPOS_URL": "https://one.dealpos.net"}
    fleet = load(root, "shops: {a: shops/bandung, b: shops/jakarta_1}\n", url)
    check_override(fleet.members[:1], url)
    check_override(fleet.members, {"DEALPOS_URL": "sandbox"})
    with pytest.raises(UsageError, match="DEALPOS_URL overrides the store of 2 shops"):
        check_override(fleet.members, url)


def test_stores_that_only_the_environment_knows_are_not_compared(tmp_path: Path) -> None:
    make_shops(tmp_path, a="store: {url: '${A_URL}'}\n", b="store: {url: '${B_URL}'}\n")
    assert len(load(tmp_path, "shops: {a: shops/a, b: shops/b}\n").members) == 2


def test_embedded_shops_with_a_ledger_in_git_are_refused(tmp_path: Path) -> None:
    text = "store: {url: sandbox}\nledger: git\n"
    make_shops(tmp_path, a=text, b=text)
    found = problems(tmp_path, "shops: {a: shops/a, b: shops/b}\n")
    assert found == ["fleet.yaml:1:24: `b` and `a` have the same ledger"]


def test_problems_of_the_settings_are_named_with_their_file(root: Path) -> None:
    (root / "shops" / "bandung" / "reconciler.yaml").write_text("stores: {}\n", encoding="utf-8")
    found = problems(root, "shops: {a: shops/bandung, b: shops/none}\n")
    assert found == [
        "fleet.yaml:1:30: `b`: folder not found: shops/none",
        "shops/bandung/reconciler.yaml:1:1: unknown key `stores`",
    ]


def test_a_selection_that_selects_nothing_is_refused(root: Path) -> None:
    text = "shops: {a: shops/bandung, b: shops/jakarta_1}\nwaves: [[a], [b]]\n"
    fleet = load(root, text)
    assert [m.name for m in select_members(fleet, 2)] == ["b"]
    assert [m.name for m in select_members(fleet, None, ["a", "b*"])] == ["a", "b"]
    for wave, globs, message in (
        (3, [], "wave 3 does not exist"),
        (None, ["x*"], r"--shop x\* matches no shop"),
        (2, ["a"], "no shop of wave 2 matches --shop a"),
    ):
        with pytest.raises(UsageError, match=message):
            select_members(fleet, wave, globs)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fleet file not found"):
        load_fleet(tmp_path / "fleet.yaml", {})
