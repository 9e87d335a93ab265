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
from tests.support.deep import DEEP
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
        for name, script in scripts.items():
            (tools / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
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

    def shell(self, lines: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        """Run the commands of a job of GitLab."""
        more["RECONCILER"] = "a-package"
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
            cwd=self.clone(),
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


def test_a_rollout_on_gitlab(machine: Machine) -> None:
    pipeline = load(CI / "gitlab" / "fleet.yml")
    child = load(CI / "gitlab" / "fleet-wave.yml")
    for wave, names in (("wave-1", NAMES[:1]), ("wave-2", NAMES[1:])):
        listing = {**pipeline[".shops"], **pipeline[f"{wave}-shops"]}
        lines = [*listing["before_script"], *listing["script"], "cat wave.yml"]
        listed = machine.shell(lines, CI_JOB_STAGE=listing["stage"])
        assert listed.returncode == 0, listed.stderr
        made = YAML(typ="safe").load(listed.stdout)
        assert made["include"] == {"local": "ci/fleet-wave.yml"}
        rows = made["apply"]["parallel"]["matrix"]
        assert [row["SHOP"] for row in rows] == list(names)
        (included,) = pipeline[wave]["trigger"]["include"]
        assert included == {"artifact": "wave.yml", "job": f"{wave}-shops"}
        for row in rows:
            lines = [*child["apply"]["before_script"], *child["apply"]["script"]]
            own = {"DEALPOS_URL": machine.url(row["SHOP"]), **machine.secrets(row["SHOP"])}
            applied = machine.shell(lines, **row, **own)
            assert applied.returncode == 0, applied.stdout + applied.stderr
    for name in NAMES:
        assert machine.served.writes(name) == ["/Category", "/Product"]
