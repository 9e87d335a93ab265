"""Why a connection failed, in words, and what to do about it."""

from __future__ import annotations

import ssl

from reconciler.dealpos.operations import Operation
from reconciler.errors import Unreachable, Untrusted


def unreachable(operation: Operation, shop: str, error: Exception) -> Unreachable:
    """For a request that was not sent."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return Untrusted(
                operation.name,
                f"the certificate of {shop} is not trusted ({link.verify_message})",
                hint="check the address; where a company's own root signs, name its file in "
                "SSL_CERT_FILE; nothing was sent",
            )
        link = link.__cause__ or link.__context__
    return Unreachable(
        operation.name,
        f"{shop} cannot be reached ({cause(error)})",
        hint="check the address and the network; nothing was sent",
    )


def cause(error: Exception) -> str:
    """What happened on the way."""
    return {
        "ConnectTimeout": "no answer to the connection",
        "ReadTimeout": "no answer in time",
    }.get(type(error).__name__, str(error) or type(error).__name__)
