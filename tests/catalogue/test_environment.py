"""Which variables a file may read, and how much text `${NAME}` and aliases may add."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealpos_reconciler.catalogue import environment, settings
from dealpos_reconciler.catalogue.environment import Expander
from dealpos_reconciler.catalogue.parser import parse
from dealpos_reconciler.errors import SourceError
from dealpos_reconciler.workflows.open_shop import read_files

SECRET = "s3cret-of-the-pipeline"
FORBIDDEN = [
    "DEALPOS_CLIENT_SECRET",
    "DEALPOS_URL",
    "RECONCILER_PLAN_KEY",
    "GITHUB_TOKEN",
    "HOME",
    "catalogue_x",
    "XCATALOGUE_X",
    "CATALOGUE",
]


def load(folder: Path, text: str, variables: dict[str, str], written: str = "") -> list[str]:
    """Load a shop of one file; return each name of a category, or each problem with its hint."""
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "a.yaml").write_text(text, encoding="utf-8")
    (folder / "reconciler.yaml").write_text(written, encoding="utf-8")
    try:
        desired = read_files(settings.load(folder, variables))
    except SourceError as error:
        return [f"{problem} ({problem.hint})" for problem in error.problems]
    return list(desired.objects["category"])


def category(name: str) -> str:
    return f"categories:\n  - name: 'x${{{name}}}'\n"


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_catalogue_file_reads_no_variable_but_its_own(tmp_path: Path, name: str) -> None:
    (problem,) = load(tmp_path, category(name), {name: SECRET})
    assert problem.startswith("catalogue/a.yaml:2:11: ")
    assert f"write $${{{name}}} as literal text" in problem
    assert SECRET not in problem


@pytest.mark.parametrize("name", ["CATALOGUE_X", "CATALOGUE_CLIENT", "CATALOGUE_"])
def test_names_with_the_prefix_are_filled_in(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, category(name), {name: "Tea"}) == ["xTea"]


def test_a_name_that_the_settings_list_is_filled_in(tmp_path: Path) -> None:
    variables = {"BRANCH": "Tea"}
    assert load(tmp_path, category("BRANCH"), variables, "environment: [BRANCH]") == ["xTea"]
    assert load(tmp_path, category("BRANCH"), variables, "environment: [OTHER]") == [
        "catalogue/a.yaml:2:11: catalogue files must not read the environment variable BRANCH "
        "(give it a name that begins with CATALOGUE_, or list it in reconciler.yaml: "
        "`environment: [BRANCH]`; or write $${BRANCH} as literal text)"
    ]


BROKEN = ["${CATALOGUE_X:-d}", "${ CATALOGUE_X }", "${CATALOGUE-X}", "${}", "${CATALOGUE_X", "${1}"]
MALFORMED = (
    "`${` must be followed by the name of a variable and `}` "
    "(write ${NAME}, or $${ as literal text)"
)


@pytest.mark.parametrize("text", BROKEN)
def test_braces_without_a_plain_name_are_refused(tmp_path: Path, text: str) -> None:
    name = f"categories:\n  - name: 'x{text} y'\n"
    variables = {"CATALOGUE_X": "Tea"}
    assert load(tmp_path, name, variables) == [f"catalogue/a.yaml:2:11: {MALFORMED}"]
    assert load(tmp_path, name.replace("${", "$${"), variables) == [f"x{text} y"]
    assert load(tmp_path, name.replace("${", "${CATALOGUE_X}$${"), variables) == [f"xTea{text} y"]


@pytest.mark.parametrize("key", ["catalogue", "ledger", "store: {url", "store: {client_id"])
@pytest.mark.parametrize("text", BROKEN)
def test_the_settings_refuse_them_too(tmp_path: Path, key: str, text: str) -> None:
    (problem,) = load(tmp_path, "", {}, f"{key}: '{text}'{'}' if '{' in key else ''}")
    assert problem.startswith("reconciler.yaml:1:")
    assert problem.endswith(MALFORMED)


@pytest.mark.parametrize("text", BROKEN)
def test_a_client_secret_with_such_braces_is_not_shown(tmp_path: Path, text: str) -> None:
    found = load(tmp_path, "", {}, f"store: {{client_secret: '{text}'}}")
    assert any(problem.endswith(MALFORMED) for problem in found)
    assert not any(text in problem for problem in found)


@pytest.mark.parametrize("text", ["$HOME", "now $5", "$$", "{x}", "$ {x}", "$"])
def test_a_dollar_without_braces_is_text(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, f"categories:\n  - name: '{text}'\n", {}) == [text]


@pytest.mark.parametrize("name", ["DEALPOS_CLIENT_SECRET", "RECONCILER_PLAN_KEY", "dealpos_url"])
def test_a_credential_is_not_filled_in_though_it_is_listed(tmp_path: Path, name: str) -> None:
    (problem,) = load(tmp_path, category(name), {name: SECRET}, f"environment: [A, {name}]")
    assert problem.startswith(f"reconciler.yaml:1:18: `environment`: {name} may be a secret")
    with pytest.raises(environment.UnreadableName, match="must not be read here") as refused:
        Expander({name: SECRET}, [name])(f"${{{name}}}")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("environment: A", "1:14: `environment` must be a list of names (write `[NAME]`)"),
        (
            "environment: ['*']",
            "1:15: `environment`: must be the name of a variable (write it without $ and braces)",
        ),
        (
            "environment: [{A: 1}]",
            "1:15: `environment`: must be the name of a variable (write it without $ and braces)",
        ),
        (
            "store: {url: 'https://${DEALPOS_CLIENT_SECRET}.net'}",
            "1:14: `url` must not contain the environment variable DEALPOS_CLIENT_SECRET: plans "
            "show the URL (write the address of the shop)",
        ),
    ],
)
def test_the_settings_refuse_what_would_show_a_secret(
    tmp_path: Path, written: str, problem: str
) -> None:
    found = load(tmp_path, "", {"DEALPOS_CLIENT_SECRET": SECRET}, written)
    assert found == [f"reconciler.yaml:{problem}"]


@pytest.mark.parametrize("key", ["catalogue", "ledger"])
@pytest.mark.parametrize("name", ["DEALPOS_CLIENT_SECRET", "GITHUB_TOKEN"])
def test_a_setting_that_a_message_shows_reads_what_a_file_may_read(
    tmp_path: Path, key: str, name: str
) -> None:
    (problem,) = load(tmp_path, "", {name: SECRET}, f"{key}: '${{{name}}}'")
    assert problem.startswith("reconciler.yaml:1:")
    assert name in problem
    assert SECRET not in problem


def test_the_address_and_the_credentials_may_have_names_of_their_own(tmp_path: Path) -> None:
    text = "store: {url: '${SHOP_URL}', client_id: '${ID}', client_secret: '${S}'}"
    (tmp_path / "reconciler.yaml").write_text(text, encoding="utf-8")
    variables = {"SHOP_URL": "https://x.example", "ID": "me", "S": SECRET}
    assert settings.load(tmp_path, variables).store().credentials == (SECRET, "me")
    text = "store: {url: '${DEALPOS_URL}'}"  # a rehearsal may name the sandbox
    (tmp_path / "reconciler.yaml").write_text(text, encoding="utf-8")
    assert settings.load(tmp_path, {"DEALPOS_URL": "sandbox"}).store().url == "sandbox"


# --- how much text is added ---------------------------------------------------------------------

TOO_MUCH = "aliases and `${NAME}` add more than 1,000 characters to the files"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "MAX_ADDED_CHARACTERS", 1000)


@pytest.mark.parametrize(
    "text",
    [
        "a: '" + "${CATALOGUE_X}" * 101 + "'",
        "a:\n" + "  - ${CATALOGUE_X}\n" * 101,
        "a: &x ${CATALOGUE_X}\nb: [" + "*x, " * 100 + "]",
        "a: &x '" + "y" * 100 + "'\nb: [" + "*x, " * 11 + "]",
        "a: &x {k: '" + "y" * 100 + "'}\nb: [" + "*x, " * 11 + "]",
        "a: &x [[['" + "y" * 100 + "']]]\nb: [" + "*x, " * 11 + "]",
        "a: &x\n  k: '" + "y" * 100 + "'\nb: [" + "*x, " * 11 + "]",
        "a: &x {k: ['${CATALOGUE_X}', '${CATALOGUE_X}']}\nb: [" + "*x, " * 30 + "]",
        "a: &x '0123456789'\nb: &y [" + "*x, " * 10 + "]\nc: &z [" + "*y, " * 5 + "]\nd: [*z, *z]",
        "? &x " + "k" * 100 + "\n: 1\nb: [" + "*x, " * 11 + "]",
    ],
)
def test_text_that_is_filled_in_counts_towards_a_limit(text: str) -> None:
    _, problems = parse(text, "a.yaml", Expander({"CATALOGUE_X": "0123456789"}, ()))
    assert [problem.message for problem in problems] == [TOO_MUCH]


def test_the_limit_is_for_all_files_of_a_shop_together(tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    for number in range(11):
        path = tmp_path / "catalogue" / f"{number:02}.yaml"
        path.write_text(category("CATALOGUE_X").replace("x$", f"{number}$"), encoding="utf-8")
    (tmp_path / "reconciler.yaml").touch()
    with pytest.raises(SourceError) as refused:
        read_files(settings.load(tmp_path, {"CATALOGUE_X": "y" * 100}))
    (problem,) = refused.value.problems
    assert str(problem) == f"catalogue/10.yaml:2:11: {TOO_MUCH}"


def test_settings_are_limited_too(tmp_path: Path) -> None:
    variables = {"X": "y" * 100}
    (problem,) = load(tmp_path, "", variables, "store: {url: '" + "${X}" * 11 + "'}")
    assert problem.startswith(f"reconciler.yaml:1:14: {TOO_MUCH}")


def test_a_merge_of_a_common_mapping_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    variants = "".join(f"  - {{<<: *base, code: '{n}'}}\n" for n in range(10_000))
    text = "x: &base {taxable: true, outlet_prices: {Bandung: {price: 1}}}\nproducts:\n" + variants
    _, problems = parse(text, "a.yaml", Expander({}, ()))
    assert problems == []
