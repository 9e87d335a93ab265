"""Secrets of the environment, checked for a length that cannot be guessed."""

from __future__ import annotations

import os
from collections.abc import Mapping

from reconciler.errors import UsageError

MIN_CHARACTERS = 16


def read_secret(
    name: str, where: str, environment: Mapping[str, str] | None = None
) -> bytes | None:
    """Return the secret in the environment variable `name`, or None where it is not set.

    Raises UsageError for one that is too short; its hint says `where` the secret is needed.
    """
    found = (os.environ if environment is None else environment).get(name, "")
    if not found:
        return None
    if len(found) < MIN_CHARACTERS:
        raise UsageError(f"{name} is too short", hint=how_to_set(where))
    return found.encode()


def how_to_set(where: str) -> str:
    """Return the hint for a secret that is missing or too short."""
    return f"set it to a random string of {MIN_CHARACTERS} characters or more, {where}"
