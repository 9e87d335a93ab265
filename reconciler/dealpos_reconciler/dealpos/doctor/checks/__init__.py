"""The checks of the doctor: evidence to results.

In: what was asked of a shop and answered. Out: one line for each check, in the order of the table.
Never: a request, or a value of private data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.dealpos.doctor.checks import access, dialect, listings, operations
from dealpos_reconciler.dealpos.doctor.evidence import Evidence
from dealpos_reconciler.dealpos.doctor.finding import CheckResult

CHECKS: tuple[Callable[[Evidence, Kinds], Iterator[CheckResult]], ...] = (
    access.check_host,
    access.check_credentials,
    access.check_permissions,
    operations.check_operations,
    dialect.check_generation,
    listings.check_page_size,
    access.check_rate_limit,
    access.check_rate_limit_scope,
    operations.check_not_found,
    operations.check_batch,
    listings.check_retired_objects,
    listings.check_nested_children,
    listings.check_default_filter,
    listings.check_doubles,
    dialect.check_fields,
    dialect.check_value_formats,
    access.check_clock,
)


def run_checks(evidence: Evidence, kinds: Kinds) -> list[CheckResult]:
    """Return the results of all checks, in the order of the table."""
    return [result for check in CHECKS for result in check(evidence, kinds)]
