"""Provider coupons in a file: values that are accepted, and mistakes at their line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.types import WhenInZone
from dealpos_reconciler.errors import SourceError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.workflows.open_shop import check_files

KIND: Kind = KINDS["provider_coupon"]
GOOD = "code: X, type: Amount, amount: 1000"
SHARE = "code: X, type: Percentage, amount: 25"


def check(folder: Path, entry: str) -> Any:
    """The value of one coupon of a file."""
    (folder / "catalogue").mkdir()
    (folder / "reconciler.yaml").write_text("timezone: Asia/Jakarta\n", encoding="utf-8")
    text = f"provider_coupons:\n  - {{{entry}}}\n"
    (folder / "catalogue" / "a.yaml").write_text(text, encoding="utf-8")
    return check_files(folder).objects["provider_coupon"]["X"].value


def test_a_batch_has_a_length_and_no_prefix_of_its_own(tmp_path: Path) -> None:
    found = check(
        tmp_path, f"{GOOD}, codes: {{count: 5}}, outlets: [B, A], until: '2027-01-31 18:00'"
    )
    assert found["codes"] == {"count": 5, "length": 10, "prefix": ""}
    assert found["outlets"] == ["A", "B"]
    assert found["until"] == "2027-01-31T18:00"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("code: X/1, type: Amount, amount: 1", "`code` must not contain a slash"),
        ("code: X, type: Fixed, amount: 1", "`type` must be one of Percentage, Amount"),
        ("code: X, type: Percentage, amount: 101", "must be at most 100 for a percentage"),
        ("code: X, type: Amount, amount: 0", "`amount` must be more than 0"),
        (f"{GOOD}, maximum_discount: 5", "is allowed only for type Percentage"),
        (f"{SHARE}, maximum_discount: 0", "`maximum_discount` must be more than 0"),
        (f"{GOOD}, limit: 0", "`limit` must be at least 1"),
        (f"{GOOD}, limit_per_customer: 0", "`limit_per_customer` must be at least 1"),
        (f"{GOOD}, from: 2027-02-01, until: 2027-01-31", "`until` must not be before `from`"),
        (
            f"{GOOD}, from: '2027-02-01 18:00', until: '2027-02-01 18:00'",
            "`until` must not be before `from`",
        ),
        (f"{GOOD}, until: 2027-02-30", "`until` must be a date or a time that exists"),
        (f"{GOOD}, until: '2027-02-01 25:00'", "`until` must be a date or a time that exists"),
        (f"{GOOD}, applies_to: {{variants: [A], categories: [B]}}", "must be either variants or"),
        (f"{GOOD}, reentry: always", "`reentry` must be one of refuse, same-customer, same-outlet"),
        (f"{GOOD}, codes: {{count: 0}}", "must be from 1 to 100,000"),
        (f"{GOOD}, codes: {{count: 100001}}", "must be from 1 to 100,000"),
        (f"{GOOD}, codes: {{count: 5, length: 7}}", "must be from 8 to 20"),
        (f"{GOOD}, codes: {{length: 9}}", "`count` is missing"),
        (f"{GOOD}, codes: {{count: 5, lenght: 9}}", "unknown key `lenght`"),
        (f"{GOOD}, untill: 2027-01-01", "unknown key `untill`"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, entry: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        check(tmp_path, entry)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("catalogue/a.yaml", 2)
    assert message in problem.message


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-01-31", "2027-01-31"),
        ("2027-01-31 18:00", "2027-01-31T18:00"),
        ("2027-01-31T18:00", "2027-01-31T18:00"),
        ("2027-01-31 18:00:30", "2027-01-31T18:00:30"),
        ("2027-01-31 00:00:00", "2027-01-31T00:00"),
    ],
)
def test_a_moment_is_a_day_or_a_time_by_the_clock_of_the_shop(written: str, meant: str) -> None:
    assert TypeAdapter(WhenInZone).validate_python(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "2027", "18:00", "2027-01-31 6 pm", "2027-01-31T18:00Z", "2027-01-31T18:00+07:00",
     "0001-01-01", "31/01/2027", None, "2027-01-31 24:00"],
)  # fmt: skip
def test_another_form_of_a_moment_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WhenInZone).validate_python(written)


@pytest.mark.parametrize(
    ("path", "before", "after", "replaces"),
    [
        ("codes.count", 5, 6, False),
        ("codes.count", 5, 4, True),
        ("codes.count", None, 4, False),
        ("codes.count", 5, None, True),
        ("codes.length", 8, 9, True),
        ("codes.prefix", "VK", "", True),
        ("codes.key", "a", "b", True),
        ("limit", 5, 4, False),
    ],
)
def test_a_change_that_makes_printed_codes_useless_replaces_the_batch(
    path: str, before: Any, after: Any, replaces: bool
) -> None:
    assert KIND.explain_replacement is not None
    assert bool(KIND.explain_replacement(path, before, after)) is replaces


def test_every_field_is_carried_by_the_release() -> None:
    for call in (KIND.create, KIND.update):
        assert call is not None
        assert set(call.fields) == set(KIND.model.__annotations__)
    assert not any(field.wire.read or field.wire.write for field in KIND.fields.values())
