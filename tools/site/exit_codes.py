"""The page of the exit codes, from the text under `reconciler --help`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.cli.main import cli
from tools.site.errors import kinds
from tools.site.markdown import code, page, table

PATH = "reference/exit-codes.md"


def render() -> str:
    """Return the table of the exit codes and the errors that end with each."""
    rows = (
        (str(number), meaning[0].upper() + meaning[1:], _errors(number))
        for number, meaning in meanings().items()
    )
    return page(
        "Exit codes",
        table(("exit code", "meaning", "errors"), rows),
        "[Error index](errors.md) describes each error.",
        source="reconciler/cli/main.py",
    )


def meanings() -> Mapping[int, str]:
    """Return each exit code with its meaning, as `--help` states them."""
    said = re.sub(r"\s+", " ", (cli.epilog or "").replace("\b", "")).partition(": ")[2]
    return {
        int(number): text.strip(" ;.,") for number, text in re.findall(r"\b(\d+)\s+(\D+)", said)
    }


def _errors(number: int) -> str:
    found = [kind.__name__ for kind in kinds() if kind.exit_code == number]
    return ", ".join(f"[{code(name)}](errors.md#{name.lower()})" for name in found)
