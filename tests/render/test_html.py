"""A plan as a page: complete in itself, and no name in it is markup."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.render.formats.html import render_plan
from dealpos_reconciler.render.words import plain
from tests.support.plans import Makes

VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """The parts of a page that these tests ask for, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.within: list[str] = []
        self.texts: list[str] = []
        self.bodies: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("th", "td"):
            self.texts.append(" ")
        if tag not in VOID:
            self.within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.within.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.within[-1:] in (["style"], ["script"]):
            self.bodies[self.within[-1]] = data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def page(plan: Plan, makes: Makes, folder: str = ".", commit: str | None = None) -> str:
    view = makes.view(folder=folder, commit=commit, made_at="2026-11-29T04:47:04Z")
    return render_plan(plan, view)


def test_a_page_says_everything(makes: Makes, everything: Callable[[], Plan]) -> None:
    found = Page(page(everything(), makes, "shops/kopi", "0123abc"))
    assert not found.within
    for said in (
        "Blocked by guardrails: 2 violations; 1 warning",
        "Plan made at 2026-11-29 04:47 UTC",
        'possible loss of data (1) product/1003 "Kopi Susu": DealPOS may delete '
        'variant/1003S "Kopi Susu, \\"Small\\"" Summary',
        "Store: https://yourshop.dealpos.net",
        "Folder: shops/kopi",
        "Commit: 0123abc",
        "Price impact: 1 decrease, 1 below cost; margins: 1 down.",
        "API usage: 4 requests used by this plan; apply needs 5 requests (1 rate-limit window",
        "Guardrail violations (2): apply is blocked",
        'price-change variant/1003L "Kopi Susu, Large": 150,000 → 15,000',
        "removals the whole plan: 150,000 → 15,000",
        "add this to a catalogue file allow: - {rule: price-change, address: variant/1003L,",
        "Allowed until 2026-12-31: clearance catalogue/a.yaml:3",
        'Removals and replacements (3) delete variant/1003S "Kopi Susu, \\"Small\\"" catalogue/',
        "variant/GONE: HTTP 500: no answer",
        "coupon/C: 40 uses are used up",
        '~ update variant/1003L "Kopi Susu, Large" below cost catalogue/drinks.yaml:14',
        "unit_price 18,000 8,000",
        "margin 50.0 % -12.5 %",
        "coupon `reference_id` is not compared",
        "Orphaned (1): applied once, in no file any more; not changed variant/OLD",
        "Unmanaged (1): in the shop, not in your files; not changed coupon/OLD10",
        "This is a plan: nothing was changed.",
    ):
        assert said in found.text


def test_a_page_needs_nothing_else(makes: Makes, everything: Callable[[], Plan]) -> None:
    text = page(everything(), makes)
    found = Page(text)
    policy = next(v for t, n, v in found.attributes if n == "content" and "default-src" in v)
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        digest = hashlib.sha256(found.bodies[tag].encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert {n for _, n, _ in found.attributes} & {"src", "style", "srcset", "action"} == set()
    links = [value for _, name, value in found.attributes if name == "href"]
    assert links
    assert all(link.startswith("#") for link in links)
    assert not re.search(
        r"url\(|@import|fetch|https?:", found.bodies["style"] + found.bodies["script"]
    )


def test_links_lead_to_the_changes(makes: Makes, everything: Callable[[], Plan]) -> None:
    found = Page(page(everything(), makes))
    ids = [value for _, name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value[1:] for _, name, value in found.attributes if name == "href"}
    labels = {value for _, name, value in found.attributes if name == "aria-labelledby"}
    assert links | labels <= set(ids)


def test_no_name_is_markup_in_a_page(makes: Makes, hostile: str) -> None:
    harmless = Page(page(makes.hostile("harmless"), makes, "harmless", "harmless"))
    text = page(makes.hostile(hostile), makes, hostile, hostile)
    found = Page(re.sub("<pre>.*?</pre>", "<pre></pre>", text, flags=re.DOTALL))
    assert found.tags == harmless.tags
    assert [a[:2] for a in found.attributes] == [a[:2] for a in harmless.attributes]
    assert found.bodies == harmless.bodies
    text_of = "".join(found.texts)
    wanted = "".join(harmless.texts).count("variant/harmless") - 1  # the one in YAML
    assert text_of.count(f"variant/{plain(hostile)}") == wanted
    for steering in "\x1b\u202e\u2066\u2028\x85\x0b":
        assert steering not in text


def test_a_plan_without_changes_is_a_page_too(makes: Makes) -> None:
    found = Page(page(makes.plan(unchanged=9), makes))
    assert "No changes: the shop matches the files" in found.text
    assert found.tags["form"] == 0


def test_what_can_be_filtered_by_is_what_there_is(makes: Makes) -> None:
    plan = makes.plan(
        makes.change("variant/A"),
        makes.change("coupon/B", Action.REPLACE),
        makes.change("variant/C"),
    )
    text = page(plan, makes)
    assert re.findall(r"<option>(\w+)</option>", text) == ["coupon", "variant", "replace", "update"]
    assert re.findall(r'<tbody class="(\w+)" id="\w+" data-kind="(\w+)"', text) == [
        ("replace", "coupon"), ("update", "variant"), ("update", "variant"),
    ]  # fmt: skip


def test_customer_data_is_no_part_of_a_page(makes: Makes) -> None:
    plan = makes.plan(
        makes.change("customer/K", name=("Sari Lama", "Sari Baru"), mobile=("0812", "0813")),
        unmanaged=(Address("customer", "DP-1"),),
    )
    assert not re.search(r"Sari|0812|0813", page(plan, makes))
