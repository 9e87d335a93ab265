"""The matrix of a wave, and the CI recipes: each job run as the platform runs it."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dealpos_reconciler.core.fleet.fleet import Member
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.workflows.fleet.matrix import make_matrix
from tests.support.actions import PYTHON, Job, load, start
from tests.support.components import extended, included, runs, script
from tests.support.deep import DEEP
from tests.support.gitlab import serve_gitlab
from tests.support.program import SECRET
from tests.support.served_fleet import ServedFleet, serve_fleet
from tests.support.shop import ROOT

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not DEEP, reason="make deep runs it: it starts many processes"),
]
CI = ROOT / "examples" / "ci"
NAMES = ("bandung", "jakarta-1", "jakarta-2")


def members(count: int) -> list[Member]:
    return [Member(f"shop-{number}", f"shops/{number}", 2) for number in range(count)]


@pytest.mark.parametrize(("platform", "most"), [("github", 256), ("gitlab", 200)])
def test_a_wave_that_is_too_large_for_a_matrix_is_refused(platform: str, most: int) -> None:
    assert make_matrix(members(most), platform)
    with pytest.raises(UsageError, match=rf"wave 2 has {most + 1} shops; .* has {most} jobs"):
        make_matrix(members(most + 1), platform)


GH = """
import jq, json, os, pathlib, shutil, sys
words, home = sys.argv[1:], pathlib.Path(os.environ["GH_HOME"])
said = home / "gh.json"
state = json.loads(said.read_text()) if said.exists() else []
if words[:2] == ["run", "download"]:
    assert words[2] == "7", words
    name, target = words[words.index("--pattern") + 1], words[words.index("--dir") + 1]
    for found in (home / "artifacts").glob(name):
        shutil.copytree(found, pathlib.Path(target) / found.name)
elif "--jq" in words:
    for found in jq.compile(words[words.index("--jq") + 1]).input_value(state):
        print(found)
else:
    body = open(words[-1].removeprefix("body=@"), encoding="utf-8").read()
    if "PATCH" in words:
        (path,) = [w for w in words if w.startswith("repos/")]
        state[int(path.rpartition("/")[2]) - 1]["body"] = body
    else:
        state.append({"id": len(state) + 1, "user": {"login": "github-actions[bot]"}, "body": body})
    said.write_text(json.dumps(state))
"""
PULL_REQUEST = {"number": 5, "head": {"repo": {"full_name": "shop/catalogue"}}}


class Machine:
    """Machines of a CI platform: a fresh clone for each job."""

    def __init__(self, served: ServedFleet) -> None:
        self.served = served
        self.count = 0
        tools = served.home / "bin"
        tools.mkdir()
        real = shlex.quote(sys.executable)
        (served.home / "gh.py").write_text(GH, encoding="utf-8")
        home = shlex.quote(str(served.home))
        scripts = {
            "reconciler": f'exec {real} -m dealpos_reconciler "$@"',
            "python": PYTHON.format(real=real, home=home),
            "gh": f'exec {real} {home}/gh.py "$@"',
        }
        for name, text in scripts.items():
            (tools / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (tools / name).chmod(0o755)
        environment = served.fleet.environment
        # The credentials of a shop are in its environment of the platform, not on the machine.
        self.environment = {k: v for k, v in environment.items() if v != SECRET}
        self.environment["PATH"] = f"{tools}:{environment['PATH']}"
        self.environment |= {
            "GH_HOME": str(served.home),
            "GITHUB_REPOSITORY": "shop/catalogue",
            "GITHUB_RUN_ID": "7",
            "GITHUB_STEP_SUMMARY": str(served.home / "summary.md"),
        }

    def clone(self) -> Path:
        self.count += 1
        return self.served.clone(f"job-{self.count}")

    def secrets(self, shop: str) -> dict[str, str]:
        return {"DEALPOS_CLIENT_ID": "sandbox", "DEALPOS_CLIENT_SECRET": SECRET}

    def url(self, shop: str) -> str:
        return f"http://127.0.0.1:{self.served.shops[shop].port}"

    def upload(self, given: Mapping[str, str]) -> Mapping[str, str]:
        if Path(given["path"]).exists():
            shutil.copytree(given["path"], self.served.home / "artifacts" / given["name"])
        return {}

    def job(
        self, name: str, row: Mapping[str, Any], event: str = "push", fork: bool = False
    ) -> tuple[int, Job]:
        """Run a job of the workflow of GitHub."""
        temporary = self.served.home / f"temporary-{self.count}"
        temporary.mkdir()
        shop = row.get("shop")
        pull_request = PULL_REQUEST | ({"head": {"repo": {"full_name": "fork"}}} if fork else {})
        contexts = {
            "github": {
                "event_name": event,
                "job": name,
                "repository": "shop/catalogue",
                "event": {"pull_request": pull_request} if event == "pull_request" else {},
            },
            "runner": {"temp": str(temporary)},
            "matrix": row,
            "secrets": self.secrets(shop) if shop else {},
            "vars": {"DEALPOS_URL": self.url(shop)} if shop else {},
            "needs": {"wave-2-shops": {"result": "success"}, "audit-shops": {"result": "success"}},
        }
        python = {"python-path": str(self.served.home / "bin" / "python")}
        actions = {
            "actions/checkout": nothing,
            "actions/setup-python": lambda _: python,
            "actions/upload-artifact": self.upload,
            "your-org/reconciler": ROOT,
        }
        environment = {**self.environment, "GITHUB_EVENT_NAME": event}
        job = Job(self.clone(), temporary, environment, contexts, actions)
        recipe = "fleet-plan.yml" if event == "pull_request" else "fleet.yml"
        return start(job, CI / "github" / recipe, name), job

    def shell(self, work: Path, lines: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the commands of a job of GitLab."""
        more["RECONCILER"] = "a-package"
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", lines],
            cwd=work,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


def nothing(given: Mapping[str, str]) -> Mapping[str, str]:
    return {}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with serve_fleet(tmp_path, NAMES) as served:
        yield Machine(served)


def test_a_rollout_on_github(machine: Machine) -> None:
    jobs = load(CI / "github" / "fleet.yml")["jobs"]
    # Nothing is applied while the wave before is not.
    code, job = machine.job("wave-2-shops", {})
    assert code == 1
    assert "wave 2 may not start: wave 1 of commit" in "".join(job.said)
    for wave, names in (("wave-1", NAMES[:1]), ("wave-2", NAMES[1:])):
        assert jobs[wave]["needs"] == f"{wave}-shops"
        assert jobs[wave]["strategy"]["matrix"] == (
            f"${{{{ fromJSON(needs.{wave}-shops.outputs.matrix) }}}}"
        )
        code, job = machine.job(f"{wave}-shops", {})
        assert code == 0, job.said
        rows = json.loads(job.outputs["matrix"]["matrix"])["include"]
        assert [row["shop"] for row in rows] == list(names)
        for row in rows:
            code, job = machine.job(wave, row)
            assert code == 0, job.said
            assert "Fleet apply: 1 of 1 shop done." in "".join(job.said)
    for name in NAMES:
        assert machine.served.writes(name) == ["/Category", "/Product"]


def survey(machine: Machine, command: str, event: str) -> None:
    """Run the jobs that plan or audit each shop."""
    shutil.rmtree(machine.served.home / "artifacts", ignore_errors=True)
    code, job = machine.job(f"{command}-shops", {}, event)
    assert code == 0, job.said
    rows = json.loads(job.outputs["matrix"]["matrix"])["include"]
    assert [row["shop"] for row in rows] == list(NAMES)
    for row in rows:
        code, job = machine.job(command, row, event)
        assert code == 0, job.said


def comments(machine: Machine) -> list[str]:
    state = json.loads((machine.served.home / "gh.json").read_text(encoding="utf-8"))
    return [comment["body"] for comment in state]


def test_a_pull_request_on_github_gets_one_comment_with_the_plan_of_the_fleet(
    machine: Machine,
) -> None:
    for _ in ("first push", "second push"):
        survey(machine, "plan", "pull_request")
        code, job = machine.job("comment", {}, "pull_request")
        assert code == 0, job.said
        (comment,) = comments(machine)
        assert comment.startswith("<!-- reconciler fleet plan -->\n### ✏️ Fleet plan: 3 of 3 shops")
        assert "create variant/1001R" in comment
        assert "in all 3 shops" in comment
    summary = (machine.served.home / "summary.md").read_text(encoding="utf-8")
    assert summary.count("<!-- reconciler fleet plan -->") == 2
    installed = (machine.served.home / "installed").read_text(encoding="utf-8").splitlines()
    assert installed[0].endswith(f"--require-hashes --requirement {ROOT}/requirements.txt")
    assert SECRET not in summary + "".join(map(str, installed))


def test_a_comment_names_the_shop_that_has_no_plan(machine: Machine) -> None:
    machine.url = lambda shop: "" if shop == "jakarta-1" else Machine.url(machine, shop)  # type: ignore[method-assign]
    with pytest.raises(AssertionError):
        survey(machine, "plan", "pull_request")
    code, job = machine.job("comment", {}, "pull_request")
    assert code == 1, job.said
    (comment,) = comments(machine)
    assert "### ⛔ Fleet plan: 1 of 3 shops planned, 2 failed" in comment
    assert "jakarta-1 (wave 2): failed: no report of it is in " in comment


def test_a_pull_request_of_a_fork_gets_no_plan(machine: Machine) -> None:
    with pytest.raises(AssertionError, match="plan-shops does not run"):
        machine.job("plan-shops", {}, "pull_request", fork=True)


def test_a_nightly_audit_on_github_fails_for_drift(machine: Machine) -> None:
    survey(machine, "audit", "schedule")
    code, job = machine.job("audit-report", {}, "schedule")
    assert code == 2, job.said  # nothing is applied yet
    summary = (machine.served.home / "summary.md").read_text(encoding="utf-8")
    assert "Fleet audit: 0 of 3 shops in sync, 3 drifted." in summary
    for wave in ("1", "2"):
        assert machine.served.fleet.run("apply", "--auto-approve", "--wave", wave).code == 0
    survey(machine, "audit", "schedule")
    code, job = machine.job("audit-report", {}, "schedule")
    assert code == 0, job.said
    with pytest.raises(AssertionError, match="audit-shops does not run"):
        machine.job("audit-shops", {})


def test_a_job_without_the_address_of_its_shop_does_nothing(machine: Machine) -> None:
    machine.url = lambda shop: ""  # type: ignore[method-assign]
    code, job = machine.job("wave-1", {"shop": "bandung", "wave": 1})
    assert code != 0
    assert "DEALPOS_URL: is not set" in "".join(job.said)
    assert machine.served.shops["bandung"].calls == []


def listed(machine: Machine, name: str) -> tuple[Any, list[dict[str, str]]]:
    """The child pipeline that a job of GitLab makes, and the rows of its matrix."""
    pipeline = extended(load(CI / "gitlab" / "fleet.yml"))
    listing = pipeline[f"{name}-shops"]
    (included_,) = pipeline[name]["trigger"]["include"]
    assert included_ == {"artifact": "child.yml", "job": f"{name}-shops"}
    lines = f"{script(listing)}\ncat child.yml"
    done = machine.shell(machine.clone(), lines, CI_JOB_STAGE=listing["stage"])
    assert done.returncode == 0, done.stderr
    made = YAML(typ="safe").load(done.stdout)
    (job,) = set(made) - {"include", "variables"}
    return made, made[job]["parallel"]["matrix"]


def test_a_rollout_on_gitlab(machine: Machine) -> None:
    apply = load(CI / "gitlab" / "fleet-wave.yml")["apply"]
    for wave, names in (("wave-1", NAMES[:1]), ("wave-2", NAMES[1:])):
        made, rows = listed(machine, wave)
        assert made["include"] == {"local": "ci/fleet-wave.yml"}
        assert [row["SHOP"] for row in rows] == list(names)
        for row in rows:
            own = {"DEALPOS_URL": machine.url(row["SHOP"]), **machine.secrets(row["SHOP"])}
            applied = machine.shell(machine.clone(), script(apply), **row, **own)
            assert applied.returncode == 0, applied.stdout + applied.stderr
    for name in NAMES:
        assert machine.served.writes(name) == ["/Category", "/Product"]
    installed = (machine.served.home / "installed").read_text(encoding="utf-8").splitlines()
    assert set(installed) == {
        "--quiet --require-hashes --requirement ci/requirements.txt",
        "--quiet --no-deps --no-build-isolation a-package",
    }


def view(machine: Machine, command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the child pipeline that plans or audits each shop, and return its last job."""
    made, rows = listed(machine, command)
    assert made["include"] == {"local": "ci/fleet-view.yml"}
    assert [row["SHOP"] for row in rows] == list(NAMES)
    jobs = included(CI / "gitlab" / "fleet-view.yml", ROOT / "templates")
    assert set(made) == {"include", "variables", "view"}
    assert jobs["view"]["environment"] == {"name": "$SHOP-view", "action": "access"}
    assert "environment" not in jobs["report"]
    artifacts = machine.served.home / "report"
    shutil.rmtree(artifacts, ignore_errors=True)
    more |= made["variables"] | {"TMPDIR": str(machine.served.home)}
    for row in rows:
        work = machine.clone()
        own = {"DEALPOS_URL": machine.url(row["SHOP"]), **machine.secrets(row["SHOP"])}
        ran = machine.shell(work, script(jobs["view"]), **more, **row, **own)
        assert SECRET not in ran.stdout + ran.stderr
        assert (ran.returncode == 0) == bool(own["DEALPOS_URL"]), ran.stdout + ran.stderr
        if (work / "report").exists():
            shutil.copytree(work / "report", artifacts, dirs_exist_ok=True)
    work = machine.clone()
    if artifacts.exists():
        shutil.copytree(artifacts, work / "report")
    return machine.shell(work, script(jobs["report"]), **more)


@pytest.fixture
def merge_request() -> Iterator[tuple[dict[str, str], list[dict[str, Any]]]]:
    """The variables of a merge request of GitLab, and its comments."""
    with serve_gitlab("<!-- reconciler fleet plan -->") as (variables, project):
        yield variables, project.notes


def test_a_merge_request_on_gitlab_gets_one_comment_with_the_plan_of_the_fleet(
    machine: Machine, merge_request: tuple[dict[str, str], list[dict[str, Any]]]
) -> None:
    variables, notes = merge_request
    # The comment of another job with the same token is left alone.
    notes.append({"id": 2, "author": {"id": 7}, "body": "<!-- reconciler plan -->\nOne shop."})
    for _ in ("first push", "second push"):
        done = view(machine, "plan", **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        theirs, other, comment = [note["body"] for note in notes]
        assert theirs == "<!-- reconciler fleet plan --> approve me"
        assert other == "<!-- reconciler plan -->\nOne shop."
        assert comment.startswith("<!-- reconciler fleet plan -->\n### ✏️ Fleet plan: 3 of 3 shops")
        assert "in all 3 shops" in comment
    machine.url = lambda shop: "" if shop == "jakarta-1" else Machine.url(machine, shop)  # type: ignore[method-assign]
    done = view(machine, "plan", **variables)
    assert done.returncode == 1, done.stdout
    assert "### ⛔ Fleet plan: 2 of 3 shops planned, 1 failed" in notes[2]["body"]
    assert "jakarta-1 (wave 2): failed: no report of it is in report" in notes[2]["body"]


def test_a_merge_request_on_gitlab_keeps_its_comment_where_there_is_no_report(
    machine: Machine, merge_request: tuple[dict[str, str], list[dict[str, Any]]]
) -> None:
    variables, notes = merge_request
    jobs = included(CI / "gitlab" / "fleet-view.yml", ROOT / "templates")
    notes.append({"id": 2, "author": {"id": 7}, "body": "Another comment of ours."})
    before = [dict(note) for note in notes]
    lines = "reconciler() { return 137; }\n" + script(jobs["report"])
    more = variables | {"COMMAND": "plan", "TMPDIR": str(machine.served.home)}
    done = machine.shell(machine.clone(), lines, **more)
    assert done.returncode == 1, done.stdout
    assert "report.md is not a report: nothing is written" in done.stderr
    assert notes == before


def test_a_nightly_audit_on_gitlab_fails_for_drift(machine: Machine) -> None:
    done = view(machine, "audit")
    assert done.returncode == 2, done.stdout + done.stderr  # nothing is applied yet
    assert "Fleet audit: 0 of 3 shops in sync, 3 drifted." in done.stdout
    for wave in ("1", "2"):
        assert machine.served.fleet.run("apply", "--auto-approve", "--wave", wave).code == 0
    done = view(machine, "audit")
    assert done.returncode == 0, done.stdout + done.stderr


WAVES = {"wave-1-shops", "wave-1", "wave-2-shops", "wave-2"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("merge_request_event", {"plan-shops", "plan"}),
        ("push", WAVES),
        ("schedule", WAVES | {"audit-shops", "audit"}),
    ],
)
def test_each_pipeline_of_a_fleet_on_gitlab_runs_its_jobs(source: str, expected: set[str]) -> None:
    pipeline = load(CI / "gitlab" / "fleet.yml")
    main = {"CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "main"}
    variables = {**main, "CI_PIPELINE_SOURCE": source}
    jobs = {name: job for name, job in extended(pipeline).items() if "rules" in job}
    jobs.pop("workflow")
    assert {name for name, job in jobs.items() if runs(job, variables)} == expected
    assert runs(pipeline["workflow"], variables)
    if source == "merge_request_event":
        fork = variables | {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9"}
        assert not runs(pipeline["workflow"], fork)
    else:
        assert not runs(pipeline["workflow"], variables | {"CI_COMMIT_BRANCH": "a-branch"})
    # The component is included for its hidden job alone.
    child = included(CI / "gitlab" / "fleet-view.yml", ROOT / "templates")
    of_the_child = variables | {"CI_PIPELINE_SOURCE": "parent_pipeline"}
    assert not [name for name, job in child.items() if "rules" in job and runs(job, of_the_child)]
