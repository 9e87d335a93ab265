"""The CI recipes: each step run as the platform runs it, beside stand-ins for its own tools.

The story of a pull request: a branch changes three prices and a coupon, somebody changes one of
those prices in the shop before the merge, and merging applies what still holds.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from tests.support.actions import PYTHON, Job, load, start
from tests.support.components import included, runs, script
from tests.support.gitlab import GitLab, serve_gitlab
from tests.support.menu import TWO_SIZES, back_office, by_code, edited
from tests.support.shop import ROOT

CI = ROOT / "examples" / "ci"
KEY = "a-random-text-of-the-pipeline"
MARKER = "<!-- reconciler plan -->"
SHOP = (
    TWO_SIZES
    + """\
      - {code: 1001J, model: Jumbo, unit_price: 26000}
coupons:
  - code: DISC20
    type: DiscountPercentage
    discount: 20
    limit: 100
    minimum_amount: 0
    maximum_discount: 5000
    full_price_item_only: false
    expiry_date: 2999-12-31
""".replace("2999-12-31", (datetime.now().astimezone() + timedelta(days=365)).date().isoformat())
)
MERGED = edited(
    SHOP,
    ("18000", "19000"),
    ("22000", "23000"),
    ("26000", "27000"),
    ("discount: 20", "discount: 25"),
)

GH = """
import jq, json, os, shutil, sys
words, home = sys.argv[1:], os.environ["GH_HOME"]
state = json.load(open(home + "/gh.json"))
if words[:2] == ["run", "download"]:
    name, target = words[words.index("--name") + 1], words[words.index("--dir") + 1]
    assert words[2] == "7" and name == "plan-5", words
    os.makedirs(target)
    shutil.copy(home + "/artifact/plan.json", target)
elif "--jq" in words:
    path = words[1].partition("?")[0]
    if path.endswith("/pulls"):
        main, head = {"base": {"ref": "main"}}, {"sha": "head-of-the-branch"}
        open_ = main | {"number": 3, "merged_at": None, "head": {"sha": "not-merged"}}
        other = {"number": 4, "merged_at": "then", "base": {"ref": "next"}, "head": head}
        merged = main | {"number": 5, "merged_at": "now", "head": head}
        listed = [open_, other] if "nobody" in path else [open_, other, merged]
        listed += [merged | {"number": 6}] if "twice" in path else []
    elif path.endswith("/artifacts"):
        assert "?name=plan-5&" in words[1], words
        run = {"id": 7, "head_sha": "head-of-the-branch"}
        kept = {"expired": False, "created_at": "2026-01-02", "workflow_run": run}
        older = kept | {"created_at": "2026-01-01", "workflow_run": run | {"id": 6}}
        gone = kept | {"created_at": "2026-01-03", "expired": True, "workflow_run": run | {"id": 8}}
        push = kept | {"created_at": "2026-01-04", "workflow_run": {"id": 9, "head_sha": "before"}}
        listed = {"artifacts": [older, kept, gone, push]}
    elif "/actions/runs/" in path:
        assert path.endswith("/7"), words
        recipe = ".github/workflows/catalogue.yml"
        listed = {"id": 7, "path": recipe, "event": "pull_request", "conclusion": "success"}
        listed |= json.loads(os.environ.get("RUN", "{}"))
    else:
        listed = state
    for found in jq.compile(words[words.index("--jq") + 1]).input_value(listed):
        print(found)
else:
    body = open(words[-1].removeprefix("body=@"), encoding="utf-8").read()
    if "PATCH" in words:
        number = int([w for w in words if w.startswith("repos/")][0].rpartition("/")[2])
        state[number - 1]["body"] = body
    else:
        state.append({"id": len(state) + 1, "user": {"login": "github-actions[bot]"}, "body": body})
    json.dump(state, open(home + "/gh.json", "w"))
"""


def nothing(given: Mapping[str, str]) -> Mapping[str, str]:
    return {}


class Runner:
    """A checkout on a machine of the platform, and the shop in the back office."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.number = 5
        self.work = home / "work"
        (self.work / "shop" / "catalogue").mkdir(parents=True)
        (self.work / "shop" / "reconciler.yaml").write_text("store: {url: sandbox}\n")
        self.temporary = home / "temporary"
        self.temporary.mkdir()
        tools = home / "bin"
        tools.mkdir()
        real = shlex.quote(sys.executable)
        self.tool("reconciler", f'exec {real} -m dealpos_reconciler "$@"')
        self.tool("python", PYTHON.format(real=real, home=shlex.quote(str(home))))
        (home / "gh.py").write_text(GH, encoding="utf-8")
        theirs = {"id": 1, "user": {"login": "somebody"}, "body": f"{MARKER} approve me"}
        (home / "gh.json").write_text(json.dumps([theirs]), encoding="utf-8")
        self.tool("gh", f'exec {real} {shlex.quote(str(home / "gh.py"))} "$@"')
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GITHUB", "CI_"))},
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "reconciler"),
            "GH_HOME": str(home),
        }
        self.github = {
            "GITHUB_REF_NAME": "main",
            "GITHUB_REPOSITORY": "shop/catalogue",
            "GITHUB_SHA": "the-merge",
            "GITHUB_STEP_SUMMARY": str(home / "summary.md"),
            "GITHUB_BASE_REF": "main",
            "GITHUB_WORKFLOW_REF": "shop/catalogue/.github/workflows/catalogue.yml@refs/heads/main",
        }
        self.gitlab = {
            "DEALPOS_URL": "sandbox",
            "RECONCILER_PLAN_KEY": KEY,
        }
        self.secrets = {
            "DEALPOS_CLIENT_ID": "an-id-of-the-client",
            "DEALPOS_CLIENT_SECRET": "a-secret-of-the-client",
            "RECONCILER_PLAN_KEY": KEY,
        }
        self.variables = {"DEALPOS_URL": "sandbox"}
        self.head = "shop/catalogue"
        # Annotations name files as the repository does.
        subprocess.run(["git", "init", "--quiet", str(self.work)], check=True)
        self.declare(SHOP)
        done = self.run("reconciler apply shop --auto-approve")
        assert done.returncode == 0, done.stderr

    def tool(self, name: str, script: str) -> None:
        path = self.home / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def declare(self, text: str) -> None:
        (self.work / "shop" / "catalogue" / "shop.yaml").write_text(text, encoding="utf-8")

    def run(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.work,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def job(self, path: Path, name: str, event: str = "") -> subprocess.CompletedProcess[str]:
        """Every step of a job; after one that fails, those that are run all the same."""
        if path.is_relative_to(CI / "gitlab"):
            job = included(path, ROOT / "templates")[f"reconciler-{name}"]
            done = self.run(script(job), TMPDIR=str(self.temporary), **self.gitlab)
            return subprocess.CompletedProcess([], done.returncode, done.stdout + done.stderr, "")
        ran = self.start(name, event)
        code = start(ran, path, name)
        return subprocess.CompletedProcess([], code, "".join(ran.said), "")

    def start(self, name: str, event: str = "") -> Job:
        """A machine of GitHub for a job, before its first step."""
        event = event or {"plan": "pull_request", "apply": "push", "audit": "schedule"}[name]
        head = {"repo": {"full_name": self.head}}
        of_ours = {"pull_request": {"number": self.number, "head": head}}
        github = {
            "event_name": event,
            "event": of_ours if event.startswith("pull_request") else {},
            "repository": "shop/catalogue",
            "token": "token-of-the-job",
            "run_id": "7",
            "run_attempt": "1",
        }
        # As GitHub does: a pull request from a fork gets no secrets.
        secrets = self.secrets if self.head == "shop/catalogue" else {}
        return Job(
            self.work,
            self.temporary,
            {**self.environment, **self.github, "GITHUB_EVENT_NAME": event},
            {"github": github, "secrets": secrets, "vars": self.variables},
            {
                "actions/checkout": nothing,
                "actions/cache/restore": nothing,
                "actions/cache/save": nothing,
                "actions/setup-python": lambda _: {"python-path": str(self.home / "bin/python")},
                "actions/upload-artifact": self.upload,
                "your-org/reconciler": ROOT,
            },
        )

    def upload(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Keep the files where `gh run download` finds them."""
        kept = self.home / "artifact"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        for path in given["path"].split():
            shutil.copy(path, kept)
        return {}

    def shown(self) -> tuple[dict[str, int], dict[str, Any]]:
        document = sandbox.show(self.work / "shop" / ".reconciler" / "sandbox.db")
        prices = {v["Code"]: v["UnitPrice"] for p in document["products"] for v in p["Variants"]}
        (coupon,) = document["coupons"]
        return prices, coupon


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def meddle(runner: Runner) -> None:
    """Someone changes a price, and the till takes some coupons."""
    with back_office(runner.work / "shop") as document:
        rows = by_code(document)
        rows["1001L"]["UnitPrice"] = 22500
        rows["DISC20"]["Balance"] = 63


def settled(runner: Runner, applied: subprocess.CompletedProcess[str]) -> None:
    """Two prices and the coupon are applied, one price is held, and the file settles it."""
    assert applied.returncode == 4, applied.stdout
    assert (
        '! update variant/1001L "Kopi Susu, Large" stale: `unit_price` was 22,000 when'
        in applied.stdout
    )
    assert "Apply incomplete: 3 applied (3 verified), 1 stale" in applied.stdout
    prices, coupon = runner.shown()
    assert prices == {"1001R": 19000, "1001L": 22500, "1001J": 27000}
    assert (coupon["Discount"], coupon["Limit"], coupon["Balance"]) == (25, 63, 63)
    runner.declare(MERGED.replace("23000", "22500"))
    again = runner.run("reconciler plan shop --detailed-exitcode")
    assert again.returncode == 0, again.stdout
    assert "Plan: no changes" in again.stdout


def commented(runner: Runner) -> str:
    """The job's one comment; that of somebody who pretends to be the job is left alone."""
    theirs, ours = json.loads((runner.home / "gh.json").read_text(encoding="utf-8"))
    assert theirs["body"] == f"{MARKER} approve me"
    body: str = ours["body"]
    return body


@pytest.mark.timeout(200)
def test_a_pull_request_on_github(runner: Runner) -> None:
    recipe = CI / "github" / "catalogue.yml"
    runner.declare(MERGED.replace("27000", "26500"))
    assert runner.job(recipe, "plan").returncode == 0
    runner.declare(MERGED.replace("unit_price", "unit_prize"))
    assert runner.job(recipe, "plan").returncode == 1
    comment = commented(runner)
    assert "No plan" in comment
    assert "did you mean `unit_price`?" in comment
    runner.declare(MERGED.replace("27000", "2700"))
    assert runner.job(recipe, "plan").returncode == 3
    assert "Guardrail violations" in commented(runner)
    runner.declare(MERGED)
    planned = runner.job(recipe, "plan")
    assert planned.returncode == 0, planned.stdout
    comment = commented(runner)
    assert "27,000" in comment
    assert "26,500" not in comment
    assert "file=shop/catalogue/shop.yaml,line=" in planned.stdout
    assert "<html" in (runner.home / "artifact" / "plan.html").read_text(encoding="utf-8")
    meddle(runner)
    before, runner.github["GITHUB_SHA"] = runner.shown(), "pushed-by-nobody"
    refused = runner.job(recipe, "apply")
    assert (refused.returncode, runner.shown()) == (1, before)
    assert "no plan of it was approved" in refused.stdout
    runner.github["GITHUB_SHA"] = "merged-twice"
    refused = runner.job(recipe, "apply")
    assert (refused.returncode, runner.shown()) == (1, before)
    assert "several pull requests were merged with this commit" in refused.stdout
    runner.github["GITHUB_SHA"] = "the-merge"
    for other in ({"conclusion": "failure"}, {"event": "push"}, {"path": "evil.yml"}):
        runner.environment["RUN"] = json.dumps(other)
        refused = runner.job(recipe, "apply")
        assert (refused.returncode, runner.shown()) == (1, before)
        assert "no successful plan of head-of-the-branch was found" in refused.stdout
    del runner.environment["RUN"]
    settled(runner, runner.job(recipe, "apply"))
    audited = runner.job(recipe, "audit")
    assert audited.returncode == 0, audited.stdout
    assert "audit" in (runner.home / "summary.md").read_text(encoding="utf-8").lower()
    with back_office(runner.work / "shop") as document:
        document["coupons"].clear()
    assert runner.job(recipe, "audit").returncode == 2


@pytest.fixture
def gitlab(runner: Runner) -> Iterator[type[GitLab]]:
    with serve_gitlab(MARKER) as (variables, project):
        runner.gitlab |= variables
        yield project


@pytest.mark.timeout(200)
def test_a_merge_request_on_gitlab(runner: Runner, gitlab: type[GitLab]) -> None:
    recipe = CI / "gitlab" / "gitlab-ci.yml"
    saved = runner.work / "plan.json"

    def push(text: str, code: int) -> None:
        runner.declare(text)
        planned = runner.job(recipe, "plan")
        assert planned.returncode == code, planned.stdout
        kept = saved.read_bytes() if saved.exists() else None
        gitlab.pushes.append((f"push-{len(gitlab.pushes)}", kept))
        saved.unlink(missing_ok=True)  # the next job begins in a folder of its own

    push(MERGED.replace("27000", "26500"), 0)
    push(MERGED.replace("27000", "2700"), 3)
    assert "Guardrail violations" in gitlab.notes[-1]["body"]
    push(MERGED.replace("unit_price", "unit_prize"), 1)
    assert "No plan" in gitlab.notes[-1]["body"]
    before = runner.shown()
    refused = runner.job(recipe, "apply")
    assert (refused.returncode, runner.shown()) == (1, before)
    assert "the last push, push-2, has no successful plan" in refused.stdout
    push(MERGED, 0)
    theirs, comment = gitlab.notes
    assert theirs["body"] == f"{MARKER} approve me"
    assert "27,000" in comment["body"]
    meddle(runner)
    gitlab.second, before = "merged", runner.shown()
    refused = runner.job(recipe, "apply")
    assert (refused.returncode, runner.shown()) == (1, before)
    assert "several merge requests hold the-merge" in refused.stdout
    gitlab.second = "closed"
    settled(runner, runner.job(recipe, "apply"))
    assert runner.job(recipe, "audit").returncode == 0


@pytest.mark.parametrize("changed", ["number", "base"])
def test_a_plan_of_another_pull_request_is_refused_on_github(runner: Runner, changed: str) -> None:
    """The commit is the same, and somebody has given its artifact the name of the approved one."""
    recipe = CI / "github" / "catalogue.yml"
    runner.declare(MERGED)
    if changed == "number":
        runner.number = 6
    else:
        runner.github["GITHUB_BASE_REF"] = "next"
    assert runner.job(recipe, "plan").returncode == 0
    before = runner.shown()
    refused = runner.job(recipe, "apply")
    assert (refused.returncode, runner.shown()) == (1, before)
    assert "was signed with another key" in refused.stdout


@pytest.mark.parametrize(
    ("name", "value"), [("CI_MERGE_REQUEST_IID", "6"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "x")]
)
def test_a_plan_of_another_merge_request_is_refused_on_gitlab(
    runner: Runner, gitlab: type[GitLab], name: str, value: str
) -> None:
    recipe = CI / "gitlab" / "gitlab-ci.yml"
    runner.declare(MERGED)
    runner.gitlab[name] = value
    planned = runner.job(recipe, "plan")
    assert planned.returncode == 0, planned.stderr
    saved = runner.work / "plan.json"
    gitlab.pushes.append(("push-0", saved.read_bytes()))
    saved.unlink()
    before = runner.shown()
    refused = runner.job(recipe, "apply")
    assert (refused.returncode, runner.shown()) == (1, before)
    assert "was signed with another key" in refused.stdout


@pytest.mark.parametrize("job", ["plan", "apply", "audit"])
@pytest.mark.parametrize("name", ["DEALPOS_URL", "RECONCILER_PLAN_KEY"])
@pytest.mark.parametrize("recipe", ["github/catalogue.yml", "gitlab/gitlab-ci.yml"])
def test_no_job_runs_without_the_address_and_the_key(
    runner: Runner, gitlab: type[GitLab], recipe: str, name: str, job: str
) -> None:
    """A file of a pull request would decide where the credentials go; a short key is guessed."""
    if (name, job) == ("RECONCILER_PLAN_KEY", "audit"):
        return
    (runner.home / "artifact").mkdir()
    (runner.home / "artifact" / "plan.json").write_text("{}")
    for values in (runner.secrets, runner.variables, runner.gitlab):
        values.pop(name, None)
    ran = runner.job(CI / recipe, job)
    assert ran.returncode != 0
    assert f"{name}: is not set" in ran.stdout + ran.stderr
    assert "Plan:" not in ran.stdout


def planned_by_a_fork(runner: Runner, text: str) -> tuple[int, Job]:
    """The plan job of a pull request that somebody without any right has opened."""
    runner.head = "somebody/catalogue"
    runner.declare(text)
    ran = runner.start("plan")
    return start(ran, CI / "github" / "catalogue.yml", "plan"), ran


def test_a_fork_gets_its_files_checked_and_nothing_else(runner: Runner) -> None:
    code, ran = planned_by_a_fork(runner, MERGED)
    assert code == 0
    assert "a pull request from a fork gets no secrets" in ran.said[0]
    commands = [command for command, _ in ran.ran]
    assert not [c for c in commands if re.search("gh api|RECONCILER. (plan|apply|audit)", c)]
    assert "token-of-the-job" not in str([given for _, given in ran.ran])
    assert len(json.loads((runner.home / "gh.json").read_text())) == 1
    assert not (runner.home / "artifact").exists()
    code, ran = planned_by_a_fork(runner, MERGED.replace("unit_price", "unit_prize"))
    assert code == 1
    assert "did you mean `unit_price`?" in ran.said[-1]


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run", "issue_comment"])
def test_events_that_give_secrets_to_files_of_anybody_are_refused(
    runner: Runner, event: str
) -> None:
    recipe = runner.home / "recipe.yml"
    text = (CI / "github" / "catalogue.yml").read_text(encoding="utf-8")
    recipe.write_text(text.replace("github.event_name == 'pull_request'", "always()"))
    ran = runner.job(recipe, "plan", event)
    assert ran.returncode == 1
    assert f"{event} runs with secrets on files of anybody" in ran.stdout
    assert "Plan" not in ran.stdout


@pytest.mark.parametrize(
    "name", ["DEALPOS_CLIENT_SECRET", "RECONCILER_PLAN_KEY", "GH_TOKEN", "CATALOGUE_TOKEN"]
)
def test_no_file_of_a_pull_request_carries_a_secret_into_a_comment(
    runner: Runner, name: str
) -> None:
    """A colleague's branch is planned with secrets, so its files try to read them."""
    secret = "secret-that-no-comment-may-show"
    runner.secrets = {key: secret for key in runner.secrets}
    runner.environment["CATALOGUE_TOKEN"] = secret
    settings = runner.work / "shop" / "reconciler.yaml"
    settings.write_text(f"store: {{url: sandbox}}\nenvironment: [{name}]\n")
    runner.declare(MERGED.replace("Kopi Susu", f"${{{name}}}", 1))
    ran = runner.job(CI / "github" / "catalogue.yml", "plan")
    assert ran.returncode == (0 if name == "CATALOGUE_TOKEN" else 1), ran.stdout
    assert secret not in ran.stdout
    assert secret not in (runner.home / "gh.json").read_text(encoding="utf-8")
    assert secret not in (runner.home / "summary.md").read_text(encoding="utf-8")
    page = runner.home / "artifact" / "plan.html"
    assert not page.exists() or secret not in page.read_text(encoding="utf-8")


def test_each_secret_reaches_the_step_that_needs_it_and_no_other(runner: Runner) -> None:
    runner.declare(MERGED)
    reached: dict[str, list[str]] = {}
    for name in ("plan", "apply", "audit"):
        job = runner.start(name)
        start(job, CI / "github" / "catalogue.yml", name)
        for command, given in job.ran:
            held = [key for key, one in given.items() if one in {*runner.secrets.values()}]
            if held or "token-of-the-job" in given.values():
                first = command.strip().splitlines()[0]
                assert "install" not in first
                reached.setdefault(name, []).extend(sorted(held) or ["token"])
    credentials = ["DEALPOS_CLIENT_ID", "DEALPOS_CLIENT_SECRET"]
    assert reached == {
        "plan": [*credentials, "RECONCILER_PLAN_KEY", "token"],
        "apply": ["token", *credentials, "RECONCILER_PLAN_KEY"],
        "audit": credentials,
    }


def test_the_action_installs_its_own_commit_and_pinned_versions(runner: Runner) -> None:
    runner.declare(MERGED)
    assert runner.job(CI / "github" / "catalogue.yml", "plan").returncode == 0
    pinned, own = (runner.home / "installed").read_text(encoding="utf-8").splitlines()
    assert pinned.endswith(f"--require-hashes --requirement {ROOT}/requirements.txt")
    assert own.endswith(f"--no-deps --no-build-isolation {ROOT}")


FORK = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9", "CI_MERGE_REQUEST_PROJECT_ID": "1"}
OURS = {**FORK, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1"}
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_DEFAULT_BRANCH": "main"}
PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_DEFAULT_BRANCH": "main"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (MERGE_REQUEST | OURS, {"plan"}),
        (MERGE_REQUEST | FORK, {"check"}),
        (PUSH | {"CI_COMMIT_BRANCH": "main"}, {"apply"}),
        (PUSH | {"CI_COMMIT_BRANCH": "a-branch"}, set()),
        ({"CI_PIPELINE_SOURCE": "schedule"}, {"audit"}),
    ],
)
def test_each_pipeline_of_gitlab_runs_its_jobs(
    variables: dict[str, str], expected: set[str]
) -> None:
    jobs = included(CI / "gitlab" / "gitlab-ci.yml", ROOT / "templates")
    found = {name for name, job in jobs.items() if "rules" in job and runs(job, variables)}
    assert found == {f"reconciler-{name}" for name in expected}


def test_the_check_of_a_fork_on_gitlab_needs_no_variable(runner: Runner) -> None:
    runner.gitlab = {}
    runner.declare(MERGED)
    assert runner.job(CI / "gitlab" / "gitlab-ci.yml", "check").returncode == 0
    runner.declare(MERGED.replace("unit_price", "unit_prize"))
    assert runner.job(CI / "gitlab" / "gitlab-ci.yml", "check").returncode == 1


def test_the_hook_checks_the_files(runner: Runner) -> None:
    (used,) = load(CI / "pre-commit" / "pre-commit-config.yaml")["repos"]
    (asked,) = used["hooks"]
    (hook,) = load(ROOT / ".pre-commit-hooks.yaml")
    assert hook["id"] == asked["id"]
    assert hook["pass_filenames"] is False
    command = shlex.join([*shlex.split(hook["entry"]), *asked["args"]])
    assert runner.run(command).returncode == 0
    runner.declare(SHOP.replace("unit_price", "unit_prize"))
    ran = runner.run(command)
    assert ran.returncode == 1
    assert "did you mean `unit_price`?" in ran.stderr


@pytest.mark.parametrize("system", ["atlantis", "shell"])
def test_a_pull_request_elsewhere(runner: Runner, system: str) -> None:
    recipe = CI / "shell" / "catalogue.sh"
    keys = {"DEALPOS_URL": "sandbox", "RECONCILER_PLAN_KEY": KEY}

    def job(name: str, number: str, **more: str) -> subprocess.CompletedProcess[str]:
        if system == "shell":
            return runner.run(f"{shlex.quote(str(recipe))} {name} {number} main", **keys, **more)
        (stage,) = load(CI / "atlantis" / "repos.yaml")["workflows"]["reconciler"][name]["steps"]
        saved = {"PLANFILE": str(runner.home / "default.tfplan"), "BASE_BRANCH_NAME": "main"}
        script = f"cd shop\n{stage['run']}"
        return runner.run(script, **keys, **saved, PULL_NUM=number, **more)

    runner.declare(MERGED)
    for name, kept in list(keys.items()):
        keys[name] = ""
        refused = job("plan", "5")
        assert f"{name}: is not set" in refused.stderr
        assert refused.returncode != 0
        keys[name] = kept
    planned = job("plan", "5")
    assert planned.returncode == 0, planned.stderr
    assert "27,000" in planned.stdout
    before = runner.shown()
    refused = job("apply", "6")
    assert (refused.returncode, runner.shown()) == (1, before)
    assert "was signed with another key" in refused.stderr
    meddle(runner)
    settled(runner, job("apply", "5"))
    if system == "shell":
        audited = job("audit", "")
        assert audited.returncode == 0, audited.stderr
        assert "<testsuite" in (runner.work / "audit.xml").read_text(encoding="utf-8")
        assert "usage:" in job("nothing", "").stderr
