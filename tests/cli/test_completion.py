"""Completion: real shells source the script, and words of the shop are offered."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_help import COMMANDS
from tests.support.program import RunProgram, WriteCatalogue

FILES = """
categories: [{name: Hot Drinks}, {name: "Tea's"}]
products:
  - {code: P, name: Tea, category: Hot Drinks, variants: [{code: 1003L, model: L, unit_price: 1}]}
coupons:
  - {code: "${CATALOGUE_CODE}", secret: true, type: DiscountAmount, discount: 5, limit: 1,
     expiry_date: 2099-01-01, minimum_amount: 0}
"""


@pytest.fixture
def shop(folder: Path, declare: WriteCatalogue, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CATALOGUE_CODE", "HUSH-2026")
    declare(FILES)
    return folder


def complete(folder: Path, words: str, shell: str = "zsh") -> list[str]:
    """The words that are offered for the last one."""
    count = len(words.split(" ")) - 1
    variables = {"COMP_WORDS": words, "COMP_CWORD": str(count)}
    if shell == "fish":
        variables["COMP_CWORD"] = words.split(" ")[-1]
    ran = subprocess.run(
        [sys.executable, "-m", "dealpos_reconciler"],
        env={**os.environ, **variables, "_RECONCILER_COMPLETE": f"{shell}_complete"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    return lines[1::3] if shell == "zsh" else [line.partition(",")[2] for line in lines]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("reconciler pla", ["plan"]),
        ("reconciler plan --kind cat", ["category"]),
        ("reconciler plan --target variant/", ["variant/1003L"]),
        ("reconciler plan --target category/Hot", ["category/Hot Drinks"]),
        ("reconciler plan --explain variant/", ["variant/1003L"]),
        ("reconciler adopt prod", ["product/P"]),
        ("reconciler adopt --field unit_p", ["unit_price"]),
        ("reconciler plan --target coupon/", []),  # its code is secret
    ],
)
def test_words_of_the_shop_are_offered(shop: Path, words: str, offered: list[str]) -> None:
    assert complete(shop, words) == offered
    assert (
        complete(shop.parent, words.replace("reconciler", f"reconciler -C {shop.name}")) == offered
    )


def test_an_object_of_the_sandbox_is_offered(shop: Path) -> None:
    assert complete(shop, "reconciler sandbox edit variant/") == ["variant/1003L"]


def test_each_parameter_that_takes_an_address_or_a_kind_offers_them() -> None:
    taken = re.compile(r"\b(ADDRESS|KIND)\b")
    found = {
        f"{name} {parameter.opts[0]}": parameter._custom_shell_complete
        for name, command in COMMANDS.items()
        for parameter in command.params
        if taken.search(parameter.metavar or "")
    }
    # The address of a Dask cluster.
    missing = {name for name, offers in found.items() if not offers}
    assert missing == {f"fleet {name} --on" for name in ("plan", "apply", "audit")}
    assert len(found) > 10


@pytest.mark.parametrize("option", ["--target", "--explain"])
def test_the_folder_may_stand_before_the_option(shop: Path, option: str) -> None:
    words = f"reconciler plan {shop.name} {option} variant/"
    assert complete(shop.parent, words) == ["variant/1003L"]


@pytest.mark.parametrize("command", ["adopt", "prices import prices.csv"])
def test_layers_are_offered(tmp_path: Path, command: str) -> None:
    for name in ("catalogue", "base"):
        (tmp_path / "shop" / name).mkdir(parents=True)
        (tmp_path / "shop" / name / "menu.yaml").write_text("", encoding="utf-8")
    settings = "store: {url: sandbox}\nlayers: [base, catalogue]\n"
    (tmp_path / "shop" / "reconciler.yaml").write_text(settings, encoding="utf-8")
    assert complete(tmp_path / "shop", f"reconciler {command} --layer b") == ["base"]


def test_bash_gets_words_that_it_can_insert(shop: Path) -> None:
    assert complete(shop, "reconciler adopt cat", "bash") == [
        "category/Hot\\ Drinks",
        "category/Tea\\'s",
    ]
    assert complete(shop, "reconciler adopt cat", "fish") == [
        "category/Hot Drinks",
        "category/Tea's",
    ]


def test_files_with_problems_offer_nothing(shop: Path, declare: WriteCatalogue) -> None:
    declare("categories: [{nam: X}]")
    assert complete(shop, "reconciler adopt ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_valid(shell: str, run: RunProgram, tmp_path: Path) -> None:
    ran = run("completion", shell)
    assert ran.code == 0
    assert "_RECONCILER_COMPLETE" in ran.out
    if (program := shutil.which(shell)) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(ran.out, encoding="utf-8")
    subprocess.run([program, "-n", script], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_an_address(shop: Path, run: RunProgram, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "reconciler"
    program.parent.mkdir()
    python = shlex.quote(sys.executable)
    program.write_text(f'#!/bin/sh\nexec {python} -m dealpos_reconciler "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = run("completion", "bash").out + (
        "COMP_WORDS=(reconciler adopt variant/); COMP_CWORD=2\n"
        "_reconciler_completion reconciler\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    path = f"{program.parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path},
        cwd=shop,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "variant/1003L"
