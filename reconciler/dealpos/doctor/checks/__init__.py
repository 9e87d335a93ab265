"""One file per check: evidence to findings, without asking anything.

A check has one function `judge`; the table below is the order of the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.checks import access as credentials
from reconciler.dealpos.doctor.checks import (
    batch_unknown,
    bucket,
    clock,
    discontinued,
    hidden,
    host,
    nested,
    not_found,
    right,
    unseen,
    value,
)
from reconciler.dealpos.doctor.checks import dialect as generation
from reconciler.dealpos.doctor.checks import listings as page_size
from reconciler.dealpos.doctor.checks import operations as operation
from reconciler.dealpos.doctor.checks import request_window as rate_limit
from reconciler.dealpos.doctor.evidence import Evidence
from reconciler.dealpos.doctor.finding import Finding

CHECKS: tuple[Callable[[Evidence, Kinds], Iterator[Finding]], ...] = (
    host.judge,
    credentials.judge,
    right.judge,
    operation.judge,
    generation.judge,
    page_size.judge,
    rate_limit.judge,
    bucket.judge,
    not_found.judge,
    batch_unknown.judge,
    discontinued.judge,
    nested.judge,
    hidden.judge,
    unseen.judge,
    value.judge,
    clock.judge,
)


def judge(evidence: Evidence, kinds: Kinds) -> list[Finding]:
    """Every finding, in the order of the table."""
    return [finding for check in CHECKS for finding in check(evidence, kinds)]
