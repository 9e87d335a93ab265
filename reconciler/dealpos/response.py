"""HTTP answers to JSON or to our errors; what a server says is bounded, and never repeats a secret.

API §4: bodies of 401, 403, 404 and 409 are undocumented; 400 and 500 carry a `Message`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from reconciler.dealpos.operations import Operation
from reconciler.errors import ApiError, Doubtful, Rejected, Unauthorised, Unreadable

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer that are read, decoded; a page of 500 rows has about one million."""

_CODINGS = ("", "identity", "gzip", "deflate")
_NOTHING = "no message"
_NO_SHOP = "check that the address is the shop's API host, and that no proxy is in between"


@dataclass(frozen=True, slots=True)
class Response:
    """What is needed of an HTTP response, read to its end."""

    status_code: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """Whatever the case of their names."""


def understand(operation: Operation, response: Response, shop: str, secrets: Sequence[str]) -> Any:
    """The JSON of an answer; raises an ApiError for everything else.

    `shop` is the address in messages; `secrets` are texts that no message may repeat.
    """
    status = response.status_code
    if 200 <= status < 300:
        return _parse(operation, response, shop)
    if 300 <= status < 400:
        raise Unreadable(
            operation.name,
            f"{shop} redirects elsewhere, which is not followed",
            hint="use the address that the shop really has",
        )
    if status == 401:
        raise Unauthorised(
            operation.name,
            "the shop does not accept the credentials",
            hint="check DEALPOS_CLIENT_ID and DEALPOS_CLIENT_SECRET for this shop",
        )
    said = _said(response, secrets)
    if status >= 500 and status != 501:
        lost = Doubtful(operation.name, f"HTTP {status}: {said}")
        lost.status = status
        lost.told = status == 500 and said != _NOTHING
        raise lost
    if status == 403:
        raise Rejected(
            operation.name,
            status,
            f"the credentials lack a right: {said}",
            hint="give their group the role that this operation needs (VIEW to plan)",
        )
    raise Rejected(operation.name, status, said)


def bounded(operation: Operation, coding: str, pieces: Iterable[bytes]) -> bytes:
    """A decoded body, read piece by piece, so that what it may become in memory is bounded.

    `coding` is what the answer says of its encoding. Raises as `unread` does.
    """
    if (coding := coding.strip().lower()) not in _CODINGS:
        # Codings upon codings multiply what a few bytes become.
        raise unread(operation, f"the answer comes encoded as {coding[:40]!r}")
    parts: list[bytes] = []
    size = 0
    for part in pieces:
        size += len(part)
        if size > LARGEST:
            raise unread(operation, f"the answer is larger than {LARGEST // 1024 // 1024} MiB")
        parts.append(part)
    return b"".join(parts)


def unread(operation: Operation, why: str) -> ApiError:
    """For an answer that is not read to its end; a write that was answered so may have happened."""
    if not operation.reads:
        return Doubtful(operation.name, why)
    return Unreadable(operation.name, why, hint=_NO_SHOP)


def _said(response: Response, secrets: Sequence[str]) -> str:
    """What the server says of its refusal, on one line."""
    try:
        said = from_json(response.content)
    except ValueError:
        return _NOTHING
    if isinstance(said, Mapping):
        said = said.get("Message") or said.get("message") or _NOTHING
    text = "".join(c if c.isprintable() else " " for c in str(said))
    for secret in secrets:
        text = text.replace(secret, "…") if secret else text
    return text[:300]


def _parse(operation: Operation, response: Response, shop: str) -> Any:
    content = response.content
    if not content.strip():
        return None
    try:
        return from_json(content)
    except ValueError:
        pass
    as_json = response.headers.get("content-type", "").startswith("application/json")
    if not operation.reads and not as_json and content.lstrip()[:1] != b"<":
        return (
            None  # dealpos-api.md §14 #10: success bodies of writes are not to be parsed strictly
        )
    what = "HTML" if content.lstrip()[:1] == b"<" else "something that is no JSON"
    if not operation.reads:
        raise Doubtful(operation.name, f"the shop answered {what}")
    if as_json:
        raise Doubtful(operation.name, "the answer was cut short")
    raise Unreadable(
        operation.name,
        f"{shop} answered {what} instead of JSON",
        hint=_NO_SHOP,
    )
