"""`provider check` at an address with TLS: what is wrong with a certificate, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from dealpos_reconciler.errors import ProviderUnavailable
from dealpos_reconciler.provider.remote import RemoteProvider
from tests.serve.conftest import SECRET, TOKEN, Running
from tests.support.program import RunProgram
from tests.support.tls import behind_tls

LAST_WEEK = datetime.now(UTC) - timedelta(days=7)
NEXT_WEEK = datetime.now(UTC) + timedelta(days=7, hours=1)
Start = Callable[..., str]


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this machine trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "root.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    monkeypatch.setenv("RECONCILER_HOOK_SECRET", SECRET)
    return made


@pytest.fixture
def secure(served: Running) -> Iterator[Start]:
    """A function that puts a proxy with a certificate in front of one of the two listeners."""
    with ExitStack() as stack:

        def start(certificate: trustme.LeafCert, listener: int = 0) -> str:
            return stack.enter_context(behind_tls(served.ports[listener], certificate))

        yield start


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / ".provider")
    running.start()
    yield running
    running.stop()
    running.shop.close()
    running.admin.close()


def test_a_good_certificate_is_told_with_its_end(
    secure: Start, authority: trustme.CA, run: RunProgram
) -> None:
    address = secure(authority.issue_cert("localhost", not_after=NEXT_WEEK))
    ran = run("provider", "check", f"{address}/v1/kopi/SECRET/coupon")
    assert (ran.code, ran.err) == (0, "")
    first = ran.out.splitlines()[0]
    assert first == (
        "ok     TLS               TLSv1.3, the certificate is valid until "
        f"{NEXT_WEEK:%Y-%m-%d}, in 7 days"
    )


CASES = {
    "expired": "the certificate has expired: renew it, and restart or reload the proxy",
    "early": "the certificate is not valid yet: check the clocks of this machine and of the proxy",
    "name": "the certificate is for another host: get one for the host of the address",
    "stranger": "no authority that this machine knows has signed the certificate: ",
    "alone": "no authority that this machine knows has signed the certificate: ",
}


def issue(case: str, authority: trustme.CA) -> trustme.LeafCert:
    if case == "expired":
        month_ago = LAST_WEEK - timedelta(days=30)
        return authority.issue_cert("localhost", not_before=month_ago, not_after=LAST_WEEK)
    if case == "early":
        return authority.issue_cert("localhost", not_before=NEXT_WEEK)
    if case == "name":
        return authority.issue_cert("coupons.example.com")
    if case == "alone":  # the proxy does not send the certificate between root and its own
        made = authority.create_child_ca().issue_cert("localhost")
        return trustme.LeafCert(made.private_key_pem.bytes(), made.cert_chain_pems[0].bytes(), [])
    return trustme.CA().issue_cert("localhost")


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_with_a_certificate_is_one_sentence_with_what_to_do(
    secure: Start, authority: trustme.CA, run: RunProgram, case: str
) -> None:
    certificate = issue(case, authority)
    address = secure(certificate)
    ran = run("provider", "check", f"{address}/v1/kopi/SECRET/coupon")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(f"error  TLS               {CASES[case]}")
    assert ran.out.count("\n") == 1
    assert SECRET not in ran.out
    with pytest.raises(ProviderUnavailable, match=f"did not answer: {CASES[case]}"):
        RemoteProvider(secure(certificate, 1), TOKEN).read_state()


def test_a_port_without_tls_is_told(
    served: Running, authority: trustme.CA, run: RunProgram
) -> None:
    ran = run("provider", "check", f"https://localhost:{served.ports[0]}/v1/kopi/SECRET/coupon")
    assert ran.code == 1
    assert ran.out.startswith("error  TLS               no TLS on this port (")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_roots_that_cannot_be_read_are_told(
    authority: trustme.CA, run: RunProgram, tmp_path: Path, content: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if content:
        (tmp_path / "none.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    ran = run("provider", "check", "https://localhost:1/v1/kopi/SECRET/coupon")
    assert ran.code == 1
    assert "the root certificates cannot be read: " in ran.err
    assert "correct SSL_CERT_FILE, or unset it" in ran.err
