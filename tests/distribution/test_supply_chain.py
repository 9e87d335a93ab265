"""The recipes, the action and the containers: everything is pinned, and the rights are least."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.actions import load
from tests.support.shop import ROOT

ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / "examples" / "ci" / "github").glob("*.y*ml"))
CONTAINERS = [ROOT / "Dockerfile", ROOT / "examples" / "serve" / "Dockerfile"]
COMPONENTS = sorted((ROOT / "templates").glob("*.yml"))
DIGEST = r"@sha256:[0-9a-f]{64}\b"


def checked(*command: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def program(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def uses(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, one in part.items():
            yield from [one] if key == "uses" else uses(one)
    elif isinstance(part, list):
        for one in part:
            yield from uses(one)


def test_the_recipes_and_the_action_pass_the_audit_of_workflows() -> None:
    checked(program("zizmor"), "--offline", "--no-progress", "--quiet", ACTION, *WORKFLOWS)


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_every_action_is_pinned_by_the_digest_of_its_commit(path: Path) -> None:
    found = [*uses(load(path))]
    assert found
    assert not [one for one in found if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)]
    # The version beside the digest is for readers.
    lines = path.read_text(encoding="utf-8").splitlines()
    of_github = [line for line in lines if "uses: actions/" in line]
    assert all(re.search(r"# v\d+\.\d+\.\d+$", line) for line in of_github)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_workflow_names_its_permissions_and_pull_requests_write_comments_at_most(
    path: Path,
) -> None:
    described = load(path)
    events = set(described["on"])
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & events
    # A ledger in git is a ref that an apply pushes.
    allowed = {"pull-requests"} if "pull_request" in events else {"contents"}
    for job in described["jobs"].values():
        granted = {**described["permissions"], **job.get("permissions", {})}
        assert {name for name, right in granted.items() if right != "read"} <= allowed


@pytest.mark.parametrize("path", CONTAINERS, ids=lambda path: path.parent.name)
def test_every_container_is_pinned_and_runs_without_root(path: Path) -> None:
    checked(program("hadolint"), "--failure-threshold", "warning", path)
    text = path.read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases
    assert all(re.search(DIGEST, base) for base in bases)
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE)[-1] == "10001"
    # Nobody owns the name on an index: only the caller of a build can say where the package is.
    assert not re.findall(r"^(?:ARG|ENV).*=.*dealpos-reconciler", text, re.MULTILINE)


def test_the_container_holds_the_files_that_it_is_built_from() -> None:
    """The list of files that reach the build names all that the package is built from."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert kept == {"reconciler", "LICENSE", "README.md", "pyproject.toml", "requirements.txt"}


def test_the_jobs_of_gitlab_name_their_images_by_a_digest() -> None:
    named = [
        image
        for path in [*COMPONENTS, *(ROOT / "examples" / "ci" / "gitlab").glob("*.yml")]
        for image in re.findall(r"(python:[^\s\"]+)", path.read_text(encoding="utf-8"))
    ]
    assert named
    assert not [image for image in named if not re.search(DIGEST, image)]


def test_the_script_of_the_component_is_clean() -> None:
    for path in COMPONENTS:
        text = path.read_text(encoding="utf-8")
        block = re.search(r"<<'PYTHON'\n(.*?)\n +PYTHON\n", text, re.DOTALL)
        assert block
        source = re.sub(r"^ {6}", "", block[1], flags=re.MULTILINE) + "\n"
        linter = (sys.executable, "-m", "ruff", "check", "--ignore", "T201", "-")
        done = subprocess.run(
            linter, cwd=ROOT, input=source, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout


def test_the_pinned_requirements_are_those_of_the_lock_file(tmp_path: Path) -> None:
    exported = checked(
        *(sys.executable, "-m", "uv", "export", "--offline", "--locked", "--quiet"),
        *("--no-dev", "--group", "build", "--no-emit-project", "--no-header"),
    ).stdout
    kept = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    without_header = re.sub(r"\A(#.*\n)+", "", kept)
    assert without_header == exported, "requirements.txt is stale: run 'make lock'"
    assert kept.count("--hash=sha256:") > 100
