"""Questions on the terminal: approve a plan, choose drift to write to the files."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dealpos_reconciler.cli import terminal
from dealpos_reconciler.cli.output import print_message

if TYPE_CHECKING:
    from dealpos_reconciler.catalogue.writing.results import FieldDrift
    from dealpos_reconciler.core.model.address import Address

APPROVE = "Do you want to apply these changes? Only 'yes' will be accepted: "
APPROVE_HELP = """\
  yes     apply the changes shown above to the shop
  no      end without a change (or press Enter, Ctrl-D or Ctrl-C)
  ?       show this help"""

ADOPT = "Write the live value to the file? [y]es, [n]o, [a]ll remaining, [q]uit, [?]: "
ADOPT_HELP = """\
  y   write the live value to the file
  n   keep the declared value
  a   write this value and all that follow
  q   write the values chosen so far, and nothing else
  ?   show this help"""


def has_terminal() -> bool:
    """Return whether a question can be asked: standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask_approval() -> bool:
    """Ask whether to apply a plan; only the whole word `yes` is a yes."""
    print_message("")
    while True:
        answer = _ask(APPROVE)
        if answer == "yes":
            return True
        if answer is None or answer.lower() in ("", "n", "no", "q", "quit"):
            return False
        _explain(APPROVE_HELP, answer, "Please answer 'yes' or 'no'")


def choose_drift(takes: Sequence[FieldDrift], labels: Mapping[Address, str]) -> list[FieldDrift]:
    """Ask about each difference; return those to write to the files."""
    from dealpos_reconciler.render.import_ import drift_lines

    chosen: list[FieldDrift] = []
    for index, take in enumerate(takes):
        for line in drift_lines(take, labels):
            print_message(line)
        answer = _ask_about_drift()
        if answer == "a":
            return [*chosen, *takes[index:]]
        if answer == "q":
            return chosen
        if answer == "y":
            chosen.append(take)
    return chosen


def _ask_about_drift() -> str:
    """Return the letter of an answer; the end of the input counts as `q`."""
    while True:
        answer = _ask(ADOPT)
        if answer is None:
            return "q"
        if answer.lower() in ("y", "yes", "n", "no", "a", "all", "q", "quit"):
            return answer[0].lower()
        _explain(ADOPT_HELP, answer, "Please answer y, n, a, q")


def _ask(question: str) -> str | None:
    """Return a line of standard input without white space around it, None at its end."""
    sys.stderr.write(terminal.wrap(question.rstrip(), terminal.read_width(sys.stderr)) + " ")
    sys.stderr.flush()
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        print_message("")
        return None
    return line.strip()


def _explain(help_text: str, answer: str, expected: str) -> None:
    if answer == "?":
        for line in help_text.splitlines():
            print_message(line)
    else:
        print_message(f"{expected}, or '?' for help.")
