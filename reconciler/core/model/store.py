"""The store that a run talks to: its address and the credentials for it."""

from __future__ import annotations

from dataclasses import dataclass, field

SANDBOX = "sandbox"
"""The address that stands for the shop inside the tool."""

MAX_CONCURRENCY = 16
"""The most requests that may wait at the same time; a shop allows 50 in three minutes."""

DEFAULT_CONCURRENCY = 6
"""The same of a shop whose settings do not say: as many as a browser sends to one host."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where the live catalogue is. Credentials are never part of its text."""

    url: str
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    mask_key: bytes = field(default=b"", repr=False, compare=False)
    """The key of the masks that stand for codes which are secrets."""

    concurrency: int = field(default=1, repr=False, compare=False)
    """Requests that may wait for a response at the same time."""

    @property
    def credentials(self) -> tuple[str, str]:
        """The secrets that no output may ever repeat."""
        return self.client_secret, self.client_id

    @property
    def embedded(self) -> bool:
        """True if this is the shop inside the tool."""
        return self.url == SANDBOX
