"""One customer has one fingerprint, whichever way a till writes the number or the address."""

from __future__ import annotations

import pytest

from dealpos_reconciler.core.provider.fingerprint import fingerprint_customer, phone_digits

KEY = b"k" * 32


@pytest.mark.parametrize(
    "written",
    ["81234567844", "081234567844", "+62 812-3456-7844", "0062812 3456 7844", "62 (0)81234567844",
     "\u0660\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0664\u0664"],
)  # fmt: skip
def test_a_phone_number_reads_alike_in_every_form(written: str) -> None:
    assert phone_digits(written, "62") == "81234567844"


@pytest.mark.parametrize("written", ["", "-", "0", "0000000000", "n/a", "+62", "08"])
def test_a_placeholder_for_a_number_names_nobody(written: str) -> None:
    assert not fingerprint_customer(KEY, phones=[written])


def test_no_country_leaves_the_number_as_it_is() -> None:
    assert phone_digits("6281234567", "") == "6281234567"


@pytest.mark.parametrize("id", ["", " ", "00000000-0000-0000-0000-000000000000", "0"])
def test_an_unset_id_names_nobody(id: str) -> None:
    assert not fingerprint_customer(KEY, id=id, email="-", code=" ")


def test_an_email_is_compared_without_case_and_outer_blanks() -> None:
    first = fingerprint_customer(KEY, email=" Hendry@DealPOS.com")
    assert first == fingerprint_customer(KEY, email="hendry@dealpos.com ")
    assert len(first) == 1


def test_a_phone_in_one_request_is_the_mobile_of_another() -> None:
    """Validate Coupon has a `Phone`, Redeem Coupon a `Phone` and a `Mobile` (API §12)."""
    asked = fingerprint_customer(KEY, phones=["0815161688"])
    sold = fingerprint_customer(KEY, phones=["0215851412", "815161688"], code="HW0001")
    assert asked < sold


def test_equal_texts_of_two_families_are_two_customers() -> None:
    assert not fingerprint_customer(KEY, code="123456") & fingerprint_customer(KEY, id="123456")


def test_another_key_gives_other_fingerprints() -> None:
    """Nothing of the text is left in one."""
    first = fingerprint_customer(KEY, email="hendry@dealpos.com")
    assert first.isdisjoint(fingerprint_customer(b"j" * 32, email="hendry@dealpos.com"))
    assert all("hendry" not in text and len(text) == 32 for text in first)


def test_half_a_surrogate_pair_is_no_accident() -> None:
    """JSON may hold one (`\\ud800`), and UTF-8 cannot."""
    assert fingerprint_customer(KEY, code="\ud800")
