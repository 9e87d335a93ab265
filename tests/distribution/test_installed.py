"""The wheel alone, in environments that hold nothing else: pip, pipx and uvx.

Each needs the package index. A machine that does not reach it skips these tests, with the reason.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distribution.conftest import Archives, build
from tests.support.deep import DEEP
from tests.support.shop import ROOT

pytestmark = [
    pytest.mark.skipif(not DEEP, reason="make deep runs it: it installs from the package index"),
    pytest.mark.timeout(400),
]

UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|Name or service not known|Could not find a version|"
    r"No matching distribution|were not found in the package registry"
)

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A function that runs a command in an empty folder, far from this repository."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    cache = Path(os.environ.get("UV_CACHE_DIR", Path.home() / ".cache" / "uv"))
    kept |= {"PIPX_HOME": str(home / "pipx"), "PIPX_BIN_DIR": str(home / "bin")}
    kept |= {"UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "copy", "PIPX_MAN_DIR": str(home / "man")}

    def running(*words: object) -> str:
        done = subprocess.run(
            [*map(str, words)],
            cwd=home,
            env=kept,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        if done.returncode and UNREACHABLE.search(said):
            pytest.skip(f"the package index cannot be reached: {said.strip().splitlines()[-1]}")
        assert done.returncode == 0, said
        return said

    return running


def works(run: Run, *command: object) -> None:
    """Begin a shop from nothing, apply it to the sandbox, and plan again."""
    assert "Next: reconciler plan my-shop" in run(*command, "init", "my-shop")
    assert "Apply complete: 4 changes (4 verified)" in run(
        *command, "apply", "my-shop", "--auto-approve"
    )
    assert "Plan: no changes" in run(*command, "plan", "my-shop")


def test_in_an_empty_virtual_environment(run: Run, archives: Archives, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    run(python, "-m", "pip", "install", "--quiet", archives.wheel)
    works(run, python.with_name("reconciler"))
    listed = run(python, "-m", "pip", "list")
    assert "pytest" not in listed
    # The hint of a command that lacks an extra works as it is pasted.
    run(python, "-m", "pip", "install", "--quiet", "dealpos-reconciler[serve]")
    assert "uvicorn" in run(python, "-m", "pip", "list")


OTHER = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "reconciler"
version = "0.2.2"
"""
"""A stand-in for the other project of that name, which has the package `reconciler`, no command."""


def test_beside_the_other_project_of_that_name(
    run: Run, archives: Archives, tmp_path: Path
) -> None:
    source = tmp_path / "source" / "reconciler"
    source.mkdir(parents=True)
    (source.parent / "pyproject.toml").write_text(OTHER, encoding="utf-8")
    (source / "__init__.py").write_text('"""Not ours."""\n', encoding="utf-8")
    (source / "__main__.py").write_text('print("the other project")\n', encoding="utf-8")
    other = build(source.parent, tmp_path / "other").wheel
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", other, archives.wheel)
    assert run(python, "-m", "reconciler") == "the other project\n"
    works(run, python.with_name("reconciler"))
    works_too = run(python, "-m", "dealpos_reconciler", "plan", "my-shop")
    assert "Plan: no changes" in works_too
    # Each is removed without the other.
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "reconciler")
    assert "Plan: no changes" in run(python.with_name("reconciler"), "plan", "my-shop")
    run(python, "-m", "pip", "install", "--quiet", other)
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "dealpos-reconciler")
    assert run(python, "-m", "reconciler") == "the other project\n"


def test_with_uvx(run: Run, archives: Archives) -> None:
    works(run, sys.executable, "-m", "uv", "tool", "run", "--from", archives.wheel, "reconciler")


def test_with_pipx(run: Run, archives: Archives, tmp_path: Path) -> None:
    pipx = (sys.executable, "-m", "uv", "tool", "run", "pipx")
    run(*pipx, "install", f"{archives.wheel}[serve]")
    works(run, tmp_path / "home" / "bin" / "reconciler")


def test_the_lists_of_parts_name_everything_that_is_installed(tmp_path: Path) -> None:
    """`make sbom`, as a release does it."""
    lists = tmp_path / "lists"
    done = subprocess.run(
        ["make", "--silent", "sbom", f"DIST={lists}"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "XDG_CACHE_HOME"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode and UNREACHABLE.search(done.stderr):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    required = (lists / "requirements.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", required, re.MULTILINE))
    # A machine of another kind installs some of them only.
    elsewhere = set(re.findall(r"^([\w.-]+)==[\w.]+ ;", required, re.MULTILINE))
    bom = json.loads((lists / "sbom.cdx.json").read_text(encoding="utf-8"))
    parts = {named(part["name"]): part for part in bom["components"]}
    assert bom["bomFormat"] == "CycloneDX"
    own = parts.pop("dealpos-reconciler")
    assert own["licenses"][0]["license"]["id"] == "Apache-2.0"
    assert {"pydantic", "httpx", "uvicorn", "psycopg"} <= set(parts)
    assert set(pinned) - elsewhere <= set(parts) <= set(pinned)
    assert all(part["version"] == pinned[name] for name, part in parts.items())
    rows = (lists / "licences.md").read_text(encoding="utf-8").splitlines()[2:]
    licences = {named(row.split("|")[1].strip()): row.split("|")[3].strip() for row in rows}
    assert set(parts) <= set(licences)
    assert not [name for name, licence in licences.items() if licence in {"", "UNKNOWN"}]


def named(distribution: str) -> str:
    """The name of a distribution as the lock file writes it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
