"""The values of the store as columns: moments, flags, customers, and the batch of a counter."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import cast

from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.provider.store import Flag

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stamp(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """Return the moment of a stamp, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; PostgreSQL gives it in the time zone of the session."""
    return moment.astimezone(UTC)


def batch_of(counter: str) -> str:
    """Return the batch of a counter `BATCH/17`; empty for a code of its own."""
    batch, _, index = counter.rpartition("/")
    return batch if index.isdecimal() else ""


def flags_of(text: str) -> frozenset[Flag]:
    """Return the flags of a column."""
    return cast(frozenset[Flag], frozenset(text.split()))


def join_words(words: Iterable[str]) -> str:
    """Return words as one column, sorted and parted by blanks."""
    return " ".join(sorted(words))


def as_json(words: Iterable[str]) -> str:
    """Return words as the JSON list that a statement takes as one parameter."""
    return json.dumps(sorted(words))


def unstorable(place: str) -> ProviderError:
    """Return the error of a text that no database takes: NUL, or half of a surrogate pair."""
    return ProviderError(f"{place}: a text has characters that cannot be stored")
