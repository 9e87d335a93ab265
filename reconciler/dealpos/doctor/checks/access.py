"""Checks of access: host, credentials, and permissions to read."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.evidence import Evidence, Purpose, Reply
from reconciler.dealpos.doctor.finding import CheckResult, error, ok, skip, warning
from reconciler.dealpos.operations import OPERATIONS

HOST = "host"
CREDENTIALS = "credentials"
PERMISSIONS = "permissions"

MIN_TOKEN_SECONDS = 180.0
"""A token that is valid for less may expire within one rate-limit window."""


def check_host(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check that a DealPOS API answers at the address."""
    token = evidence.question("", Purpose.TOKEN)
    if token is None or token.reply is Reply.FORBIDDEN:
        lost = sum(timed.record.status == 0 for timed in evidence.records)
        suffix = f"; {lost} of {len(evidence.records)} responses were lost" if lost else ""
        yield ok(HOST, f"answers{suffix}")
        return
    step = token.hint or "check the address and the network, then run the doctor again"
    yield error(HOST, token.failure, step)


def check_credentials(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check that the shop issues a token, and that an operation accepts it."""
    token = evidence.question("", Purpose.TOKEN)
    if token is not None:
        is_refused = token.reply is Reply.FORBIDDEN
        yield error(CREDENTIALS, token.failure, token.hint) if is_refused else skip(CREDENTIALS)
        return
    if evidence.token_always_refused:
        yield error(
            CREDENTIALS,
            "the shop issues a token, and every operation refuses it (HTTP 401)",
            "check in DealPOS that the API client is active, and the permissions of its group",
        )
        return
    seconds = evidence.token_lifetime
    if seconds is None:
        yield ok(CREDENTIALS, "accepted; token lifetime unknown (renewed after HTTP 401)")
    elif seconds < MIN_TOKEN_SECONDS:
        step = "no action needed: the token is renewed, with up to 2 requests each time"
        yield warning(CREDENTIALS, f"accepted; token valid for only {seconds:,.0f} s", step)
    else:
        yield ok(CREDENTIALS, f"accepted; token valid for {seconds:,.0f} s")


def check_permissions(evidence: Evidence, kinds: Kinds) -> Iterator[CheckResult]:
    """Check that the API client may read each module (dealpos-api.md §1)."""
    if evidence.token_always_refused:
        yield skip(PERMISSIONS, "skipped: no operation accepts the token")
        return
    asked = [question for question in evidence.questions if question.kind]
    missing: dict[str, list[str]] = {}
    for question in asked:
        if question.reply is Reply.FORBIDDEN:
            right = OPERATIONS[question.operation].right
            missing.setdefault(right, []).append(f"{question.operation}: HTTP {question.status}")
    for right, refused in sorted(missing.items()):
        found = f"{right} is missing ({', '.join(sorted(set(refused)))})"
        yield error(PERMISSIONS, found, "add it to the group of the API client in DealPOS")
    granted = {OPERATIONS[q.operation].right for q in asked if q.is_answered}
    if granted:
        found = f"granted: {', '.join(sorted(granted))}. Write permissions cannot be checked"
        yield ok(PERMISSIONS, found)
    elif not missing:
        yield skip(PERMISSIONS)
