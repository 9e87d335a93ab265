"""A body is read up to a limit and a deadline, and is never kept beyond the limit."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

MAX_BODY_BYTES = 256 * 1024
"""The longest body that is looked at; an invoice of a thousand lines has half of it."""
BODY_SECONDS = 10.0
"""The time in which a body must have come; DealPOS gives up after 30 s (dealpos-api.md §12)."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A body that did not come whole, or is too long."""

    reason: str
    """`too_long`, `slow` or `gone`."""
    head: bytes = b""
    digest: str = ""
    """The SHA-256 of what came."""
    length: int = 0
    """The bytes that came; of a body that declares its length, the declared ones."""


async def read_body(request: Request) -> bytes | Unread:
    """Return the body of a request, or the outline of one that cannot be used."""
    chunks: list[bytes] = []
    length = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                chunks.append(chunk[: MAX_BODY_BYTES - length])
                length += len(chunk)
                if length > MAX_BODY_BYTES:
                    break
    except TimeoutError:
        return _outline("slow", b"".join(chunks), request)
    except ClientDisconnect:
        return _outline("gone", b"".join(chunks), request)
    body = b"".join(chunks)
    return _outline("too_long", body, request) if length > MAX_BODY_BYTES else body


def _outline(reason: str, head: bytes, request: Request) -> Unread:
    declared = request.headers.get("content-length", "")
    length = (
        int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 19 else 0
    )
    return Unread(reason, head, hashlib.sha256(head).hexdigest(), max(length, len(head)))
