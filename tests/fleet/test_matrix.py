"""The matrix of a wave, and the CI recipes: each job run as the platform runs it."""

from __future__ import annotations

import json
import shlex
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
from tests.support.actions import Job, load, start
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


class Machine:
    """Machines of a CI platform: a fresh clone for each job."""

    def __init__(self, served: ServedFleet) -> None:
        self.served = served
        self.count = 0
        tools = served.home / "bin"
        tools.mkdir()
        real = shlex.quote(sys.executable)
        scripts = {"reconciler": f'exec {real} -m dealpos_reconciler "$@"', "python": "exit 0"}
        for name, script in scripts.items():
            (tools / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (tools / name).chmod(0o755)
        environment = served.fleet.environment
        # The credentials of a shop are in its environment of the platform, not on the machine.
        self.environment = {k: v for k, v in environment.items() if v != SECRET}
        self.environment["PATH"] = f"{tools}:{environment['PATH']}"
        self.environment["RECONCILER"] = "a-package"

    def clone(self) -> Path:
        self.count += 1
        return self.served.clone(f"job-{self.count}")

    def secrets(self, shop: str) -> dict[str, str]:
        return {"DEALPOS_CLIENT_ID": "sandbox", "DEALPOS_CLIENT_SECRET": SECRET}

    def url(self, shop: str) -> str:
        return f"http://127.0.0.1:{self.served.shops[shop].port}"

    def job(self, name: str, row: Mapping[str, Any]) -> tuple[int, Job]:
        """Run a job of the workflow of GitHub."""
        temporary = self.served.home / f"temporary-{self.count}"
        temporary.mkdir()
        shop = row.get("shop")
        contexts = {
            "github": {"event_name": "push", "job": name},
            "matrix": row,
            "secrets": self.secrets(shop) if shop else {},
            "vars": {"DEALPOS_URL": self.url(shop)} if shop else {},
            "needs": {"wave-2-shops": {"result": "success"}},
        }
        actions = {"actions/checkout": nothing, "actions/setup-python": nothing}
        job = Job(self.clone(), temporary, self.environment, contexts, actions)
        return start(job, CI / "github" / "fleet.yml", name), job

    def shell(self, lines: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        """Run the commands of a job of GitLab."""
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
