"""The import contracts hold, and each of them breaks when a forbidden import is planted.

A contract that no import can break would be hollow: each planted line goes into a copy of the
package, and the linter must name the contract.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.shop import ROOT

LAYERS = "Each package imports only the packages below it"
CORE = "The core is layered: steps over plan over provider over diff over model"
EDGE = "The shop edge is layered: apply and doctor over reading"
APART = "The shop edge and the ledger never import the files edge"
PURE = "The core, the kinds and the guardrails do no I/O"
WRITES = "Only apply, rehearsals and the seeding of the sandbox reach what writes"
REHEARSAL = "A rehearsal connects to no shop"
SEED = "Only the sandbox command fills the sandbox"
APPLIES = "Only the apply command starts an apply"
APPLY = "Only the command line starts the apply command"
CHECKS = "The checks of the doctor send nothing"
KINDS = "Kinds are independent of each other"
RULES = "Guardrail rules are independent of each other"
COUPONS = "Guardrail rules of coupons are independent of each other"
HTTPX = "Only the clients of shop, provider and receiver import httpx"
DEEPDIFF = "Only core.diff.diff imports DeepDiff"
CLICK = "Only the command line imports click"
RUAMEL = "Only the files edge imports ruamel.yaml"
WEB = "Only serve, provider and hooks import the web server and its database"
DASK = "Only the engine of a fleet imports Dask"
FLASK = "Only the sandbox imports Flask"

APPLY_RUN = "from dealpos_reconciler.dealpos.apply.run import apply_steps"

PLANTED = [
    (CORE, "core/model/field.py", "from dealpos_reconciler.core.diff import diff"),
    (CORE, "core/provider/release.py", "from dealpos_reconciler.core.plan import plan"),
    (CORE, "core/diff/readback.py", "from dealpos_reconciler.core.steps import order"),
    (LAYERS, "core/money.py", "from dealpos_reconciler.kinds import KINDS"),
    (LAYERS, "render/words.py", "from dealpos_reconciler.workflows import plan"),
    (LAYERS, "sandbox/shop.py", "from dealpos_reconciler.core.model import kind"),
    (LAYERS, "new_package/__init__.py", "import json"),
    (EDGE, "dealpos/reading/paging.py", "from dealpos_reconciler.dealpos.doctor import examine"),
    (APART, "dealpos/tenant.py", "from dealpos_reconciler.catalogue.settings import load"),
    (APART, "ledger/journal.py", "from dealpos_reconciler.catalogue import files"),
    (PURE, "core/plan/removal.py", "import os"),
    (PURE, "core/plan/removal.py", "def late():\n    import subprocess"),
    (PURE, "core/a_new_module.py", "from time import time"),
    (PURE, "kinds/coupon.py", "import pathlib"),
    (PURE, "guardrails/rules/removals.py", "import sys"),
    # The core may import errors, and what errors imports counts too.
    (PURE, "errors.py", "import socket"),
    (WRITES, "workflows/plan.py", APPLY_RUN),
    (WRITES, "workflows/a_new_module.py", APPLY_RUN),
    (WRITES, "cli/commands/audit.py", APPLY_RUN),
    (WRITES, "dealpos/reading/read.py", APPLY_RUN),
    (WRITES, "workflows/rehearsal/twin.py", APPLY_RUN),
    (
        REHEARSAL,
        "workflows/rehearsal/twin.py",
        "from dealpos_reconciler.workflows.connect import connect",
    ),
    (SEED, "workflows/plan.py", "from dealpos_reconciler.workflows.seed import Progress"),
    (APPLIES, "cli/commands/audit.py", "from dealpos_reconciler.workflows.apply import apply_plan"),
    (APPLIES, "workflows/plan.py", "from dealpos_reconciler.workflows import apply"),
    (APPLY, "cli/commands/plan.py", "from dealpos_reconciler.cli.commands.apply import apply"),
    (
        CHECKS,
        "dealpos/doctor/checks/access.py",
        "from dealpos_reconciler.dealpos.client import Client",
    ),
    (KINDS, "kinds/customer.py", "from dealpos_reconciler.kinds import coupon"),
    (
        RULES,
        "guardrails/rules/changes.py",
        "from dealpos_reconciler.guardrails.rules import removals",
    ),
    (
        COUPONS,
        "guardrails/rules/coupons/coupon_expiry.py",
        "from dealpos_reconciler.guardrails.rules.coupons import coupon_in_use",
    ),
    (HTTPX, "dealpos/reading/reader.py", "import httpx"),
    (HTTPX, "dealpos/a_new_module.py", "import httpx"),
    (HTTPX, "provider/sqlite.py", "import httpx"),
    (WEB, "workflows/init.py", "import starlette"),
    (WEB, "serve/log.py", "import psycopg"),
    (DEEPDIFF, "core/plan/build.py", "import deepdiff"),
    (CLICK, "workflows/init.py", "import click"),
    (RUAMEL, "workflows/init.py", "from ruamel.yaml import YAML"),
    (WEB, "workflows/init.py", "import uvicorn"),
    (WEB, "core/money.py", "import prometheus_client"),
    (FLASK, "workflows/init.py", "import flask"),
    (DASK, "workflows/fleet/survey.py", "import distributed"),
    (CORE, "core/plan/plan.py", "from dealpos_reconciler.core.fleet import fleet"),
]


def broken_contracts(folder: Path) -> set[str]:
    """Return the names of the contracts that the linter finds broken in a copy of the package."""
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "reconciler"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ran.stdout.splitlines()
    assert any(line.startswith("Contracts: ") for line in lines), ran.stdout + ran.stderr
    found = (re.match(r"(.*?) ?BROKEN\b", line) for line in lines)
    return {match[1] for match in found if match}


@pytest.fixture(scope="session")
def package_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its contracts, with the linter's cache warm."""
    folder = tmp_path_factory.mktemp("contracts")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "reconciler", folder / "reconciler", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    assert broken_contracts(folder) == set()
    return folder


def test_every_contract_has_a_planted_import_that_breaks_it() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} == {name for name, _, _ in PLANTED}


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_planted_import_breaks_the_contract(
    package_copy: Path, contract: str, file: str, line: str
) -> None:
    path = package_copy / "reconciler" / "dealpos_reconciler" / file
    before = path.read_text("utf-8") if path.exists() else None
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
        assert contract in broken_contracts(package_copy)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
        if not any(path.parent.iterdir()):
            path.parent.rmdir()


# What needs no import, or hides in a module that the core may import for its types.
IMPURE_CALLS = {"open", "input", "print", "exec", "eval", "__import__"}
IMPURE_METHODS = {"now", "today", "utcnow", "urlopen"}


def impure_calls(source: str) -> list[int]:
    """Return the lines of calls that read a clock, a file or the terminal."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in IMPURE_CALLS:
                lines.append(node.lineno)
            if isinstance(called, ast.Attribute) and called.attr in IMPURE_METHODS:
                lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("package", ["core", "kinds", "guardrails"])
def test_pure_packages_call_no_clock_file_or_terminal(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / "reconciler" / "dealpos_reconciler" / package).rglob("*.py")
        for line in impure_calls(path.read_text("utf-8"))
    }
    assert found == set()


def test_impure_calls_are_seen() -> None:
    assert impure_calls("x = 1\ndatetime.now(UTC)\nopen('a')\n") == [2, 3]
