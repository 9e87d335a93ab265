"""A runner of GitHub's workflows: jobs, steps, composite actions and the expressions in them.

It knows the parts that the recipes use, and refuses all others. An action of GitHub is a stand-in
that the test gives: a function from its inputs to its outputs.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Contexts = dict[str, Any]
StandIn = Callable[[Mapping[str, str]], Mapping[str, str]]

_TOKEN = re.compile(r"\s*(?:(&&|\|\||==|!=|!|\(|\))|'((?:[^']|'')*)'|([a-z][\w.-]*)(\(\))?)")
_PYTHON = {"&&": " and ", "||": " or ", "==": " == ", "!=": " != ", "!": " not "}

PYTHON = """
if [ "$2" = venv ]; then
  mkdir -p "$3/bin" && cp {home}/bin/python {home}/bin/reconciler "$3/bin" && exit
elif [ "$2" = pip ]; then
  shift 3 && echo "$@" >> {home}/installed && exit
fi
exec {real} "$@"
"""
"""A Python whose virtual environments have the program, and whose pip notes what it installs."""


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def value(expression: str, contexts: Contexts) -> Any:
    """The value of an expression of GitHub's; an unknown name is empty, as it is there."""
    parts, at = [], 0
    text = expression.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found, f"unknown expression: {text[at:]}"
        operator, quoted, name, call = found.groups()
        if operator:
            parts.append(_PYTHON.get(operator, operator))
        elif call:
            parts.append(repr({"always": True, "cancelled": False}[name]))
        else:
            parts.append(
                repr(quoted.replace("''", "'") if name is None else look_up(name, contexts))
            )
        at = found.end()
    return eval("".join(parts), {"__builtins__": {}})


def look_up(name: str, contexts: Contexts) -> Any:
    found: Any = contexts
    for part in name.split("."):
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return found


def filled(text: object, contexts: Contexts) -> str:
    """A value of the file with its expressions replaced."""
    shown = str(text).lower() if isinstance(text, bool) else str(text)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(value(found[1], contexts)), shown)


def holds(condition: str | None, contexts: Contexts, failed: bool) -> bool:
    """Tell if a step runs: after a failure only if its condition asks for it."""
    text = (condition or "").strip()
    inner = text.removeprefix("${{").removesuffix("}}")
    if failed and not re.search(r"\b(always|cancelled|failure)\(\)", inner):
        return False
    return not inner or bool(value(inner, contexts))


@dataclass
class Job:
    """One job on a fresh machine of the platform."""

    work: Path
    temporary: Path
    environment: Mapping[str, str]
    """The variables of the machine."""
    contexts: Contexts
    actions: Mapping[str, StandIn | Path]
    """Stand-ins by the name of an action, and the folders of our own."""
    said: list[str] = field(default_factory=list)
    ran: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Each command that ran, with the variables that it was given beyond the machine's."""

    def run(self, steps: list[dict[str, Any]], more: Mapping[str, Any], where: Path | None) -> int:
        """Run the steps of a job or of an action; return the first exit code that is not 0."""
        done: Contexts = {}
        contexts = {**self.contexts, **more, "steps": done}
        code = 0
        for number, step in enumerate(steps):
            name = step.get("id", f"step {number}")
            done[name] = {"outcome": "skipped", "outputs": {}}
            if not holds(step.get("if"), contexts, bool(code)):
                continue
            if "run" in step:
                ended, outputs = self.command(step, contexts, where)
            else:
                ended, outputs = self.action(step, contexts)
            done[name] = {"outcome": "failure" if ended else "success", "outputs": outputs}
            code = code or ended
        self.outputs = {name: step["outputs"] for name, step in done.items()}
        self.finished = contexts
        return code

    def command(
        self, step: dict[str, Any], contexts: Contexts, where: Path | None
    ) -> tuple[int, dict[str, str]]:
        """Run a command with the variables of its step alone, and read its outputs."""
        assert "shell" in step or where is None, "a step of an action names its shell"
        assert "${{" not in step["run"], "an expression in a command can inject code"
        given = {name: filled(text, contexts) for name, text in step.get("env", {}).items()}
        written = self.temporary / "output"
        written.write_text("")
        fixed = {"GITHUB_OUTPUT": str(written), "RUNNER_TEMP": str(self.temporary)}
        if where:
            fixed["GITHUB_ACTION_PATH"] = str(where)
        self.ran.append((step["run"], given))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.work,
            env={**self.environment, **fixed, **given},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        self.said.append(done.stdout + done.stderr)
        lines = written.read_text(encoding="utf-8").splitlines()
        return done.returncode, dict(line.split("=", 1) for line in lines)

    def action(self, step: dict[str, Any], contexts: Contexts) -> tuple[int, Mapping[str, str]]:
        """Use an action: a stand-in, or the steps of our own."""
        assert "env" not in step, "the variables of a step reach every step of an action"
        name, _, commit = step["uses"].partition("@")
        assert re.fullmatch("[0-9a-f]{40}", commit), f"{step['uses']} is not pinned by a digest"
        given = {key: filled(text, contexts) for key, text in step.get("with", {}).items()}
        found = self.actions[name]
        if not isinstance(found, Path):
            return 0, found(given)
        described = load(found / "action.yml")
        declared = described["inputs"]
        assert set(given) <= set(declared), (
            f"{name} has no such input: {set(given) - set(declared)}"
        )
        missing = [key for key, one in declared.items() if one.get("required") and key not in given]
        assert not missing, f"{name} needs {missing}"
        defaults = {
            key: filled(one.get("default", ""), self.contexts) for key, one in declared.items()
        }
        hidden = {"secrets": {}, "vars": {}, "env": {}}
        code = self.run(
            described["runs"]["steps"], {**hidden, "inputs": {**defaults, **given}}, found
        )
        outputs = {
            k: filled(one["value"], self.finished) for k, one in described["outputs"].items()
        }
        return code, outputs


def start(job: Job, workflow: Path, name: str) -> int:
    """Run a job of a workflow, unless its condition keeps it from running."""
    described = load(workflow)["jobs"][name]
    assert holds(described.get("if"), job.contexts, failed=False), f"{name} does not run"
    return job.run(described["steps"], {}, None)
