"""Every command: its exit code, its stdout and its stderr."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.program import PointAt, ReadFolder, RunProgram, WriteCatalogue

COMMANDS = ["init", "validate", "plan", "apply", "audit", "sandbox", "schema"]


def test_help_lists_the_commands_and_the_exit_codes(run: RunProgram) -> None:
    ran = run("--help")
    assert (ran.code, ran.err) == (0, "")
    assert all(command in ran.out for command in COMMANDS)
    assert "Exit codes" in ran.out


@pytest.mark.parametrize("words", [[c] for c in COMMANDS] + [["sandbox", "serve"]])
def test_every_command_has_help(run: RunProgram, words: list[str]) -> None:
    ran = run(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage: ")


def test_the_version_is_told(run: RunProgram) -> None:
    ran = run("--version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("reconciler, version ")


@pytest.mark.parametrize(
    "words",
    [
        ["plann"],
        ["plan", "--nonsense"],
        ["plan", ".", "--format", "xml"],
        ["plan", "a", "b"],
        ["sandbox", "nonsense"],
        ["sandbox", "serve", "--port", "many"],
        ["sandbox", "serve", "--port", "65536"],
        ["sandbox", "serve", "--limit", "-1"],
        ["sandbox", "serve", "--window", "0"],
        ["sandbox", "reset", "--seed", "/nowhere/at/all"],
    ],
)
def test_a_usage_error_is_exit_1_on_stderr(run: RunProgram, words: list[str]) -> None:
    ran = run(*words)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ")
    assert re.search(r"\nhint: run 'reconciler( [a-z]+)* --help'\n$", ran.err)
    assert "Traceback" not in ran.err


# --- init, and the first apply ---


def test_a_new_folder_plans_applies_and_plans_empty(run: RunProgram, tmp_path: Path) -> None:
    shop = tmp_path / "new"
    started = run("init", shop)
    assert started.code == 0
    assert str(shop / "reconciler.yaml") in started.out
    assert started.err == f"Next: reconciler plan {tmp_path / 'new'}\n"
    for line in started.out.splitlines():
        assert Path(line.removeprefix("wrote ")).is_file()
    first = run("plan", shop, "--detailed-exitcode")
    assert first.code == 2
    assert first.out.startswith("Store: sandbox\n")
    assert "Plan: 4 to create" in first.out
    done = run("apply", shop, "--auto-approve")
    assert done.code == 0
    assert "Apply complete: 4 changes (4 verified)" in done.out
    again = run("plan", shop, "--detailed-exitcode")
    assert (again.code, again.err) == (0, "")
    assert "Plan: no changes" in again.out


def test_init_leaves_a_shop_folder_alone(run: RunProgram, folder: Path, files: ReadFolder) -> None:
    before = files(folder)
    ran = run("init", folder)
    assert (ran.code, ran.out) == (1, "")
    assert "is already a shop folder" in ran.err
    assert files(folder) == before


def test_init_keeps_the_files_that_are_there(run: RunProgram, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n", encoding="utf-8")
    assert run("init", tmp_path).code == 0
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "mine\n"


def test_init_where_a_file_stands_is_an_error(run: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    ran = run("init", tmp_path / "file")
    assert (ran.code, ran.out) == (1, "")
    assert "Traceback" not in ran.err


# --- validate ---


def test_validate_counts_what_is_declared(run: RunProgram, folder: Path) -> None:
    ran = run("validate", folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "Valid: 1 category, 1 product, 1 variant"


def test_validate_as_json_is_one_document(run: RunProgram, folder: Path) -> None:
    ran = run("validate", folder, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["valid"] is True
    assert ran.json["objects"]["variant"] == 1


def test_validate_needs_neither_store_nor_credentials(run: RunProgram, folder: Path) -> None:
    settings = "store: {url: 'https://x.example', client_id: '${A}', client_secret: '${B}'}\n"
    (folder / "reconciler.yaml").write_text(settings, encoding="utf-8")
    assert run("validate", folder).code == 0
    (folder / "reconciler.yaml").write_text("catalogue: catalogue\n", encoding="utf-8")
    assert run("validate", folder).code == 0


def test_an_empty_catalogue_is_valid(
    run: RunProgram, folder: Path, declare: WriteCatalogue
) -> None:
    declare("")
    ran = run("validate", folder)
    assert (ran.code, ran.out.splitlines()[0]) == (0, "Valid: nothing declared")
    assert run("plan", folder, "--detailed-exitcode").code == 0


# --- plan ---


def test_a_plan_is_exit_0_unless_asked(run: RunProgram, folder: Path) -> None:
    assert run("plan", folder).code == 0
    assert run("plan", folder, "--detailed-exitcode").code == 2


def test_a_compact_plan_has_a_line_a_change(run: RunProgram, folder: Path) -> None:
    ran = run("plan", folder, "--compact")
    assert ran.code == 0
    assert '\n+ variant/1001R "Kopi Susu, Regular"  3 fields  catalogue/menu.yaml:9\n' in ran.out


def test_a_plan_as_a_comment_is_markdown_and_nothing_else(run: RunProgram, folder: Path) -> None:
    ran = run("plan", folder, "--format", "markdown")
    assert ran.code == 0
    assert ran.out.startswith("<!-- reconciler plan -->\n### ✏️ 3 changes, no removals\n")
    assert ran.out.count("</details>") == 1


def test_a_plan_as_a_page_is_html_and_nothing_else(run: RunProgram, folder: Path) -> None:
    ran = run("plan", folder, "--format", "html", "--detailed-exitcode")
    assert ran.code == 2
    assert ran.out.startswith("<!DOCTYPE html>\n")
    assert ran.out.endswith("</html>\n")


def test_a_page_of_a_plan_that_fails_says_why_and_takes_the_place_of_an_older_one(
    run: RunProgram, folder: Path, declare: WriteCatalogue, tmp_path: Path
) -> None:
    page = tmp_path / "plan.html"
    words = ("plan", folder, "--format", "html", "--report", page)
    assert run(*words).code == 0
    declare("categories: [{name: Drinks}]\nproducts: [{code: '<b>1', cod: x}]\n")
    ran = run(*words)
    assert ran.code == 1
    assert "<h1>No plan</h1>" in ran.out
    assert "product/&lt;b&gt;1: unknown key `cod`" in ran.out
    assert "did you mean `code`?" in ran.out
    assert page.read_text(encoding="utf-8") == ran.out


def test_annotations_name_files_from_the_top_of_the_repository(
    run: RunProgram, folder: Path
) -> None:
    ran = run("plan", folder, "--format", "github")
    assert (
        "::notice file=catalogue/menu.yaml,line=3,col=5,title=create category/Drinks::" in ran.out
    )
    (folder.parent / ".git").mkdir()
    ran = run("plan", folder, "--format", "github")
    assert "::notice file=shop/catalogue/menu.yaml,line=3,col=5,title=create" in ran.out


def test_a_change_is_annotated_at_the_line_of_its_field(run: RunProgram, applied: Path) -> None:
    menu = applied / "catalogue" / "menu.yaml"
    text = menu.read_text(encoding="utf-8").replace("18000}", "\n         18500}")
    menu.write_text(text, encoding="utf-8")
    ran = run("plan", applied, "--format", "github")
    assert "::notice file=catalogue/menu.yaml,line=10,col=10,title=update variant/100" in ran.out


@pytest.mark.parametrize("command", ["plan", "validate"])
def test_problems_of_the_files_are_annotations(
    run: RunProgram, declare: WriteCatalogue, command: str
) -> None:
    path = declare("products: [{code: A, nmae: B}]")
    ran = run(command, path.parent.parent, "--format", "github")
    assert ran.code == 1
    assert "::error file=catalogue/menu.yaml,line=1,col=22,title=reconciler::" in ran.out
    assert "%0Ahint: did you mean `name`?" in ran.out


def test_valid_files_have_no_annotations(run: RunProgram, folder: Path) -> None:
    ran = run("validate", folder, "--format", "github")
    assert (ran.code, ran.out[:6]) == (0, "Valid:")


def test_an_error_becomes_the_comment(run: RunProgram, declare: WriteCatalogue) -> None:
    path = declare("products: [{code: A, nmae: B}]")
    ran = run("plan", path.parent.parent, "--format", "markdown")
    assert ran.code == 1
    assert ran.out.startswith("<!-- reconciler plan -->\n### ⛔ No plan\n")
    assert "catalogue/menu.yaml:1:22: " in ran.out


def test_compact_is_for_people(run: RunProgram, folder: Path) -> None:
    ran = run("plan", folder, "--compact", "--format", "json")
    assert ran.code == 1
    assert ran.json["error"] == "--compact is for --format text"


def test_a_plan_as_json_is_one_document(run: RunProgram, folder: Path) -> None:
    ran = run("plan", folder, "--format", "json", "--detailed-exitcode")
    assert (ran.code, ran.err) == (2, "")
    assert ran.json["format_version"] == "2.0"
    assert ran.json["store"] == "sandbox"
    assert [change["address"] for change in ran.json["resource_changes"]] == [
        "category/Drinks",
        "product/1001",
        "variant/1001R",
    ]
    assert ran.json["summary"]["create"] == 3


def test_an_empty_plan_as_json_is_one_document(run: RunProgram, applied: Path) -> None:
    ran = run("plan", applied, "--format", "json", "--detailed-exitcode")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["resource_changes"] == []
    assert ran.json["summary"]["unchanged"] == 3


def test_planning_writes_nothing(run: RunProgram, applied: Path) -> None:
    before = run("sandbox", "show", applied).out
    (applied / "catalogue" / "menu.yaml").write_text("categories: [{name: New}]", encoding="utf-8")
    assert run("plan", applied, "--detailed-exitcode").code == 2
    assert run("sandbox", "show", applied).out == before


def test_the_folder_defaults_to_the_current_one(
    run: RunProgram, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert "catalogue/menu.yaml:" in run("plan").out


def test_a_plan_without_a_terminal_has_no_colour(run: RunProgram, folder: Path) -> None:
    assert "\x1b" not in run("plan", folder).out


def test_what_cannot_be_read_makes_a_plan_fail(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    shop.choices = shop.choices.with_changes(forbidden_operations=frozenset({"GET /Product"}))
    point_at(url)
    ran = run("plan", folder, "--detailed-exitcode")
    assert ran.code == 1
    assert "Unknown (could not be read; nothing is planned): 2 objects" in ran.out
    assert re.search(r"error: \d+ objects could not be read", ran.err)


# --- apply ---


def test_apply_without_a_terminal_needs_approval(run: RunProgram, folder: Path) -> None:
    ran = run("apply", folder, stdin="yes\n")
    assert (ran.code, ran.out) == (1, "")
    assert "error: cannot ask for approval: standard input is not a terminal\n" in ran.err
    assert "--auto-approve" in ran.err
    assert run("sandbox", "show", folder).json["categories"] == []


def test_apply_as_json_never_asks(run: RunProgram, folder: Path) -> None:
    ran = run("apply", folder, "--format", "json")
    assert ran.code == 1
    assert "--auto-approve" in ran.json["hint"]


def test_apply_as_json_is_one_document(run: RunProgram, folder: Path) -> None:
    ran = run("apply", folder, "--format", "json", "--auto-approve")
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.json) == {
        "format_version",
        "finished_at",
        "store",
        "outcomes",
        "summary",
        "requests",
        "verified",
    }
    assert ran.json["summary"] == {
        "applied": 3,
        "unverified": 0,
        "failed": 0,
        "stale": 0,
        "skipped": 0,
    }
    assert ran.json["verified"] == 3
    assert {o["status"] for o in ran.json["outcomes"]} == {"applied"}


def test_an_apply_of_nothing_is_exit_0(run: RunProgram, applied: Path) -> None:
    ran = run("apply", applied, "--auto-approve")
    assert ran.code == 0
    assert "Plan: no changes" in ran.out
    assert run("apply", applied, "--auto-approve", "--format", "json").json["outcomes"] == []


def test_an_apply_in_part_is_exit_4(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    shop.choices = shop.choices.with_changes(forbidden_operations=frozenset({"POST /Product"}))
    point_at(url)
    ran = run("apply", folder, "--auto-approve")
    assert ran.code == 4
    assert 'create product/1001 "Kopi Susu" failed' in ran.out
    assert "Apply incomplete: 1 applied (1 verified), 2 failed" in ran.out
    shown = run("apply", folder, "--auto-approve", "--format", "json")
    assert shown.code == 4
    assert shown.json["summary"]["failed"] == 2


def test_what_was_unknown_makes_an_apply_partial(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    shop.choices = shop.choices.with_changes(
        forbidden_operations=frozenset({"POST /Category/p", "GET /Category"})
    )
    point_at(url)
    assert run("apply", folder, "--auto-approve").code in (1, 4)


# --- the embedded shop ---


def test_a_seed_document_fills_the_shop(run: RunProgram, folder: Path, tmp_path: Path) -> None:
    seed = {"categories": [{"Name": "Tea"}], "outlets": [{"Name": "Bandung"}]}
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(seed), encoding="utf-8")
    ran = run("sandbox", "reset", folder, "--seed", path)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"Sandbox of {folder} reset\n"
    shown = run("sandbox", "show", folder)
    assert (shown.code, shown.err) == (0, "")
    assert [row["Name"] for row in shown.json["categories"]] == ["Tea"]


def test_a_reset_empties_the_shop(run: RunProgram, applied: Path) -> None:
    assert run("sandbox", "show", applied).json["products"]
    assert run("sandbox", "reset", applied).code == 0
    assert run("sandbox", "show", applied).json["products"] == []


def test_a_shop_that_was_reset_is_a_new_one(run: RunProgram, applied: Path) -> None:
    run("sandbox", "reset", applied)
    ran = run("plan", applied, "--detailed-exitcode")
    assert "Blocked" not in ran.out
    assert run("apply", applied, "--auto-approve").code == 0
    assert run("plan", applied, "--detailed-exitcode").code == 0


def test_a_folder_as_seed_is_applied(run: RunProgram, folder: Path, example: Path) -> None:
    assert run("sandbox", "reset", folder, "--seed", example).code == 0
    assert len(run("sandbox", "show", folder).json["products"]) > 5
    ran = run("plan", folder, "--format", "json")
    assert "product/1001" in [c["address"] for c in ran.json["resource_changes"]] or ran.code == 0


def test_a_folder_as_seed_has_its_placeholders_filled_in(
    run: RunProgram, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATALOGUE_TEA", "Teh")
    other = tmp_path / "other"
    (other / "catalogue").mkdir(parents=True)
    (other / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    text = "categories: [{name: '${CATALOGUE_TEA}'}]\n"
    (other / "catalogue" / "a.yaml").write_text(text, encoding="utf-8")
    ran = run("sandbox", "reset", folder, "--seed", other)
    assert (ran.code, ran.err) == (0, f"Sandbox of {folder} reset\n")
    shown = run("sandbox", "show", folder).json
    assert [row["Name"] for row in shown["categories"]] == ["Teh"]


def test_a_shop_filled_from_its_own_folder_has_an_empty_plan(
    run: RunProgram, example: Path
) -> None:
    assert run("sandbox", "reset", example, "--seed", example).code == 0
    ran = run("plan", example, "--detailed-exitcode")
    assert (ran.code, ran.err) == (0, "")


def test_what_a_shop_shows_is_a_seed(run: RunProgram, example: Path, tmp_path: Path) -> None:
    run("sandbox", "reset", example)
    shown = run("sandbox", "show", example)
    path = tmp_path / "shown.json"
    path.write_text(shown.out, encoding="utf-8")
    assert run("sandbox", "reset", example, "--seed", path).code == 0
    assert run("sandbox", "show", example).json == shown.json


def test_the_examples_plan_and_apply(run: RunProgram, example: Path) -> None:
    assert run("validate", example).code == 0
    assert run("plan", example).code == 0
    done = run("apply", example, "--auto-approve")
    assert done.code == 0, done.out
    # A partly used coupon keeps what is left of it, and then asks for a decision: see its note.
    again = run("plan", example, "--format", "json").json
    assert {c["type"] for c in again["resource_changes"]} <= {"coupon"}


def test_schemas_are_written(run: RunProgram, tmp_path: Path) -> None:
    ran = run("schema", tmp_path / "schemas")
    assert (ran.code, ran.err) == (0, "")
    for line in ran.out.splitlines():
        document = json.loads(Path(line.removeprefix("wrote ")).read_text(encoding="utf-8"))
        assert document["$schema"].startswith("https://json-schema.org/")


def test_the_schemas_of_the_project_are_the_generated_ones(
    run: RunProgram, tmp_path: Path, root: Path
) -> None:
    run("schema", tmp_path / "schemas")
    for path in (tmp_path / "schemas").iterdir():
        assert path.read_bytes() == (root / "schemas" / path.name).read_bytes()


# --- the target ---


def test_the_target_is_the_first_line(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, _ = served
    point_at(url)
    assert run("plan", folder).out.splitlines()[0] == f"Store: {url}"
    assert run("plan", folder, "--format", "json").json["store"] == url


def test_no_output_holds_a_secret(
    run: RunProgram, folder: Path, served: tuple[str, Any], point_at: PointAt
) -> None:
    url, shop = served
    shop.client_id, shop.client_secret = "an-id-nobody-shows", "a-secret-nobody-shows"
    point_at(url, shop.client_id, shop.client_secret)
    for words in (["plan"], ["apply", "--auto-approve"], ["plan", "--format", "json"]):
        ran = run(words[0], folder, *words[1:])
        assert ran.code == 0
        assert "nobody-shows" not in ran.out + ran.err


# --- parts ---


def test_a_target_leaves_the_rest_alone(
    run: RunProgram, applied: Path, declare: WriteCatalogue
) -> None:
    declare(
        """
        categories: [{name: Drinks}, {name: Food}]
        products:
          - code: "1001"
            name: Kopi Susu Baru
            category: Drinks
            variants:
              - {code: 1001R, model: Regular, unit_price: 19000}
        """
    )
    ran = run("plan", applied, "--target", "category/F*", "--format", "json")
    assert [c["address"] for c in ran.json["resource_changes"]] == ["category/Food"]
    assert ran.json["notes"][0] == "Partial plan: 1 of 4 objects"
    assert ran.json["unmanaged"] == []
    assert run("apply", applied, "--target", "category/Food", "--auto-approve").code == 0
    shown = run("sandbox", "show", applied).json
    assert [row["Name"] for row in shown["categories"]] == ["Drinks", "Food"]
    assert shown["products"][0]["Name"] == "Kopi Susu"


def test_what_names_nothing_is_refused(run: RunProgram, applied: Path) -> None:
    ran = run("plan", applied, "--target", "variant/1001")
    assert (ran.code, "did you mean `variant/1001R`?" in ran.err) == (1, True)
    ran = run("plan", applied, "--kind", "variants")
    assert (ran.code, "did you mean `variant`?" in ran.err) == (1, True)


@pytest.mark.parametrize(
    "command", [["validate"], ["plan"], ["audit"], ["apply", "--auto-approve"]]
)
def test_a_file_that_is_not_read_is_named(
    run: RunProgram, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "a.yaml").write_text("categories: [{name: A}]", encoding="utf-8")
    (tmp_path / "catalogue" / "drinks.YAML").write_text("products: [", encoding="utf-8")
    (tmp_path / "reconciler.yaml").write_text("store: {url: sandbox}", encoding="utf-8")
    ran = run(*command, tmp_path)
    why = "is not read: its name does not end in .yaml or .yml"
    assert f"catalogue/drinks.YAML {why}" in ran.out


@pytest.mark.parametrize(
    "command", [["plan"], ["apply", "--auto-approve"], ["audit"], ["validate"]]
)
@pytest.mark.parametrize("name", ["reconciler.yml", None])
def test_a_run_without_its_settings_is_refused(
    run: RunProgram,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    name: str | None,
) -> None:
    """The environment names the store, and the guardrails would be those of nobody."""
    monkeypatch.setenv("DEALPOS_URL", "sandbox")
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "a.yaml").write_text("categories: [{name: A}]", encoding="utf-8")
    if name:
        (tmp_path / name).write_text("guardrails: {changes: {max_count: 1}}", encoding="utf-8")
    ran = run(*command, tmp_path)
    assert ran.code == 1
    assert "reconciler.yaml" in ran.err
    assert (name or "DEALPOS_URL") in ran.err
    assert not (tmp_path / ".reconciler").exists()
