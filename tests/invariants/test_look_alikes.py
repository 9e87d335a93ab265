"""Groups of keys that look alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dealpos_reconciler.core.model.look_alike import find_look_alikes, fold_key


@given(st.lists(st.text("0oO1e+., -\u200b\u0301E", min_size=1, max_size=6), unique=True))
def test_keys_are_grouped_by_their_folds(keys: list[str]) -> None:
    together = {frozenset(group) for group in find_look_alikes(keys)}
    by_fold: dict[str, set[str]] = {}
    for key in keys:
        by_fold.setdefault(fold_key(key), set()).add(key)
    assert together == {frozenset(group) for group in by_fold.values() if len(group) > 1}
