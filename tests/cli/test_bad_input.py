"""Wrong input: one message with place and remedy, exit code 1, nothing written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.menu import MENU
from tests.support.program import PointAt, ReadFolder, RunProgram, WriteCatalogue

# (the file, what the message says, where, what the hint says)
FILES: dict[str, tuple[str | bytes, str, str, str]] = {
    "broken YAML": ("categories: [{name: A}\nproducts: :", "broken YAML", "menu.yaml:2:", ""),
    "a tab": ("categories:\n\t- name: A", "broken YAML", "menu.yaml:2:", ""),
    "a list at the top": ("- name: A", "mapping", "menu.yaml:1:", ""),
    "unknown key": (
        "categories: [{nmae: A}]",
        "unknown key `nmae`",
        "menu.yaml:1:15",
        "did you mean `name`?",
    ),
    "unknown collection": (
        "catgories: [{name: A}]",
        "unknown key `catgories`",
        "menu.yaml:1:1",
        "did you mean `categories`?",
    ),
    "variants outside a product": (
        "variants: [{code: A}]",
        "unknown key `variants`",
        "menu.yaml:1:1",
        "inside an entry of `products`",
    ),
    "wrong type": ("categories: {name: A}", "must be a list", "menu.yaml:1:", ""),
    "no number": (
        "products: [{code: A, variants: [{code: B, unit_price: dear}]}]",
        "`unit_price` must be a number",
        "menu.yaml:1:",
        "",
    ),
    "thousands separators": (
        "products: [{code: A, variants: [{code: B, unit_price: '18.000,00'}]}]",
        "plain digits",
        "menu.yaml:1:",
        "",
    ),
    "duplicate": (
        "categories:\n  - name: A\n  - name: A",
        "category/A is declared twice, first at catalogue/menu.yaml:2",
        "menu.yaml:3:",
        "keep one of the two",
    ),
    "duplicate key": ("categories: []\ncategories: []", "categories", "menu.yaml:2:", ""),
    "missing reference": (
        "products: [{code: A, name: A, category: Drnks, variants: []}]\n"
        "categories: [{name: Drinks}]",
        "refers to the category `Drnks`, which does not exist",
        "menu.yaml:1:",
        "did you mean `Drinks`?",
    ),
    "missing outlet": (
        "products: [{code: A, name: A, category: C, variants: [{code: B, unit_price: 1,\n"
        "  outlet_prices: {Bandung: {price: 1}}}]}]\ncategories: [{name: C}]",
        "outlet `Bandung`, which does not exist",
        "menu.yaml:2:",
        "declare the outlet in the files",
    ),
    "missing value": (
        "products: [{code: A, category: C}]\ncategories: [{name: C}]",
        "product/A is new and has no `name`",
        "menu.yaml:1:",
        "declare `name`; it is required to create a product",
    ),
    "price below zero": (
        "products: [{code: A, variants: [{code: B, unit_price: -1}]}]",
        "`unit_price` must not be below zero",
        "menu.yaml:1:",
        "",
    ),
    "percentage over 100": (
        "coupons: [{code: A, type: DiscountPercentage, discount: 101, limit: 1}]",
        "must be at most 100 for a percentage (found 101)",
        "menu.yaml:1:",
        "",
    ),
    "impossible date": (
        "coupons: [{code: A, type: DiscountAmount, discount: 1, limit: 1,\n"
        "  expiry_date: 2026-02-30}]",
        "`expiry_date` must be a date that exists",
        "menu.yaml:2:",
        "",
    ),
    "unknown type": (
        "coupons: [{code: A, type: DiscountPercent, discount: 1, limit: 1}]",
        "`type` must be one of",
        "menu.yaml:1:",
        "did you mean `DiscountPercentage`?",
    ),
    "composite of itself": (
        "products: [{code: A, variants: [{code: B, type: Composite,\n"
        "  components: {B: {qty: 1}}}]}]",
        "a variant cannot be a component of itself",
        "menu.yaml:2:",
        "",
    ),
    "composite of itself through another": (
        "products: [{code: A, variants: [\n"
        "  {code: B, type: Composite, unit_price: 1, components: {C: {qty: 1}}},\n"
        "  {code: C, type: Composite, unit_price: 1, components: {B: {qty: 1}}}]}]",
        "contains itself",
        "menu.yaml:",
        "remove one of them",
    ),
    "null": (
        "categories: [{name: A, code: null}]",
        "null is not allowed here",
        "menu.yaml:1:30",
        "omit the key",
    ),
    "no UTF-8": (b"categories: [{name: \xff\xfe}]", "UTF-8", "menu.yaml:1:", "save the file"),
    "tag": ("categories: !!python/object:os.system [x]", "tag", "menu.yaml:1:", ""),
    "unset variable": (
        "categories: [{name: '${CATALOGUE_NOWHERE}'}]",
        "CATALOGUE_NOWHERE is not set",
        "menu.yaml:1:",
        "",
    ),
}


def wrong(ran: Any, *said: str) -> None:
    """Check for one clean error: exit code 1, empty stdout, and these words on stderr."""
    assert (ran.code, ran.out) == (1, "")
    assert "Traceback" not in ran.err
    assert "error: " in ran.err
    for words in said:
        assert words in ran.err


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_told_with_its_place(
    run: RunProgram,
    folder: Path,
    declare: WriteCatalogue,
    files: ReadFolder,
    name: str,
    command: str,
) -> None:
    content, message, place, hint = FILES[name]
    declare(content)
    before = files(folder)
    ran = run(command, folder, *(["--auto-approve"] if command == "apply" else []))
    wrong(ran, message, place, hint)
    assert files(folder) == before
    assert not any(run("sandbox", "show", folder).json.values())


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_as_json_is_one_document(
    run: RunProgram, folder: Path, declare: WriteCatalogue, name: str
) -> None:
    content, message, place, hint = FILES[name]
    declare(content)
    ran = run("plan", folder, "--format", "json")
    assert ran.code == 1
    problems = ran.json["problems"]
    assert any(message in problem["message"] for problem in problems)
    assert any(place in f"{p['file']}:{p['line']}:{p['column']}" for p in problems)
    assert any(hint in (problem["hint"] or "") for problem in problems)
    assert ran.json["error"].endswith("in the files")


def test_every_problem_is_told_at_once(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    declare("categories: [{nmae: A}]", "a.yaml")
    declare("coupons: [{code: A, discount: -1}]", "b.yaml")
    ran = run("validate", folder)
    wrong(ran, "a.yaml:1:", "b.yaml:1:")
    assert "problems in the files" in ran.err


DATED = """
products:
  - code: A
    variants:
      - code: B
        unit_price: [1000, {from: 2099-01-01, value: 2000}, {from: 2099-01-01, value: 3000}]
"""


@pytest.mark.parametrize("command", ["validate", "plan", "audit", "schedule"])
def test_problems_of_settings_and_files_are_told_at_once(
    run: RunProgram, folder: Path, declare: WriteCatalogue, command: str
) -> None:
    declare(DATED)
    settings = "store: {url: sandbox, concurrency: 99}\ntimezone: Mars/Base\nledger: fiel\n"
    (folder / "reconciler.yaml").write_text(settings, encoding="utf-8")
    ran = run(command, folder)
    wrong(ran, "unknown time zone `Mars/Base`", "unknown ledger `fiel`", "from 1 to 16")
    wrong(ran, "catalogue/menu.yaml:6:", "4 problems in the files")
    assert "needs the time zone" not in ran.err


@pytest.mark.parametrize(
    "settings",
    ["layers: [../nowhere]", "catalogue: ..", "defaults: 1", "catalog: menu", "store: {url: : }"],
)
def test_files_wait_for_settings_that_say_what_they_mean(
    run: RunProgram, folder: Path, declare: WriteCatalogue, settings: str
) -> None:
    declare(DATED)
    (folder / "reconciler.yaml").write_text(settings, encoding="utf-8")
    ran = run("validate", folder)
    wrong(ran, "reconciler.yaml:1:")
    assert "menu.yaml" not in ran.err


def test_customer_data_in_a_bad_file_is_not_repeated(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    declare("customers: [{code: A, name: Ann, birthday: 'Secretday'}]")
    ran = run("plan", folder)
    wrong(ran, "`birthday` must be a date")
    assert "Secretday" not in ran.err


# --- settings ---

SETTINGS: dict[str, tuple[str, list[str]]] = {
    "secret in the file": (
        "store: {url: 'https://x.example', client_id: a, client_secret: hunter2}",
        [
            "reconciler.yaml:1:",
            "a client secret is written in the file",
            "${DEALPOS_CLIENT_SECRET",
        ],
    ),
    "no store": ("catalogue: catalogue", ["no store is configured", "DEALPOS_URL"]),
    "no credentials": (
        "store: {url: 'https://x.example'}",
        ["no credentials for https://x.example", "DEALPOS_CLIENT_ID"],
    ),
    "plain http": (
        "store: {url: 'http://x.example', client_id: a, client_secret: '${PATH}'}",
        ["refusing to use plain HTTP", "https://"],
    ),
    "no address": (
        "store: {url: 'shop', client_id: a, client_secret: '${PATH}'}",
        ["the store URL is not valid", "https://"],
    ),
    "credentials in the address": (
        "store: {url: 'https://me:hunter2@x.example', client_id: a, client_secret: '${PATH}'}",
        ["contains a user name or password", "DEALPOS_CLIENT_SECRET"],
    ),
    "a path in the address": (
        "store: {url: 'https://x.example/api/v3', client_id: a, client_secret: '${PATH}'}",
        ["more than a host", "write https://x.example"],
    ),
    "unknown key": (
        "stoer: {url: sandbox}",
        ["reconciler.yaml:1:1", "unknown key `stoer`", "did you mean `store`?"],
    ),
    "broken": ("store: [", ["reconciler.yaml:", "broken YAML"]),
    "missing catalogue": (
        "store: {url: sandbox}\ncatalogue: nowhere",
        ["nowhere: folder not found", "catalogue:"],
    ),
    "bad defaults": (
        "store: {url: sandbox}\ndefaults: {variant: {taxable: maybe}}",
        ["reconciler.yaml:2:", "`taxable` must be true or false"],
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_bad_settings_are_told(run: RunProgram, folder: Path, files: ReadFolder, name: str) -> None:
    content, said = SETTINGS[name]
    (folder / "reconciler.yaml").write_text(content, encoding="utf-8")
    before = files(folder)
    ran = run("plan", folder)
    wrong(ran, *said)
    assert "hunter2" not in ran.err
    assert files(folder) == before
    shown = run("plan", folder, "--format", "json")
    assert shown.code == 1
    assert shown.json["error"]
    assert "hunter2" not in shown.out + shown.err


@pytest.mark.parametrize("command", ["plan", "validate", "schedule"])
def test_a_file_in_the_place_of_a_folder(run: RunProgram, folder: Path, command: str) -> None:
    file = folder / "reconciler.yaml"
    wrong(run(command, file), f"{file} is not a folder", f"name its folder: {folder}")


def test_a_folder_that_is_not_there_is_told(run: RunProgram, tmp_path: Path) -> None:
    nowhere = tmp_path / "no where"
    for command in ("plan", "validate"):
        wrong(run(command, nowhere), f"folder not found: {nowhere}", f"reconciler init '{nowhere}'")
    wrong(
        run("apply", nowhere, "--auto-approve"),
        f"error: folder or saved plan not found: {nowhere}\n",
        f"run: reconciler init '{nowhere}'\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_shop_is_told(run: RunProgram, tmp_path: Path) -> None:
    wrong(run("plan", tmp_path), "is not a shop folder", "reconciler init")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    declare("categories: []").chmod(0)
    wrong(run("plan", folder), "menu.yaml", "cannot be read")


def test_a_file_that_cannot_be_read_is_told(run: RunProgram, folder: Path) -> None:
    """A link to nowhere reads like a file that vanished."""
    (folder / "catalogue" / "gone.yaml").symlink_to(folder / "nowhere.yaml")
    ran = run("plan", folder)
    assert ran.code in (0, 1)
    assert "Traceback" not in ran.err
    (folder / "reconciler.yaml").unlink()
    (folder / "reconciler.yaml").mkdir()
    wrong(run("plan", folder), "reconciler.yaml")


# --- the shop ---


def test_wrong_credentials_are_one_error(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    point_at(url, "sandbox", "hunter2")
    ran = run("plan", folder)
    wrong(ran, "does not accept the credentials", "DEALPOS_CLIENT_SECRET")
    assert ran.err.count("error: ") == 1
    assert "hunter2" not in ran.err
    assert len(shop.calls) == 1


def test_a_server_that_is_down_is_one_error(
    run: RunProgram, folder: Path, free_port: int, point_at: PointAt
) -> None:
    point_at(f"http://127.0.0.1:{free_port}")
    ran = run("plan", folder)
    wrong(ran, f"http://127.0.0.1:{free_port} is unreachable", "Nothing was sent")
    shown = run("plan", folder, "--format", "json")
    assert shown.code == 1
    assert "is unreachable" in shown.json["error"]


def test_a_host_that_is_no_api_is_one_error(
    run: RunProgram, folder: Path, web_page: str, point_at: PointAt
) -> None:
    point_at(web_page)
    ran = run("plan", folder)
    wrong(ran, "answered with HTML, expected JSON", "API host")


def test_an_embedded_shop_that_is_no_database_is_told(run: RunProgram, folder: Path) -> None:
    (folder / ".reconciler").mkdir()
    database = folder / ".reconciler" / "sandbox.db"
    database.write_text("this is no database, and somebody may want it", encoding="utf-8")
    wrong(run("plan", folder), "sandbox reset")
    wrong(run("sandbox", "show", folder))
    assert database.read_text(encoding="utf-8").startswith("this is no database")
    assert run("sandbox", "reset", folder).code == 0
    assert run("plan", folder).code == 0


def test_a_database_of_another_program_is_not_touched(run: RunProgram, folder: Path) -> None:
    import sqlite3

    (folder / ".reconciler").mkdir()
    path = folder / ".reconciler" / "sandbox.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    wrong(run("plan", folder))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "is not JSON"),
        ("[]", "JSON object"),
        ('{"productz": []}', "productz"),
        ('{"products": [{"Name": "x"}]}', "product"),
        ('{"products": 5}', ""),
        ('{"categories": [5]}', "category"),
    ],
)
def test_a_bad_seed_is_told(
    run: RunProgram, applied: Path, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "seed.json"
    path.write_text(content, encoding="utf-8")
    before = run("sandbox", "show", applied).json
    ran = run("sandbox", "reset", applied, "--seed", path)
    wrong(ran, said)
    assert "can be written" not in ran.err
    assert run("sandbox", "show", applied).json == before


def test_a_wrong_seed_of_a_new_folder_does_not_open_an_empty_shop(
    run: RunProgram, folder: Path
) -> None:
    document = {"products": [{"Code": "1", "Name": "x"}]}
    (folder / "sandbox.json").write_text(json.dumps(document), encoding="utf-8")
    for _ in range(2):
        wrong(run("plan", folder), "has no Category", "the sandbox is unchanged")


def test_a_folder_as_seed_that_is_no_shop_is_told(
    run: RunProgram, applied: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    wrong(run("sandbox", "reset", applied, "--seed", tmp_path / "empty"), "is not a shop folder")
    assert run("sandbox", "show", applied).json["products"]


def test_a_bad_folder_as_seed_leaves_the_shop_as_it_was(
    run: RunProgram, applied: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / "catalogue").mkdir(parents=True)
    (other / "reconciler.yaml").write_text("store: {url: sandbox}", encoding="utf-8")
    (other / "catalogue" / "a.yaml").write_text("products: [{code: A}]", encoding="utf-8")
    before = run("sandbox", "show", applied).json
    wrong(run("sandbox", "reset", applied, "--seed", other))
    assert run("sandbox", "show", applied).json == before


def test_a_byte_order_mark_before_any_file_is_passed_over(
    run: RunProgram, folder: Path, declare: WriteCatalogue, tmp_path: Path
) -> None:
    """Editors of Windows write it."""
    mark = "\ufeff".encode()
    (folder / "sandbox.json").write_bytes(mark + b'{"outlets": [{"Name": "Bandung"}]}')
    settings = folder / "reconciler.yaml"
    settings.write_bytes(mark + b"store: {url: sandbox}\nledger: file\n")
    declare("\ufeff" + MENU)
    assert run("apply", folder, "--auto-approve").code == 0
    assert "Bandung" in run("sandbox", "show", folder).out

    (folder / ".reconciler" / "kept.json").write_text('{"sandbox": {}}')
    for path in (*folder.glob(".reconciler/*.json"), folder / "reconciler.ledger.json"):
        path.write_bytes(mark + path.read_bytes())
    declare("\ufeff" + MENU.replace("18000", "1800"))
    agreed = "address: variant/1001R, reason: agreed, until: 2099-12-31"
    entries = ", ".join(f"{{rule: {rule}, {agreed}}}" for rule in ("price-change", "price-shape"))
    declare(f"\ufeffallow: [{entries}]\n", "allowed.yaml")
    saved = tmp_path / "plan.json"
    assert run("plan", folder, "--out", saved).code == 0
    saved.write_bytes(mark + saved.read_bytes())
    ran = run("apply", saved, "--auto-approve", "--format", "json")
    assert (ran.code, ran.json["summary"]["applied"]) == (0, 1), ran.out
    assert len(run("history", folder, "--format", "json").json["applies"]) == 2


NAMES = ["reconciler.yml", "reconciler.YAML", "Reconciler.yaml", "reconciler.yaml.txt"]
COMMANDS = [
    *("import", "init", "doctor", "validate", "plan", "audit", "history", "adopt --all --shop"),
    *("sandbox show", "sandbox reset", "apply --auto-approve", "sandbox serve"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", COMMANDS)
def test_settings_under_another_name_are_named_by_every_command(
    run: RunProgram, tmp_path: Path, command: str, name: str
) -> None:
    (tmp_path / name).write_text("store: {url: sandbox}\n", encoding="utf-8")
    ran = run(*command.split(), tmp_path)
    assert ran.code == 1
    assert f"are not read: {name} must be named reconciler.yaml\n" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == [name]
