"""A plan as a comment: what it says, that it always fits, and that no name is markup in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import ComingChanges, Plan
from dealpos_reconciler.errors import Problem, SourceError, StoreError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.comment import MAX_COMMENT_BYTES, code, marker, size
from dealpos_reconciler.render.formats.markdown import render_error, render_plan
from dealpos_reconciler.render.sections import allow_block, find_exception
from dealpos_reconciler.render.view import View
from dealpos_reconciler.render.words import plain
from tests.support.plans import Makes

HERE = View(kinds=KINDS)
MADE_AT = "2026-11-29T04:47:04Z"
MARKER = marker("plan")
OURS = re.compile(
    r"<!-- reconciler plan -->\n|(<details><summary>[\w ,:;()]+</summary>|</details>)\n?"
)


def comment(plan: Plan, makes: Makes, folder: str = ".", commit: str | None = None) -> str:
    """The comment; asserts that a host takes it."""
    text = render_plan(plan, makes.view(folder=folder, commit=commit, made_at=MADE_AT))
    assert size(text) <= MAX_COMMENT_BYTES
    assert text.startswith(MARKER + "\n")
    return text


def tokens(text: str) -> list[Token]:
    """Every token, inline ones included."""
    found = MarkdownIt("commonmark").enable("table").parse(text)
    return [inner for token in found for inner in (token, *(token.children or []))]


def folds(text: str) -> list[str]:
    return re.findall(r"<details><summary>(.*)</summary>", text)


GOLDEN = """\
<!-- reconciler plan -->
### ⛔ Blocked by guardrails: 2 violations; 1 warning

**⚠️ Warnings: possible loss of data (1)**

- `product/1003 "Kopi Susu"`: `DealPOS may delete variant/1003S "Kopi Susu, \\"Small\\""`

Store: `https://yourshop.dealpos.net`, plan made at 2026-11-29 04:47 UTC

| create | update | replace | retire | delete | unchanged | unmanaged | orphaned | blocked \
| unknown |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| 1 | 1 | 1 | 1 | 1 | 41 | 1 | 1 | 1 | 1 |

Price impact: `1 decrease, 1 below cost; margins: 1 down. \
Largest decrease -55.6 % (variant/1003L "Kopi Susu, Large")`

API usage: 4 requests used by this plan; apply needs 5 requests (1 rate-limit window, about 3 s)

**Guardrail violations (2): apply is blocked**

- `price-change` `variant/1003L "Kopi Susu, Large"`: `150,000 → 15,000` \
— `catalogue/drinks.yaml:14`
- `removals` the whole plan: `150,000 → 15,000`

<details><summary>To allow the violations, add this to a catalogue file</summary>

```yaml
allow:
  - {rule: price-change, address: variant/1003L, reason: say why, until: 2026-12-29}
  - {rule: removals, reason: say why, until: 2026-12-29}
```

</details>

**Removals and replacements (3)**

- delete `variant/1003S "Kopi Susu, \\"Small\\""` — `catalogue/drinks.yaml:19`
- retire `product/1003 "Kopi Susu"` (taken out of sale, kept in the shop) \
— `catalogue/drinks.yaml:17`
- replace `coupon/DISC20` (delete, then create) — `catalogue/drinks.yaml:20`

**Reviewed guardrail exceptions (1)**

- `below-cost` `variant/1003L "Kopi Susu, Large"`: `150,000 → 15,000` \
— allowed until `2026-12-31`: `clearance` — `catalogue/a.yaml:3`

**Unknown (1): could not be read; nothing is planned**

- `variant/GONE`: `HTTP 500: no answer`

**Blocked (1): not as declared, not changed**

- `coupon/C`: `40 uses are used up`

**Stale (1): changed since the plan was made, not applied**

- `variant/1003S "Kopi Susu, \\"Small\\""`: `it was changed`

<details><summary>delete (1)</summary>

```diff
- variant/1003S "Kopi Susu, \\"Small\\""  catalogue/drinks.yaml:19
    (declared and live values differ)
```

</details>

<details><summary>retire (1)</summary>
"""


def test_a_comment_reads_as_pinned(makes: Makes, everything: Callable[[], Plan]) -> None:
    text = comment(everything(), makes, "shops/kopi", "0123abc")
    assert text.startswith(GOLDEN)
    assert folds(text) == [
        "To allow the violations, add this to a catalogue file",
        "delete (1)",
        "retire (1)",
        "replace (1)",
        "update (1)",
        "create (1)",
        "Notes (1)",
        "Orphaned (1): applied once, in no file any more; not changed",
        "Unmanaged (1): in the shop, not in your files; not changed",
    ]
    last = text.splitlines()[-1]
    assert last.endswith("`https://yourshop.dealpos.net` · folder `shops/kopi` · commit `0123abc`")


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ({}, "✅ No changes: the shop matches the files"),
        ({"changes": ["create"]}, "✏️ 1 change, no removals"),
        ({"changes": ["create", "update"]}, "✏️ 2 changes, no removals"),
        ({"changes": ["create"], "coming": 2}, "✏️ 1 change, no removals; more on 1 coming day"),
        ({"changes": ["retire"]}, "⚠️ 1 removal"),
        ({"changes": ["retire"], "coming": 3}, "⚠️ 1 removal; more on 2 coming days"),
        ({"coming": 1}, "✏️ No changes now; changes on 1 coming day"),
        ({"changes": ["delete", "retire", "create"]}, "⚠️ 2 removals, 1 other change"),
        ({"changes": ["replace", "update"]}, "⚠️ 1 replacement, 1 other change"),
        ({"unknown": True}, "⚠️ Incomplete: 1 object could not be read; 0 changes"),
        ({"blocked": True}, "⚠️ No changes; 1 object blocked"),
        ({"changes": ["delete"], "refused": True}, "⛔ Blocked by guardrails: 1 violation"),
        ({"changes": ["create"], "allowed": True}, "✏️ 1 change, no removals"),
    ],
)
def test_the_verdict_is_the_first_line(makes: Makes, parts: dict[str, Any], verdict: str) -> None:
    changes = [makes.change(f"variant/{a}", Action(a)) for a in parts.get("changes", [])]
    one = ((Address("variant", "X"), "why"),)
    violations = [makes.violation("variant/X")] if "refused" in parts else []
    violations += [makes.violation("variant/X", allowed=True)] if "allowed" in parts else []
    days = ("2026-12-01", "2026-12-01 18:00", "2026-12-24")[: parts.get("coming", 0)]
    plan = makes.plan(
        *changes,
        coming=tuple(ComingChanges(day, day, (), prices=1) for day in days),
        unknown=one if "unknown" in parts else (),
        blocked=one if "blocked" in parts else (),
        violations=tuple(violations),
    )
    assert comment(plan, makes).splitlines()[1] == f"### {verdict}"


def test_no_name_is_markup_in_a_comment(makes: Makes, hostile: str) -> None:
    text = comment(makes.hostile(hostile), makes, hostile, hostile)
    assert text.count(MARKER) == 1 + hostile.count(MARKER) * text.count(plain(hostile))
    found = tokens(text)
    kinds = {token.type for token in found}
    assert not kinds & {
        "link_open",
        "image",
        "html_inline",
        "strong_close_",
        "em_open",
        "blockquote_open",
    }
    for token in found:
        if token.type == "html_block":
            assert OURS.fullmatch(token.content), token.content
        if token.type == "text":
            assert not re.search(r"[@<]|octocat|evil|pwned", token.content), token.content
    headings = [token for token in found if token.type == "heading_open"]
    assert len(headings) == 1
    shown = [t.content for t in found if t.type in ("code_inline", "fence")]
    assert any(f"variant/{plain(hostile)}" in content for content in shown)
    for steering in "\x1b\u202e\u2066\u2028\x85\x0b":
        assert steering not in text
    # One table, with as many cells in every row as it has columns.
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len({line.count("|") for line in rows}) == 1


@pytest.mark.parametrize("text", ["a", "`", "``a``", " a ", "a`", "a|b", "<b>", "@a", "\\"])
def test_a_code_span_reads_as_what_it_holds(text: str) -> None:
    inner = [token.content for token in tokens(code(text)) if token.type == "code_inline"]
    assert inner == [text]


def test_a_large_plan_is_shown_a_line_each_and_then_counted(makes: Makes) -> None:
    text = comment(makes.plan(*makes.large(400)), makes)
    assert text.count("price impact: margin") == 400
    text = comment(makes.plan(*makes.large(600)), makes)
    assert text.count("\n~ variant/V") == 600
    assert "price impact:" not in text
    text = comment(makes.plan(*makes.large(3_000), *makes.large(3, Action.CREATE, "N")), makes)
    shown = text.count("\n~ variant/V") + text.count("\n+ variant/N")
    elided = [
        int(n.replace(",", "")) for n in re.findall(r"\n([\d,]+) more changes are not shown", text)
    ]
    assert shown > 600
    assert shown + sum(elided) == 3_003
    assert folds(text) == ["update (3,000)", "create (3)"]


def test_what_is_elided_is_what_matters_least(makes: Makes) -> None:
    cheap = makes.change("variant/Z", unit_price=(100, 1), unit_cost=(50, 50))
    steep = makes.change("variant/Y", unit_price=(100, 900))
    text = comment(makes.plan(*makes.large(2_000), steep, cheap), makes)
    assert "\n~ variant/Z  unit_price 100 → 1, unit_cost 50 → 50, below cost" in text
    assert "\n~ variant/Y" in text


def test_one_huge_change_does_not_hide_the_others(makes: Makes) -> None:
    huge = makes.change("variant/H", description=("", "`" * 100_000))
    text = comment(makes.plan(huge, *makes.large(5)), makes)
    assert text.count("\n~ variant/V") == 5
    assert "1 more changes are not shown (comment size limit)." in text


def names_in(text: str) -> set[str]:
    """Every name that the comment says, ranges written out."""
    found = set()
    for first, last in re.findall(r"`([^`]+)`(?: to `([^`]+)` \([\d,]+\))?", text):
        if last:
            prefix = re.sub(r"\d+$", "", first)
            start, end = (int(name.removeprefix(prefix)) for name in (first, last))
            found |= {f"{prefix}{number}" for number in range(start, end + 1)}
        found.add(first.removeprefix("variant/"))
    return found


@pytest.mark.parametrize("count", [1, 400, 1_000, 3_000])
@pytest.mark.parametrize("action", [Action.DELETE, Action.RETIRE, Action.REPLACE])
def test_every_removal_is_named_before_anything_else_has_room(
    makes: Makes, count: int, action: Action
) -> None:
    plan = makes.plan(*makes.large(count, action, "R"), *makes.large(600))
    text = comment(plan, makes)
    seen = text.partition("<details>")[0]
    assert {f"R{number}" for number in range(count)} <= names_in(seen)
    assert "not shown" not in text.partition("<details>")[0]


def test_every_violation_is_named_before_anything_else_has_room(makes: Makes) -> None:
    found = [makes.violation(f"variant/V{n}", rule=f"rule-{n % 3}") for n in range(1_200)]
    text = comment(makes.plan(*makes.large(600), violations=tuple(found)), makes)
    assert {f"V{number}" for number in range(1_200)} <= names_in(text.partition("<details>")[0])
    assert "not shown" not in text.partition("<details>")[0]


def test_removals_and_violations_share_the_room(makes: Makes) -> None:
    found = [makes.violation(f"variant/{n * 7:07}-X") for n in range(1_200)]
    gone = [makes.change(f"variant/{n * 3:07}-Y", Action.DELETE) for n in range(1_200)]
    text = comment(makes.plan(*gone, violations=tuple(found)), makes)
    seen = text.partition("<details>")[0]
    assert all(f"{n * 7:07}-X" in seen and f"{n * 3:07}-Y" in seen for n in range(1_200))


def long_names(count: int) -> list[str]:
    return [f"{number * 7}{'茶' * 190}x" for number in range(count)]


@pytest.mark.parametrize("action", [Action.DELETE, Action.RETIRE, Action.REPLACE])
def test_what_cannot_be_named_is_counted_in_the_first_line(makes: Makes, action: Action) -> None:
    gone = [makes.change(f"variant/{name}", action) for name in long_names(700)]
    text = comment(makes.plan(*gone), makes)
    seen = text.partition("<details>")[0]
    named = sum(f"`{change.address.name}`" in seen for change in gone)
    assert named > 50
    assert f"— {700 - named:,} entries not shown (comment size limit)" in text.splitlines()[1]
    assert f"**⚠️ {700 - named:,} more are not shown (comment size limit)" in seen


def test_the_worst_of_everything_fits_and_is_counted(makes: Makes) -> None:
    names = long_names(400)
    pairs = tuple((Address("variant", name), name * 3) for name in names)
    plan = Plan(
        "https://" + "s" * 10_000,
        tuple(
            makes.change(f"variant/{name}", action, description=(name, name * 2))
            for name in names
            for action in (Action.DELETE, Action.UPDATE)
        ),
        unmanaged=tuple(address for address, _ in pairs),
        unknown=pairs,
        blocked=pairs,
        notes=tuple(names),
        violations=tuple(
            makes.violation(f"variant/{name}", message=name * 4, allowed=allowed)
            for name in names
            for allowed in (False, True)
        ),
    )
    text = comment(plan, makes, "f" * 5_000, "c" * 5_000)
    assert size(text) > MAX_COMMENT_BYTES * 0.8
    lost = re.search(r"— ([\d,]+) entries not shown", text.splitlines()[1])
    assert lost
    said = re.findall(r"\*\*⚠️ ([\d,]+) more are not shown", text)
    assert sum(int(n.replace(",", "")) for n in said) == int(lost[1].replace(",", ""))
    assert len(said) == 5
    assert not {"link_open", "image", "html_inline"} & {token.type for token in tokens(text)}


def test_customer_data_is_no_part_of_a_comment(makes: Makes) -> None:
    plan = makes.plan(
        makes.change("customer/K", name=("Sari Lama", "Sari Baru"), mobile=("0812", "0813"))
    )
    assert not re.search(r"Sari|0812|0813", comment(plan, makes))


def test_an_error_takes_the_place_of_an_outdated_comment() -> None:
    problems = [Problem("a.yaml", 1, 2, "unknown key `x`", "did you mean `y`?")]
    text = render_error(SourceError(problems), HERE, "plan")
    assert text == (
        f"{MARKER}\n### ⛔ No plan\n\n`1 problem in the files`\n\n"
        "- ``a.yaml:1:2: unknown key `x` (did you mean `y`?)``\n"
    )
    text = render_error(StoreError("no store", hint="set it"), HERE, "plan")
    assert text == f"{MARKER}\n### ⛔ No plan\n\n`no store`\n\n`set it`\n\n"


def test_an_error_with_many_problems_fits(hostile: str) -> None:
    problems = [Problem("a.yaml", n, 2, hostile * 9, hostile) for n in range(1, 5_000)]
    text = render_error(SourceError(problems), HERE, "plan")
    assert MAX_COMMENT_BYTES * 0.8 < size(text) <= MAX_COMMENT_BYTES
    assert re.search(r"- and [\d,]+ more\n$", text)
    assert not {"link_open", "image", "html_inline"} & {token.type for token in tokens(text)}


def test_an_exception_to_paste_names_the_same_object(makes: Makes, hostile: str) -> None:
    violations = [makes.violation(f"variant/{hostile}"), makes.violation(f"variant/{hostile}")]
    (entry,) = YAML(typ="safe").load(
        "\n".join(allow_block(map(find_exception, violations), MADE_AT))
    )["allow"]
    assert entry == {
        "rule": "price-change",
        "address": f"variant/{hostile}",
        "reason": "say why",
        "until": date(2026, 12, 29),
    }
