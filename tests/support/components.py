"""A reader of GitLab's pipelines: a component with its inputs, and when each job runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.actions import load

Jobs = dict[str, dict[str, Any]]


def included(pipeline: Path, templates: Path) -> Jobs:
    """The jobs of a pipeline that includes one component, each with what it extends."""
    (include,) = load(pipeline)["include"]
    address, _, version = include["component"].partition("@")
    assert re.fullmatch("[0-9a-f]{40}", version), f"{address} is not pinned by a commit"
    text = (templates / f"{address.rpartition('/')[2]}.yml").read_text(encoding="utf-8")
    head, _, body = text.partition("\n---\n")
    declared = YAML(typ="safe").load(head)["spec"]["inputs"]
    given = include.get("inputs", {})
    assert set(given) <= set(declared)
    inputs = {name: str(given.get(name, one.get("default"))) for name, one in declared.items()}
    filled = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: inputs[found[1]], body)
    return extended({**YAML(typ="safe").load(filled), **load(pipeline)})


def extended(jobs: Jobs) -> Jobs:
    """The jobs of a pipeline, each with what it extends."""

    def extend(job: dict[str, Any]) -> dict[str, Any]:
        return {**extend(jobs[job["extends"]]), **job} if "extends" in job else job

    return {name: extend(job) for name, job in jobs.items() if isinstance(job, dict)}


def script(job: dict[str, Any]) -> str:
    """The commands of a job, as GitLab hands them to the shell."""
    return "\n".join([*job["before_script"], *job["script"]])


def runs(job: dict[str, Any], variables: Mapping[str, str]) -> bool:
    """Tell if a rule of a job holds; files always have changed."""
    return any(_holds(rule["if"], variables) for rule in job["rules"])


def _holds(condition: str, variables: Mapping[str, str]) -> bool:
    python = re.sub(r"\$(\w+)", lambda found: repr(variables.get(found[1], "")), condition)
    return bool(eval(python.replace("&&", "and"), {"__builtins__": {}}))
