"""A new repository gets a comment on a pull request: ten lines of YAML, and real installs.

The first test has nothing of this repository but the action's file and the built wheel, the second
one the source archive as GitHub checks it out. Both install from the package index.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.distribution.conftest import Archives
from tests.distribution.test_archives import NAME
from tests.distribution.test_installed import UNREACHABLE
from tests.support.actions import Job, start
from tests.support.deep import DEEP
from tests.support.shop import ROOT
from tests.test_ci import GH, MARKER

pytestmark = [
    pytest.mark.skipif(not DEEP, reason="make deep runs it: it installs from the package index"),
    pytest.mark.timeout(400),
]
WORKFLOW = ROOT / "examples" / "ci" / "github" / "comment-only.yml"


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The variables of a machine without this repository and without reconciler."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tmp_path / "gh.py").write_text(GH, encoding="utf-8")
    (tmp_path / "gh.json").write_text("[]", encoding="utf-8")
    stand_in = f"exec {shlex.join([sys.executable, str(tmp_path / 'gh.py')])}"
    (tools / "gh").write_text(f'#!/bin/sh\n{stand_in} "$@"\n', encoding="utf-8")
    (tools / "gh").chmod(0o755)
    of_ours = str(Path(sys.executable).parent)
    path = [part for part in os.environ["PATH"].split(":") if part != of_ours]
    ours = ("PYTHON", "VIRTUAL_ENV", "GITHUB", "DEALPOS", "RECONCILER", "XDG_")
    return {
        **{key: one for key, one in os.environ.items() if not key.startswith(ours)},
        "PATH": ":".join([str(tools), *path]),
        "HOME": str(tmp_path / "home"),
        "GH_HOME": str(tmp_path),
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_BASE_REF": "main",
        "GITHUB_REPOSITORY": "shop/catalogue",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }


def new_repository(machine: Mapping[str, str], archives: Archives, where: Path) -> Path:
    """An empty repository, and a branch with the files that `reconciler init` writes."""
    uvx = (sys.executable, "-m", "uv", "tool", "run", "--from", archives.wheel, "reconciler")
    cache = {"UV_CACHE_DIR": str(Path.home() / ".cache" / "uv"), "UV_LINK_MODE": "copy"}
    where.mkdir()
    for command in (("git", "init", "--quiet"), (*uvx, "init", "shop")):
        done = subprocess.run(
            [*map(str, command)],
            cwd=where,
            env={**machine, **cache},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if UNREACHABLE.search(done.stderr):
            pytest.skip("the package index cannot be reached")
        assert done.returncode == 0, done.stderr
    return where


def commented(machine: Mapping[str, str], work: Path, action: Path, package: str) -> str:
    """Run the workflow as GitHub does for a pull request, and return the comment."""
    text = WORKFLOW.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) <= 10
    if package:
        text = text.replace("with: {url:", f'with: {{package: "{package}", url:')
    workflow = work / ".github" / "workflows" / "catalogue.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(text, encoding="utf-8")
    temporary = work.with_name("temporary")
    temporary.mkdir()
    uploaded: list[str] = []

    def upload(given: Mapping[str, str]) -> Mapping[str, str]:
        uploaded.extend(Path(line).name for line in given["path"].split())
        return {}

    own = {"repo": {"full_name": "shop/catalogue"}}
    github = {
        "event_name": "pull_request",
        "event": {"pull_request": {"number": 1, "head": own}},
        "repository": "shop/catalogue",
        "token": "token-of-the-job",
    }
    python = str(Path(sys._base_executable))  # type: ignore[attr-defined]
    actions = {
        "actions/checkout": lambda _: {},
        "actions/cache/restore": lambda _: {},
        "actions/cache/save": lambda _: {},
        "actions/setup-python": lambda _: {"python-path": python},
        "actions/upload-artifact": upload,
        "your-org/reconciler": action,
    }
    secrets = {"RECONCILER_PLAN_KEY": "a-random-text-of-the-pipeline"}
    contexts = {"github": github, "secrets": secrets, "vars": {"DEALPOS_URL": "sandbox"}}
    job = Job(work, temporary, machine, contexts, actions)
    code = start(job, workflow, "plan")
    said = "\n".join(job.said)
    if UNREACHABLE.search(said):
        pytest.skip("the package index cannot be reached")
    assert code == 0, said
    assert uploaded == ["plan.json", "plan.html"]
    (comment,) = json.loads(Path(machine["GH_HOME"], "gh.json").read_text(encoding="utf-8"))
    assert str(comment["body"]).startswith(MARKER)
    return str(comment["body"])


def test_from_the_wheel_alone(machine: dict[str, str], archives: Archives, tmp_path: Path) -> None:
    action = tmp_path / "action"
    action.mkdir()
    shutil.copy(ROOT / "action.yml", action)
    work = new_repository(machine, archives, tmp_path / "work")
    comment = commented(machine, work, action, str(archives.wheel))
    assert re.search(r"\| create \|", comment)
    assert "Kopi Susu" in comment


def test_from_the_commit_of_the_action(
    machine: dict[str, str], archives: Archives, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("checkout")
    with tarfile.open(archives.sdist) as archive:
        archive.extractall(elsewhere, filter="data")
    where = Path(machine["GH_HOME"])
    work = new_repository(machine, archives, where / "work")
    assert "Kopi Susu" in commented(machine, work, elsewhere / NAME, "")


def test_the_hook_of_pre_commit(machine: dict[str, str], archives: Archives) -> None:
    """pre-commit itself builds the hook from the archive, and runs it on a wrong file."""
    where = Path(machine["GH_HOME"])
    work = new_repository(machine, archives, where / "work")
    source = where / "source"
    source.mkdir()
    wanted = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "reconciler/")
    with tarfile.open(archives.sdist) as archive:
        inside = [
            one
            for one in archive.getmembers()
            if one.name.removeprefix(f"{NAME}/").startswith(wanted)
        ]
        archive.extractall(source, members=inside, filter="data")
    origin = source / NAME
    author = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com"}
    author |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}
    cache = {"UV_CACHE_DIR": str(Path.home() / ".cache" / "uv"), "UV_LINK_MODE": "copy"}

    def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=folder,
            env={**machine, **author, **cache},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "all"]):
        assert run(origin, "git", *command).returncode == 0
    run(work, "git", "add", "--all")
    pre_commit = (sys.executable, "-m", "uv", "tool", "run", "pre-commit", "try-repo")
    hook = (*pre_commit, str(origin), "reconciler-validate", "--all-files")
    passed = run(work, *hook)
    if UNREACHABLE.search(passed.stdout + passed.stderr):
        pytest.skip("the package index cannot be reached")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    menu = work / "shop" / "catalogue" / "menu.yaml"
    menu.write_text(menu.read_text(encoding="utf-8").replace("unit_price", "unit_prize", 1))
    failed = run(work, *hook)
    assert failed.returncode == 1
    assert "did you mean `unit_price`?" in failed.stdout
