"""An audit in every form: whatever it holds, it fits, parses, and steers nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from junitparser import JUnitXml
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from dealpos_reconciler.core.audit import STATES, Audit, audit_plan
from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.kinds import KINDS, MANAGED
from dealpos_reconciler.render.comment import MAX_COMMENT_BYTES, size
from dealpos_reconciler.render.formats import github, html, junit, markdown, prometheus, text
from dealpos_reconciler.render.formats.json import audit_document
from dealpos_reconciler.render.view import AuditView
from dealpos_reconciler.render.words import plain
from tests.support.documents import ReadDocument
from tests.support.plans import Makes


def view(**parts: Any) -> AuditView:
    shown = {"kinds": KINDS, "requests": 4, "seconds": 1.5, "made_at": "2027-01-15T08:00:00Z"}
    return AuditView(**{**shown, **parts})


def states(found: Audit) -> dict[str, str]:
    return {str(finding.address): finding.state for finding in found.findings}


def test_each_part_of_a_plan_is_a_finding(makes: Makes) -> None:
    found = audit_plan(
        makes.plan(
            makes.change("variant/A", Action.CREATE),
            makes.change("variant/B", unit_price=(9, 4)),
            makes.change("product/C", Action.RETIRE, discontinued=(False, True)),
            makes.change("coupon/D", Action.REPLACE, discount=(1, 2)),
            unmanaged=(Address("variant", "E"),),
            unknown=((Address("variant", "F"), "HTTP 500"),),
            blocked=((Address("variant", "G"), "not updated"),),
            unchanged=3,
        )
    )
    assert states(found) == {
        "coupon/D": "drifted",
        "product/C": "drifted",
        "variant/B": "drifted",
        "variant/A": "missing",
        "variant/G": "blocked",
        "variant/F": "unknown",
        "variant/E": "unmanaged",
    }
    assert not found.clean


def test_the_money_of_drift_goes_from_the_files_to_the_shop(makes: Makes) -> None:
    found = audit_plan(makes.plan(makes.change("variant/B", unit_price=(4, 10), unit_cost=(5, 5))))
    said = text.render_audit(found, view())
    assert "      unit_price: live 4, declared 10\n" in said
    assert "      margin: live -25.0 %, declared 50.0 %, sold below cost\n" in said


def test_what_the_shop_does_not_have_is_nothing(makes: Makes) -> None:
    found = audit_plan(
        makes.plan(makes.change("variant/B", outlet_prices=(None, {"X": {"price": 1}})))
    )
    assert "outlet_prices: live —, declared " in text.render_audit(found, view())


def test_unread_objects_share_their_reason(makes: Makes) -> None:
    unread = tuple((Address("variant", f"V{n:03}"), "HTTP 500") for n in range(500))
    said = text.render_audit(audit_plan(makes.plan(unknown=unread)), view())
    assert said.count("HTTP 500") == 1
    assert "V009 and 490 more: HTTP 500" in said


def test_hostile_names_steer_nothing(makes: Makes, hostile: str, documented: ReadDocument) -> None:
    found = audit_plan(makes.hostile(hostile))
    for said in (text.render_audit(found, view()), github.render_audit(found, view())):
        assert all(plain(line) == line for line in said.splitlines())
    commands = re.findall(r"^::(\w+) ", github.render_audit(found, view()), re.MULTILINE)
    assert set(commands) == {"error", "warning", "notice"}
    assert len(commands) == len(found.findings)
    documented("audit", audit_document(found, view(folder=hostile, commit=hostile)))
    (suite,) = JUnitXml.fromstring(junit.render_audit(found, view()).encode())
    assert {case.name for case in suite} >= {plain(hostile), plain(f"w{hostile}")}
    families = {
        family.name: family
        for family in text_string_to_metric_families(
            prometheus.render_audit(found, view(shop=hostile))
        )
    }
    (info,) = families["reconciler_audit_info"].samples
    assert info.labels == {"shop": hostile, "store": f"https://{hostile}"}


def test_markdown_keeps_names_in_code(makes: Makes, hostile: str) -> None:
    said = markdown.render_audit(audit_plan(makes.hostile(hostile)), view(folder=hostile))
    parsed = MarkdownIt("commonmark").enable("table").parse(said)
    tokens = [inner for token in parsed for inner in (token, *(token.children or []))]
    assert not {"html_inline", "link_open", "image"} & {token.type for token in tokens}
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert all("<script" not in block and "<img" not in block for block in blocks)
    assert len(blocks) == 1 + 2  # the marker, and the fold of the notes


def test_a_large_audit_fits_and_counts_what_it_does_not_name(makes: Makes) -> None:
    found = audit_plan(
        makes.plan(
            *makes.large(4000, name="A long name of a variant "),
            *makes.large(4000, Action.CREATE, "new"),
            unmanaged=tuple(Address("variant", f"u{n * 7}") for n in range(9000)),
        )
    )
    said = markdown.render_audit(found, view())
    assert size(said) <= MAX_COMMENT_BYTES
    assert "entries not shown (comment size limit)" in said.splitlines()[1]
    assert all(f"**{state.capitalize()}" in said for state in ("drifted", "missing", "unmanaged"))


def test_every_state_has_its_metric(makes: Makes) -> None:
    said = prometheus.render_audit(audit_plan(makes.plan()), view(shop="kopi"))
    for kind in MANAGED:
        for state in STATES:
            line = f'objects{{shop="kopi",kind="{kind}",state="{state}"}} 0'
            assert f"reconciler_audit_{line}\n" in said


def test_a_page_holds_names_as_text_alone(makes: Makes, hostile: str) -> None:
    said = html.render_audit(
        audit_plan(makes.hostile(hostile)), view(folder=hostile, commit=hostile)
    )
    parser = Tags()
    parser.feed(said)
    assert not {"script", "img", "a", "b"} & parser.tags
    assert parser.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class",
                                 "aria-labelledby", "id"}  # fmt: skip
    assert plain(hostile).strip() in " ".join(parser.text)


class Tags(HTMLParser):
    """Return the text that a browser would show."""

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
