"""A plan as annotations: as the runner of GitHub Actions reads them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.errors import Problem, SourceError, StoreError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.formats.github import render_error, render_plan
from dealpos_reconciler.render.view import View
from dealpos_reconciler.render.words import plain, quote
from tests.support.plans import Makes

HERE = View(kinds=KINDS, repository_path="shop")


class Command(NamedTuple):
    level: str
    properties: dict[str, str]
    message: str


def unescaped(text: str, *pairs: tuple[str, str]) -> str:
    for mark, character in (*pairs, ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(mark, character)
    return text


def runner(log: str) -> tuple[list[Command], list[str]]:
    """The commands that the runner finds in a log, by its own rules, and the other lines."""
    commands, rest = [], []
    for line in re.split(r"[\r\n]+", log):
        found = re.match(r"\s*::([\w-]+)(?: ([^:]*))?::(.*)", line)
        if found:
            pairs = dict(p.split("=", 1) for p in (found[2] or "").split(",") if "=" in p)
            marks = (("%3A", ":"), ("%2C", ","))
            properties = {name: unescaped(value, *marks) for name, value in pairs.items()}
            commands.append(Command(found[1], properties, unescaped(found[3])))
        else:
            rest.append(line)
    return commands, rest


def line_of(source: Source, path: tuple[str | int, ...]) -> Source:
    return Source(source.file, source.line + 1, source.column)


def annotated(plan: Plan, makes: Makes, folder: str = "") -> tuple[list[Command], list[str]]:
    return runner(render_plan(plan, makes.view(repository_path=folder, locate=line_of)))


def test_annotations_read_as_pinned(makes: Makes, everything: Callable[[], Plan]) -> None:
    text = render_plan(
        everything(),
        makes.view(repository_path="shops/kopi", locate=line_of, made_at="2026-11-29T04:47:04Z"),
    )
    lines = text.splitlines()
    assert lines[0] == "Store: https://yourshop.dealpos.net"
    assert lines[1] == (
        "::error file=shops/kopi/catalogue/drinks.yaml,line=14,col=9,title=price-change::"
        'variant/1003L "Kopi Susu, Large": 150,000 → 15,000%0A'
        "To allow it:%0Aallow:%0A"
        "  - {rule: price-change, address: variant/1003L, reason: say why, until: 2026-12-29}"
    )
    assert lines[2].startswith("::error title=removals::150,000 → 15,000")
    assert lines[3] == (
        '::warning title=possible loss of data::product/1003 "Kopi Susu": '
        'DealPOS may delete variant/1003S "Kopi Susu, \\"Small\\""'
    )
    assert lines[4] == "::warning title=could not be read::variant/GONE: HTTP 500: no answer"
    assert lines[5] == "::warning title=blocked::coupon/C: 40 uses are used up"
    assert lines[6].startswith(
        "::warning file=shops/kopi/catalogue/drinks.yaml,line=14,col=9,title=b"
    )
    assert lines[6].endswith("%0Aallowed until 2026-12-31: clearance")
    assert [line.partition("title=")[2].partition("::")[0] for line in lines[7:12]] == [
        'delete variant/1003S "Kopi Susu%2C \\"Small\\""',
        'retire product/1003 "Kopi Susu"',
        "replace coupon/DISC20",
        'update variant/1003L "Kopi Susu%2C Large"',
        "create category/Drinks",
    ]
    assert lines[10].partition("title=")[2].partition("::")[2] == (
        "unit_price: 18,000 → 8,000%0Aunit_cost: 9,000 → 9,000%0A"
        "price impact: margin 50.0 %25 → -12.5 %25, falls below cost"
    )
    assert lines[10].startswith("::notice file=shops/kopi/catalogue/drinks.yaml,line=15,col=9,")
    assert lines[12].startswith("Price impact: 1 decrease, 1 below cost")
    assert lines[13].startswith("Plan: 1 to create, 1 to update,")
    assert len(lines) == 14


def test_no_name_is_a_command_in_a_log(makes: Makes, hostile: str) -> None:
    commands, rest = annotated(makes.hostile(hostile), makes, hostile)
    assert Counter(c.level for c in commands) == {"error": 1, "warning": 3, "notice": 5}
    for command in commands:
        assert set(command.properties) <= {"file", "line", "col", "title"}
        if "file" in command.properties:
            assert command.properties["file"] == f"{hostile}/catalogue/drinks.yaml"
            assert command.properties["line"] in ("14", "15")
    created = next(c for c in commands if c.properties["title"].startswith("create"))
    assert created.properties["title"] == f"create variant/{plain(hostile)}"
    assert created.message == f"model: {quote(hostile)}"
    assert [line.partition(":")[0] for line in rest] == ["Store", "Price impact", "Plan", ""]
    assert "##[" not in "".join(rest)
    text = render_plan(makes.hostile(hostile), makes.view(locate=line_of))
    assert not re.search("[\x00-\x09\x0b-\x1f\x1b\u202e\u2028\x85]", text)


@pytest.mark.parametrize(("count", "more"), [(9, 0), (10, 0), (11, 2), (1_200, 1_191)])
def test_the_tenth_says_how_many_more_there_are(makes: Makes, count: int, more: int) -> None:
    commands, _ = annotated(makes.plan(*makes.large(count)), makes)
    assert len(commands) == min(count, 10)
    assert commands[-1].message.startswith(
        f"{more:,} more are not shown (limit of GitHub)"
    ) is bool(more)


def test_the_important_ones_come_first(makes: Makes) -> None:
    plan = makes.plan(
        *makes.large(50),
        makes.change("variant/RISE", unit_price=(1, 100)),
        makes.change("variant/LOSS", unit_price=(100, 99), unit_cost=(50, 200)),
        makes.change("variant/OLD", Action.RETIRE),
        makes.change("variant/GONE", Action.DELETE),
    )
    commands, _ = annotated(plan, makes)
    named = [command.properties["title"].split("/")[1] for command in commands[:4]]
    assert named == ["GONE", "OLD", "LOSS", "RISE"]


def test_violations_have_errors_of_their_own(makes: Makes) -> None:
    found = tuple(makes.violation(f"variant/V{n}") for n in range(30))
    unknown = tuple((Address("variant", f"U{n}"), "why") for n in range(30))
    plan = makes.plan(*makes.large(30), violations=found, unknown=unknown)
    commands, _ = annotated(plan, makes)
    assert Counter(c.level for c in commands) == {"error": 10, "warning": 10, "notice": 10}


def test_a_huge_value_is_cut(makes: Makes) -> None:
    plan = makes.plan(makes.change("variant/H", description=("", "x" * 100_000)))
    (command,), _ = annotated(plan, makes)
    assert len(command.message) < 3_000
    assert command.message.endswith("…")


def test_customer_data_is_no_part_of_a_log(makes: Makes) -> None:
    plan = makes.plan(makes.change("customer/K", name=("Sari Lama", "Sari Baru")))
    assert "Sari" not in render_plan(plan, makes.view(locate=line_of))


def test_problems_of_the_files_stand_on_their_lines() -> None:
    problems = [
        Problem("catalogue/a.yaml", 3, 7, "unknown key `prise`", "did you mean `price`?"),
        Problem("catalogue", 0, 0, "folder not found"),
    ]
    commands, _ = runner(render_error(SourceError(problems), HERE, "plan"))
    assert commands == [
        Command("error", {"file": "shop/catalogue", "title": "reconciler"}, "folder not found"),
        Command(
            "error",
            {"file": "shop/catalogue/a.yaml", "line": "3", "col": "7", "title": "reconciler"},
            "unknown key `prise`\nhint: did you mean `price`?",
        ),
    ]
    commands, _ = runner(render_error(StoreError("none", hint="set it"), HERE, "plan"))
    assert commands == [Command("error", {"title": "reconciler"}, "none\nhint: set it")]
