"""The examples as they were when what is recorded of them was recorded."""

from __future__ import annotations

import hashlib
import os

import pytest

from tests.support.shop import ROOT

DIGEST = ROOT / "cassettes" / "examples.sha256"


def digest_examples() -> str:
    """Return the digest of every file of the examples that a plan reads."""
    found = hashlib.sha256()
    for path in sorted((ROOT / "examples").rglob("*")):
        if path.suffix in (".yaml", ".json") and not {".reconciler", "ci"} & set(path.parts):
            found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def skip_if_edited() -> None:
    """Skip what compares with a record of the examples, where somebody tries the tool on them.

    The gate sets STRICT_EXAMPLES, so that nothing lands with a record of other examples.
    """
    if any(map(os.environ.get, ("RECORD", "UPDATE", "STRICT_EXAMPLES"))):
        return
    if digest_examples() != DIGEST.read_text(encoding="utf-8").strip():
        way = "record it with 'make cassettes' and 'UPDATE=1 make guides'"
        pytest.skip(f"examples/ was edited; {way}")
