"""An audit in every form: whatever it holds, it fits, parses, and steers nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from junitparser import JUnitXml
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from reconciler.core.audit import STATES, Audit, audit
from reconciler.core.diff.change import Action
from reconciler.core.model.address import Address
from reconciler.kinds import KINDS
from reconciler.render.audit.github import audit_github
from reconciler.render.audit.html import audit_html
from reconciler.render.audit.json import audit_document
from reconciler.render.audit.junit import audit_junit
from reconciler.render.audit.markdown import audit_markdown
from reconciler.render.audit.prometheus import audit_prometheus
from reconciler.render.audit.text import audit_text
from reconciler.render.audit.words import Run
from reconciler.render.fit import size
from reconciler.render.plan.json import Origin
from reconciler.render.plan.markdown import LIMIT
from reconciler.render.words import plain

RUN = Run(4, 1.5, 1_800_000_000)
HERE = Origin(".", "")


def states(found: Audit) -> dict[str, str]:
    return {str(finding.address): finding.state for finding in found.findings}


def test_each_part_of_a_plan_is_a_finding(makes: Any) -> None:
    found = audit(
        makes.plan(
            makes.change("variant/A", Action.CREATE),
            makes.change("variant/B", unit_price=(9, 4)),
            makes.change("product/C", Action.RETIRE, discontinued=(False, True)),
            makes.change("coupon/D", Action.REPLACE, discount=(1, 2)),
            unmanaged=(Address("variant", "E"),),
            unknown=((Address("variant", "F"), "HTTP 500"),),
            withheld=((Address("variant", "G"), "not updated"),),
            unchanged=3,
        )
    )
    assert states(found) == {
        "coupon/D": "drifted",
        "product/C": "drifted",
        "variant/B": "drifted",
        "variant/A": "missing",
        "variant/G": "withheld",
        "variant/F": "unknown",
        "variant/E": "unmanaged",
    }
    assert not found.clean


def test_the_money_of_drift_goes_from_the_files_to_the_shop(makes: Any) -> None:
    found = audit(makes.plan(makes.change("variant/B", unit_price=(4, 10), unit_cost=(5, 5))))
    text = audit_text(found, RUN, KINDS)
    assert "unit_price is 4, the files say 10" in text
    assert "margin 50.0 % → -25.0 %, falls below cost" in text


def test_what_the_shop_does_not_have_is_nothing(makes: Any) -> None:
    found = audit(makes.plan(makes.change("variant/B", outlet_prices=(None, {"X": {"price": 1}}))))
    assert "outlet_prices is nothing, the files say" in audit_text(found, RUN, KINDS)


def test_unread_objects_share_their_reason(makes: Any) -> None:
    unread = tuple((Address("variant", f"V{n:03}"), "HTTP 500") for n in range(500))
    text = audit_text(audit(makes.plan(unknown=unread)), RUN, KINDS)
    assert text.count("HTTP 500") == 1
    assert "V009 and 490 more: HTTP 500" in text


def test_hostile_names_steer_nothing(makes: Any, hostile: str, documented: Any) -> None:
    found = audit(makes.hostile(hostile))
    for text in (audit_text(found, RUN, KINDS), audit_github(found, RUN, KINDS, "")):
        assert all(plain(line) == line for line in text.splitlines())
    commands = re.findall(r"^::(\w+) ", audit_github(found, RUN, KINDS, ""), re.MULTILINE)
    assert set(commands) == {"error", "warning", "notice"}
    assert len(commands) == len(found.findings)
    documented("audit", audit_document(found, RUN, KINDS, Origin(hostile, hostile)))
    (suite,) = JUnitXml.fromstring(audit_junit(found, RUN, KINDS, "").encode())
    assert {case.name for case in suite} >= {plain(hostile), plain(f"w{hostile}")}
    families = {
        family.name: family
        for family in text_string_to_metric_families(audit_prometheus(found, RUN, KINDS, hostile))
    }
    (info,) = families["reconciler_audit_info"].samples
    assert info.labels == {"shop": hostile, "store": f"https://{hostile}"}


def test_markdown_keeps_names_in_code(makes: Any, hostile: str) -> None:
    text = audit_markdown(audit(makes.hostile(hostile)), RUN, KINDS, Origin(hostile, ""))
    parsed = MarkdownIt("commonmark").enable("table").parse(text)
    tokens = [inner for token in parsed for inner in (token, *(token.children or []))]
    assert not {"html_inline", "link_open", "image"} & {token.type for token in tokens}
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert all("<script" not in block and "<img" not in block for block in blocks)
    assert len(blocks) == 1 + 2  # the marker, and the fold of the notes


def test_a_large_audit_fits_and_counts_what_it_does_not_name(makes: Any) -> None:
    found = audit(
        makes.plan(
            *makes.large(4000, name="A long name of a variant "),
            *makes.large(4000, Action.CREATE, "new"),
            unmanaged=tuple(Address("variant", f"u{n * 7}") for n in range(9000)),
        )
    )
    text = audit_markdown(found, RUN, KINDS, HERE)
    assert size(text) <= LIMIT
    assert "NOT NAMED below" in text.splitlines()[1]
    assert all(f"**{state.capitalize()}" in text for state in ("drifted", "missing", "unmanaged"))


def test_every_state_has_its_metric(makes: Any) -> None:
    text = audit_prometheus(audit(makes.plan()), RUN, KINDS, "kopi")
    for kind in KINDS:
        for state in STATES:
            line = f'objects{{shop="kopi",kind="{kind}",state="{state}"}} 0'
            assert f"reconciler_audit_{line}\n" in text


def test_a_page_holds_names_as_text_alone(makes: Any, hostile: str) -> None:
    text = audit_html(audit(makes.hostile(hostile)), RUN, KINDS, Origin(hostile, hostile))
    parser = Tags()
    parser.feed(text)
    assert not {"script", "img", "a", "b"} & parser.tags
    assert parser.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class",
                                 "aria-labelledby", "id"}  # fmt: skip
    assert plain(hostile).strip() in " ".join(parser.text)


class Tags(HTMLParser):
    """What a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)
