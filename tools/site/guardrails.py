"""The page of the guardrails, from the docstring and the options of each rule."""

from __future__ import annotations

import inspect

from dealpos_reconciler.catalogue.sections import guardrail_options
from dealpos_reconciler.guardrails.guardrail import Guardrail
from dealpos_reconciler.guardrails.rules import RULES
from tools.site.markdown import code, first_sentence, page, prose, table

PATH = "reference/guardrails.md"


def render() -> str:
    """Return an overview and a section for each guardrail."""
    intro = (
        "[Guardrails](../concepts/guardrails.md) explains how they work together. "
        "Every guardrail is on by default. "
        "The key `guardrails:` in `reconciler.yaml` sets their options."
    )
    overview = table(
        ("guardrail", "violated by", "options and defaults"),
        (
            (
                f"[{code(name)}](#{name})",
                first_sentence(rule.__doc__),
                " ".join(code(option) for option in defaults(rule)),
            )
            for name, rule in RULES.items()
        ),
    )
    sections = (_section(name, rule) for name, rule in RULES.items())
    return page(
        "Guardrails",
        intro,
        overview,
        *sections,
        source="reconciler/dealpos_reconciler/guardrails/rules",
    )


def defaults(rule: type[Guardrail]) -> list[str]:
    """Return each option of a rule with its default, as YAML."""
    return [f"{name}: {_yaml(value)}" for name, value in guardrail_options(rule).items()]


def _yaml(value: object) -> str:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else str(list(value) if isinstance(value, tuple) else value)
    )


def _section(name: str, rule: type[Guardrail]) -> str:
    module = inspect.getmodule(rule)
    settings = "\n".join(f"    {option}" for option in defaults(rule))
    example = (
        f"```yaml\nguardrails:\n  {name}:\n{settings}\n```" if settings else "It has no options."
    )
    parts = [f"## {name}", prose(rule.__doc__), prose(module.__doc__ if module else None), example]
    if rule.in_files:
        as_new = "`validate` checks it too, as if every declared object were new"
        ends = {"error": ", and ends with exit code 3.", "warning": ", and shows a note."}
        parts.insert(-1, as_new + ends[rule.in_files])
    return "\n\n".join(parts)
