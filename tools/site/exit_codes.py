"""The page of the exit codes, from the table that `reconciler --help` prints too."""

from __future__ import annotations

from dealpos_reconciler.cli.exit_codes import EXIT_CODES
from tools.site.errors import kinds
from tools.site.markdown import code, page, table

PATH = "reference/exit-codes.md"


def render() -> str:
    """Return the table of the exit codes and the errors that end with each."""
    rows = (
        (str(number), meaning[0].upper() + meaning[1:], _errors(number))
        for number, meaning in EXIT_CODES.items()
    )
    return page(
        "Exit codes",
        table(("exit code", "meaning", "errors"), rows),
        "[Error index](errors.md) describes each error.",
        source="reconciler/dealpos_reconciler/cli/exit_codes.py",
    )


def _errors(number: int) -> str:
    found = [kind.__name__ for kind in kinds() if kind.exit_code == number]
    return ", ".join(f"[{code(name)}](errors.md#{name.lower()})" for name in found)
