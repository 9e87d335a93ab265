"""A release is one document: the same text for the same terms, and refused when damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.provider.options import TillOptions
from dealpos_reconciler.core.provider.release import (
    Release,
    digest_document,
    dump_release,
    parse_release,
)
from dealpos_reconciler.core.provider.terms import CodeBatch, Terms, code_key
from dealpos_reconciler.errors import ProviderError

AMOUNTS = st.one_of(
    st.integers(0, 10**12), st.decimals(0, 10**9, places=2, allow_nan=False).map(Decimal)
)
MOMENTS = st.datetimes(
    datetime(2020, 1, 1), datetime(2040, 1, 1),  # noqa: DTZ001 - the zones are drawn apart
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=7))]),
)  # fmt: skip
NAMES = st.text('aBß é\u212a/{"', min_size=1, max_size=12).filter(lambda text: bool(code_key(text)))
TERMS = st.builds(
    Terms,
    code=NAMES,
    type=st.just("Amount"),
    amount=AMOUNTS,
    maximum_discount=st.none() | AMOUNTS,
    limit=st.none() | st.integers(0, 10**6),
    begins=st.none() | MOMENTS,
    outlets=st.none() | st.frozensets(st.sampled_from(["kemang", "bandung", "kuta"])),
    customer=st.none() | st.frozensets(st.sampled_from(["a" * 32, "b" * 32])),
    applies_to=st.none() | st.lists(st.sampled_from(["1003L", "1004"])).map(tuple),
    disabled=st.booleans(),
    batch=st.none() | st.builds(CodeBatch, st.integers(1, 9), st.integers(8, 20), st.just("VK")),
)
RELEASES = st.builds(
    Release,
    coupons=st.lists(TERMS, max_size=4, unique_by=lambda terms: code_key(terms.code)).map(
        lambda found: tuple(sorted(found, key=lambda terms: code_key(terms.code)))
    ),
    options=st.builds(
        TillOptions,
        hold=st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds)),
        reject_status=st.sampled_from([200, 400, 404, 422]),
        messages=st.dictionaries(st.sampled_from(["used_up", "over"]), st.just("no")),
    ),
    sources=st.dictionaries(NAMES, st.just("a.yaml:4"), max_size=2),
)


@settings(max_examples=100)
@given(RELEASES)
def test_a_document_reads_back_as_the_release(release: Release) -> None:
    document = dump_release(release)
    assert parse_release(document) == release
    assert dump_release(parse_release(document)) == document


def test_equal_terms_give_one_digest() -> None:
    """The order of the coupons, the zone of a moment and a zero after the point change nothing."""
    noon = datetime(2027, 3, 20, 12, tzinfo=UTC)
    first = Terms("A", "Amount", Decimal("12.50"), begins=noon)
    second = Terms("B", "Percentage", 25, outlets=frozenset({"kuta", "kemang"}))
    other = replace(
        first, amount=Decimal("12.5"), begins=noon.astimezone(timezone(timedelta(0, 25200)))
    )
    texts = [dump_release(Release((first, second))), dump_release(Release((second, other)))]
    assert texts[0] == texts[1]
    assert len(digest_document(texts[0])) == 64
    assert digest_document(texts[0]) != digest_document(dump_release(Release((first,))))


def test_a_document_shows_what_is_declared_and_no_default() -> None:
    release = Release((Terms("LEBARAN25", "Percentage", 25, limit=500),), key_check="ab")
    assert json.loads(dump_release(release)) == {
        "coupons": [{"amount": 25, "code": "LEBARAN25", "limit": 500, "type": "Percentage"}],
        "format_version": 1,
        "key_check": "ab",
    }


GOOD: dict[str, Any] = {
    "coupons": [{"amount": 25, "code": "A", "type": "Percentage"}],
    "format_version": 1,
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"coupons": [{"code": "A", "type": "Percentage"}]}, "coupons.0.amount: Field required"),
        ({"coupons": [GOOD["coupons"][0] | {"amount": 101}]}, "A: the percentage 101 is over 100"),
        ({"coupons": [GOOD["coupons"][0] | {"limit": -1}]}, "A: limit is below 0"),
        ({"coupons": [GOOD["coupons"][0] | {"amount": "NaN"}]}, "coupons.0.amount"),
        ({"coupons": [GOOD["coupons"][0] | {"code": " "}]}, "the code is empty"),
        ({"coupons": GOOD["coupons"] * 2}, "two coupons have the code a"),
        ({"coupons": [GOOD["coupons"][0] | {"begins": "2027-01-01T00:00:00"}]}, "no time zone"),
        ({"coupons": [GOOD["coupons"][0] | {"batch": {"count": 0, "length": 10}}]}, "0 codes"),
        ({"coupons": [GOOD["coupons"][0] | {"only_on": "Monday"}]}, "a newer version wrote it"),
        ({"coupons": 1}, "coupons"),
        ({"options": {"reject_status": 500}}, "options.reject_status"),
        ({"format_version": "new"}, "format_version"),
        ({"format_version": 2, "coupons": {}}, "release 17 has the newer format 2"),
    ],
)
def test_a_damaged_document_is_refused_with_the_place(change: dict[str, Any], said: str) -> None:
    document = json.dumps(GOOD | change, sort_keys=True, separators=(",", ":"))
    with pytest.raises(ProviderError, match="release 17") as refused:
        parse_release(document, "release 17")
    assert said in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("document", ["", "[]", "null", "{", "\0", "[" * 100_000, '"\\ud800"'])
def test_any_other_text_is_refused(document: str) -> None:
    with pytest.raises(ProviderError, match="the release is damaged"):
        parse_release(document)


def test_a_document_that_was_reformatted_is_refused() -> None:
    """Its digest would differ from the one that was published."""
    with pytest.raises(ProviderError, match="modified"):
        parse_release(json.dumps(GOOD, indent=1))
