"""`allow:` of the catalogue files: the reviewed exceptions from guardrails, validated."""

from __future__ import annotations

from typing import Annotated, Any, Required

from pydantic import StringConstraints
from typing_extensions import TypedDict

from reconciler.catalogue.directives import Directives
from reconciler.catalogue.parser import Node
from reconciler.core.model.address import Source
from reconciler.core.model.desired import Allowance
from reconciler.core.model.types import Code, Day
from reconciler.errors import Problem, suggestion
from reconciler.guardrails.rules import RULES

ALLOW = "allow"
"""The key of a catalogue file that holds them."""


class Entry(TypedDict, total=False):
    """A reviewed exception from a guardrail; without an address, for the whole plan."""

    rule: Required[Code]
    address: Code
    reason: Required[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]]
    until: Required[Day]


def allowances(written: Directives) -> tuple[Allowance, ...]:
    """Every exception, in file order."""
    found = (_allowance(written, node, source) for node, source in written)
    return tuple(allowance for allowance in found if allowance)


def _allowance(written: Directives, node: Any, source: Source) -> Allowance | None:
    if not isinstance(node, Node):
        message = f"an entry of `{ALLOW}` must be a mapping"
        written.problems.append(Problem(*source, message, "write `- {rule: …, until: …}`"))
        return None
    rule, address = node.get("rule"), node.get("address")
    if isinstance(rule, str) and rule not in RULES:
        hint = suggestion(rule, RULES) or f"there are: {', '.join(RULES)}"
        written.problem(source, f"no guardrail is called `{rule}`", hint, ("rule",))
    meant = written.address(address, source) if isinstance(address, str) else None
    entry = written.entry(Entry, node, source)
    if entry is None:
        return None
    return Allowance(entry["rule"], entry["reason"], entry["until"], source, meant)
