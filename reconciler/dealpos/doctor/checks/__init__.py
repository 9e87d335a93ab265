"""The checks of the doctor: evidence to results.

In: what was asked of a shop and answered. Out: one line for each check, in the order of the table.
Never: a request, or a value of private data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.core.model.kind import Kinds
from reconciler.dealpos.doctor.checks.access import (
    check_credentials,
    check_host,
    check_permissions,
)
from reconciler.dealpos.doctor.checks.dialect import (
    check_fields,
    check_generation,
    check_value_formats,
)
from reconciler.dealpos.doctor.checks.listings import (
    check_default_filter,
    check_nested_children,
    check_page_size,
    check_retired_objects,
)
from reconciler.dealpos.doctor.checks.not_found import check_batch, check_not_found
from reconciler.dealpos.doctor.checks.operations import check_operations
from reconciler.dealpos.doctor.checks.request_window import (
    check_clock,
    check_rate_limit,
    check_rate_limit_scope,
)
from reconciler.dealpos.doctor.evidence import Evidence
from reconciler.dealpos.doctor.finding import CheckResult

CHECKS: tuple[Callable[[Evidence, Kinds], Iterator[CheckResult]], ...] = (
    check_host,
    check_credentials,
    check_permissions,
    check_operations,
    check_generation,
    check_page_size,
    check_rate_limit,
    check_rate_limit_scope,
    check_not_found,
    check_batch,
    check_retired_objects,
    check_nested_children,
    check_default_filter,
    check_fields,
    check_value_formats,
    check_clock,
)


def run_checks(evidence: Evidence, kinds: Kinds) -> list[CheckResult]:
    """Return the results of all checks, in the order of the table."""
    return [result for check in CHECKS for result in check(evidence, kinds)]
