"""The store that a run talks to: its address and the credentials for it."""

from __future__ import annotations

from dataclasses import dataclass, field

SANDBOX = "sandbox"
"""The address that stands for the shop inside the tool."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where the live catalogue is. Credentials are never part of its text."""

    url: str
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    mask_key: bytes = field(default=b"", repr=False, compare=False)
    """The key of the masks that stand for codes which are secrets."""

    @property
    def credentials(self) -> tuple[str, str]:
        """The secrets that no output may ever repeat."""
        return self.client_secret, self.client_id

    @property
    def embedded(self) -> bool:
        """True if this is the shop inside the tool."""
        return self.url == SANDBOX
