"""The entry under `allow:` that a message shows means its object, and no other."""

from __future__ import annotations

import html
import json
import re
import textwrap
from pathlib import Path
from urllib.parse import unquote

import pytest

from dealpos_reconciler.cli.terminal import wrap
from dealpos_reconciler.core.model.look_alike import escape_unseen
from dealpos_reconciler.core.runner_commands import defuse_commands
from tests.support.deep import thinned
from tests.support.program import RunProgram, WriteCatalogue

CODES = [
    *("a'b", 'a"b', "a\\b", "a\\u200bb", "a\\x23", "#a", "a #b", "a#b", "a: b", "a:", "- a", "*"),
    *("a?[b]", "{a}", "a, b", "&a", "!a", "| a", "%a%0Ab", "@a", "`a`", "```", "a```b", "a*"),
    *("$a", "${HOME}", "$${HOME}", "(from HOME)", "a  b", " a", "a ", "a/b", "a//b", "::error::a"),
    *("##[error]a", "a##vso[task.complete]b", "###[a]", "section_start:1:a", "SECTION_END:1:a"),
    *("a\u200bb", "Cafe\u0301", "a\u00a0b", "\u041a\u041e\u0420I", "\u202ea", "a\x85b", "a\u2028b"),
    *("<b>&amp;", "</pre>", "-->", "\U0001f600", "\U000e0041a", "1e3", "0012", "true", "x" * 200),
    " ".join(["long"] * 40),
]


def file_of(code: str) -> str:
    variant = {"model": "m", "unit_cost": 20000, "unit_price": 10000}
    objects = [
        {"code": c, "name": "x", "category": "Drinks", "variants": [{"code": c, **variant}]}
        for c in (code.replace("${", "$${"), "1009")
    ]
    shop = {"categories": [{"name": "Drinks"}], "products": objects}
    return escape_unseen(json.dumps(shop, ensure_ascii=False))


def entry_in(shown: str) -> str:
    """Return the entry for the hostile code: below cost, and not of 1009."""
    lines = [line for line in shown.splitlines() if "{rule: below-cost" in line]
    found = {line.strip() for line in lines if "variant/1009" not in line}
    assert len(found) == 1, lines
    return found.pop()


def shown_in(form: str, run: RunProgram, folder: Path) -> str:
    if form == "hint":
        return run("validate", folder).err
    out = run("plan", folder, "--format", form).out
    if form == "json":
        return "\n".join(found["hint"] for found in json.loads(out)["violations"])
    if form == "html":
        return "\n".join(map(html.unescape, re.findall("<pre>(allow:.*?)</pre>", out, re.S)))
    return unquote(out) if form == "github" else out


@pytest.mark.parametrize("code", thinned(CODES, 4), ids=ascii)
def test_what_is_shown_can_be_pasted(
    run: RunProgram, folder: Path, declare: WriteCatalogue, code: str
) -> None:
    (folder / "reconciler.yaml").write_text(
        "store: {url: sandbox}\nguardrails: {look-alike: off}\n"
    )
    declare(file_of(code))
    entries = {
        entry_in(shown_in(form, run, folder))
        for form in ("text", "markdown", "html", "json", "github", "hint")
    }
    assert len(entries) == 1
    entry = entries.pop()
    assert defuse_commands(entry) == entry
    for width in (None, 40, 79):
        declare(f"allow:\n{wrap(f'  {entry}', width)}\n", "allowed.yaml")
        planned = run("plan", folder, "--format", "json")
        assert planned.code == 3, planned.err
        allowed = {v["address"]: bool(v["allowed"]) for v in planned.json["violations"]}
        assert allowed == {f"variant/{code}": True, "variant/1009": False}


@pytest.mark.parametrize("price", ["25000", "1"])
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_creates_a_blocked_object_can_be_pasted(
    run: RunProgram, folder: Path, declare: WriteCatalogue, form: str, price: str
) -> None:
    """One block for the plan, beside the violations of other objects too."""
    (folder / "reconciler.yaml").write_text("store: {url: sandbox}\nledger: file\n")
    declare(file_of("1003").replace("10000", "25000"))
    assert run("apply", folder, "--auto-approve").code == 0
    run("sandbox", "reset", folder)
    declare(file_of("1003").replace("10000", price))
    out = shown_in(form, run, folder)
    (block,) = re.findall(r"^ *allow:\n(?:.*\{rule: .*\n?)+", out, re.M)
    assert block.count("{rule: restore, address: product/1003,") == 1
    declare(textwrap.dedent(block), "allowed.yaml")
    planned = run("plan", folder, "--format", "json").json
    assert "blocked" not in planned or not planned["blocked"]
    assert all(found["allowed"] for found in planned["violations"] if found["rule"] == "restore")
