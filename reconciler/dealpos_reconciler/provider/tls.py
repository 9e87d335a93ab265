"""A connection that TLS has ended, in words that say what to do."""

from __future__ import annotations

import os
import ssl

from dealpos_reconciler.errors import UsageError

_EXPIRED, _TOO_EARLY, _OTHER_NAMES = 10, 9, (62, 64)
"""Results of OpenSSL (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error)."""
_NO_AUTHORITY = (2, 18, 19, 20, 21)


def describe_tls_failure(error: BaseException) -> str:
    """Return what TLS found wrong, and what to do; empty where it is not what failed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _describe_certificate(cause)
        if isinstance(cause, ssl.SSLError):
            return f"no TLS on this port ({cause.reason or 'broken off'}): check port and proxy"
        cause = cause.__cause__ or cause.__context__
    return ""


def _describe_certificate(error: ssl.SSLCertVerificationError) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return "the certificate has expired: renew it, and restart or reload the proxy"
    if code == _TOO_EARLY:
        return "the certificate is not valid yet: check the clocks of this machine and of the proxy"
    if code in _OTHER_NAMES:
        return "the certificate is for another host: get one for the host of the address"
    if code in _NO_AUTHORITY:
        return (
            "no authority that this machine knows has signed the certificate: send the whole"
            " chain, or set SSL_CERT_FILE to your own root"
        )
    return f"the certificate is not valid: {error.verify_message}"


def certificates_error(error: OSError) -> UsageError:
    """Return the error for root certificates that cannot be read."""
    given = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    why = "no certificate is in it" if isinstance(error, ssl.SSLError) else error.strerror
    return UsageError(
        f"the root certificates cannot be read: {why}",
        hint=f"correct {given[0] if given else 'SSL_CERT_FILE'}, or unset it",
    )
