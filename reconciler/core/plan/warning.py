"""Warnings of a plan: changes that may lose data in the shop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.core.model.address import Address


class PlanWarning(NamedTuple):
    """A possible loss of data, and what to do about it."""

    addresses: tuple[Address, ...]
    """The objects that are changed."""
    message: str


def merge_warnings(warnings: Iterable[PlanWarning]) -> Iterator[PlanWarning]:
    """Yield one warning for each message, about all objects that it is said of."""
    merged: dict[str, set[Address]] = {}
    for warning in warnings:
        merged.setdefault(warning.message, set()).update(warning.addresses)
    for message, addresses in merged.items():
        yield PlanWarning(tuple(sorted(addresses)), message)
