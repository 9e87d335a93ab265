"""A code opens one coupon, or none."""

from __future__ import annotations

import time

import pytest

from dealpos_reconciler.core.provider.batch_codes import derive_codes, key_check
from dealpos_reconciler.core.provider.lookup import CouponTable
from dealpos_reconciler.core.provider.release import Release
from dealpos_reconciler.core.provider.terms import CodeBatch, Terms
from dealpos_reconciler.errors import ProviderError

KEY = b"k" * 32
VISIT = Terms("VISIT-2027", "Amount", 10_000, limit=1, batch=CodeBatch(50, 10, "VK"))
BONUS = Terms("BONUS", "Amount", 5_000, limit=1, batch=CodeBatch(30, 8))
PLAIN = Terms("LEBARAN25", "Percentage", 25)
TABLE = CouponTable(Release((BONUS, PLAIN, VISIT), key_check=key_check(KEY)), KEY)


@pytest.mark.parametrize("written", ["LEBARAN25", " lebaran25 ", "Lebaran25"])
def test_a_declared_code_is_found_without_case_and_outer_blanks(written: str) -> None:
    found = TABLE.find(written)
    assert found is not None
    assert (found.terms, found.counter) == (PLAIN, "lebaran25")


@pytest.mark.parametrize(("terms", "name"), [(VISIT, "visit-2027"), (BONUS, "bonus")])
def test_each_code_of_a_batch_has_a_counter_of_its_own(terms: Terms, name: str) -> None:
    assert terms.batch is not None
    for index, code in enumerate(derive_codes(KEY, terms.code, terms.batch), 1):
        for written in (code, code.lower(), f" {code[:6]}-{code[6:]}", code.replace("0", "O")):
            found = TABLE.find(written)
            assert found is not None
            assert (found.terms, found.counter) == (terms, f"{name}/{index}")


@pytest.mark.parametrize("written", ["", "VISIT-2027", "visit-2027/1", "VK", "LEBARAN2S", "\ud800"])
def test_any_other_text_opens_nothing(written: str) -> None:
    assert TABLE.find(written) is None


def test_a_release_of_another_key_is_refused() -> None:
    with pytest.raises(ProviderError, match="another codes key") as refused:
        CouponTable(Release((VISIT,), key_check=key_check(KEY)), b"j" * 32)
    assert "RECONCILER_CODES_KEY" in str(refused.value.hint)


def test_a_coupon_with_a_code_of_a_batch_is_refused() -> None:
    assert VISIT.batch is not None
    code = next(derive_codes(KEY, VISIT.code, VISIT.batch))
    with pytest.raises(ProviderError, match="is also a code of a batch"):
        CouponTable(Release((Terms(code, "Amount", 1), VISIT)), KEY)


def test_two_batches_with_one_code_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dealpos_reconciler.core.provider import lookup

    monkeypatch.setattr(
        lookup, "derive_codes", lambda key, name, batch: iter(map(str, range(batch.count)))
    )
    with pytest.raises(ProviderError, match="also a code of another batch"):
        CouponTable(Release((BONUS, VISIT)), KEY)


def test_a_code_with_the_name_of_a_counter_is_refused() -> None:
    with pytest.raises(ProviderError, match="also names the uses") as refused:
        CouponTable(Release((Terms("Visit-2027/17", "Amount", 1), VISIT)), KEY)
    assert refused.value.hint
    CouponTable(Release((Terms("VISIT-2027/X", "Amount", 1), VISIT)), KEY)


def test_a_hundred_thousand_codes_load_within_a_second() -> None:
    begun = time.process_time()
    CouponTable(Release((Terms("BIG", "Amount", 1, batch=CodeBatch(100_000, 10)),)), KEY)
    assert time.process_time() - begun < 1
