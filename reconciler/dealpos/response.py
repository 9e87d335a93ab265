"""HTTP responses as JSON or as our errors; sizes are limited, and no message repeats a secret.

dealpos-api.md §4: the bodies of 401, 403, 404 and 409 are undocumented; 400 and 500 have a
`Message`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from reconciler.dealpos.auth import CREDENTIALS_HINT
from reconciler.dealpos.operations import Operation
from reconciler.errors import ApiError, OutcomeUnknown, Rejected, Unauthorised, UnexpectedResponse

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Bytes of a decoded body that are read; a page of 500 rows has about one million."""

_MAX_MESSAGE_CHARACTERS = 300
_CODINGS = ("", "identity", "gzip", "deflate")
_NO_MESSAGE = "no message"
_NO_SHOP = "check that the address is the shop's API host, and that no proxy is in between"


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response that was read to its end."""

    status_code: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """The keys are not case-sensitive."""


def parse(operation: Operation, response: Response, shop: str, secrets: Sequence[str]) -> Any:
    """Return the JSON of a response; raise an ApiError for everything else.

    `shop` is the address for messages; `secrets` are texts that no message may repeat.
    """
    status = response.status_code
    if 200 <= status < 300:
        return _parse_body(operation, response, shop)
    if 300 <= status < 400:
        raise UnexpectedResponse(
            operation.name,
            f"{shop} redirects to another address; redirects are not followed",
            hint="use the address that the shop redirects to",
        )
    if status == 401:
        raise Unauthorised(
            operation.name, "the shop does not accept the credentials", hint=CREDENTIALS_HINT
        )
    message = _server_message(response, secrets)
    if status >= 500 and status != 501:
        error = OutcomeUnknown(operation.name, f"HTTP {status}: {message}")
        error.status = status
        error.has_message = status == 500 and message != _NO_MESSAGE
        raise error
    if status == 403:
        raise Rejected(
            operation.name,
            status,
            f"permission denied: the API client needs {operation.right} ({message})",
            hint=f"add {operation.right} to the group of the API client in DealPOS",
        )
    raise Rejected(operation.name, status, message)


def read_bounded(operation: Operation, coding: str, pieces: Iterable[bytes]) -> bytes:
    """Return a decoded body, read piece by piece; raise as `unreadable` when it is too large.

    `coding` is the Content-Encoding. Without the limit, a few bytes could fill the memory.
    """
    if (coding := coding.strip().lower()) not in _CODINGS:
        # Codings upon codings multiply what a few bytes become.
        raise unreadable(operation, f"unsupported Content-Encoding {coding[:40]!r}")
    parts: list[bytes] = []
    size = 0
    for part in pieces:
        size += len(part)
        if size > MAX_BODY_BYTES:
            limit = MAX_BODY_BYTES // 1024 // 1024
            raise unreadable(operation, f"the response is larger than {limit} MiB")
        parts.append(part)
    return b"".join(parts)


def unreadable(operation: Operation, detail: str) -> ApiError:
    """Return the error for a response that was not read to its end.

    A write that was answered so may have happened.
    """
    if not operation.reads:
        return OutcomeUnknown(operation.name, detail)
    return UnexpectedResponse(operation.name, detail, hint=_NO_SHOP)


def _server_message(response: Response, secrets: Sequence[str]) -> str:
    """Return the server's reason for a refusal, on one line and without secrets."""
    try:
        said = from_json(response.content)
    except ValueError:
        return _NO_MESSAGE
    if isinstance(said, Mapping):
        said = said.get("Message") or said.get("message") or _NO_MESSAGE
    text = "".join(c if c.isprintable() else " " for c in str(said))
    for secret in secrets:
        text = text.replace(secret, "…") if secret else text
    return text[:_MAX_MESSAGE_CHARACTERS]


def _parse_body(operation: Operation, response: Response, shop: str) -> Any:
    content = response.content
    if not content.strip():
        return None
    try:
        return from_json(content)
    except ValueError:
        pass
    is_json = response.headers.get("content-type", "").startswith("application/json")
    is_html = content.lstrip()[:1] == b"<"
    if not operation.reads and not is_json and not is_html:
        # dealpos-api.md §14 #10: success bodies of writes differ. To insist on JSON here would
        # report a write as lost that has happened.
        return None
    found = "HTML" if is_html else "content that is not JSON"
    if not operation.reads:
        raise OutcomeUnknown(operation.name, f"the shop answered with {found}")
    if is_json:
        raise OutcomeUnknown(operation.name, "the response is incomplete JSON")
    raise UnexpectedResponse(
        operation.name, f"{shop} answered with {found}, expected JSON", hint=_NO_SHOP
    )
