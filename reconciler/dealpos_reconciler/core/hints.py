"""Settings of webhooks and notifications, and the words that both share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, get_args

from dealpos_reconciler.core.model.address import Address

SECTIONS = ("hooks", "notify")
"""The sections of the settings."""

Topic = Literal["drifted", "missing", "beyond", "unknown_code"]
"""A fact that a notification may be about: a state of an object, or a flag of a coupon's use."""
TOPICS: tuple[Topic, ...] = get_args(Topic)

EVERYTHING = Address("*", "")
"""The hint that stands for all objects: more keys came than the queue holds."""


@dataclass(frozen=True, slots=True)
class HookSettings:
    """The settings under `hooks:`."""

    settle: timedelta = timedelta(seconds=20)
    """The time from the first hint of an object to its read, in which further hints join it."""
    reserve: int = 20
    """Requests of each rate-limit window that are left to others."""
    max_reads: int = 30
    """Requests an hour that hints may spend."""


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """The settings under `notify:`."""

    url: str = field(repr=False)
    """The address of the receiver, or `${NAME}` as written where the environment has no value."""
    on: frozenset[Topic] = frozenset(TOPICS)
