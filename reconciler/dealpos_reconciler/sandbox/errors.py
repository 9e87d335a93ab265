"""Errors of the sandbox itself, and refusals that it answers a request with."""


class SandboxError(Exception):
    """The sandbox itself cannot work: a bad database file or a bad seed document."""


class SeedError(SandboxError):
    """A seed document is wrong; the shop is as it was."""


class Refusal(Exception):
    """A request that is answered with an error status and a ``Message`` (dealpos-api.md §4)."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class UnknownKey(Exception):
    """A single read of a key that does not exist; ``Choices.not_found`` says how it is answered."""
