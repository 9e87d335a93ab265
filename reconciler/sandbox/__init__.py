"""HTTP requests come in; answers as dealpos-api.md describes them go out, over a SQLite file.

Where the documentation is open, `Choices` says which answer is given, and a test can turn it.
Nothing here may import another part of the package: the stand-in must not share its mistakes.
"""

from reconciler.sandbox.app import create_app, listen, serve
from reconciler.sandbox.choices import Choices
from reconciler.sandbox.errors import SandboxError, SeedError
from reconciler.sandbox.faults import Faults, InjectedFault
from reconciler.sandbox.seed import refill, reset, seed, show
from reconciler.sandbox.shop import Shop

__all__ = [
    "Choices",
    "Faults",
    "InjectedFault",
    "SandboxError",
    "SeedError",
    "Shop",
    "create_app",
    "listen",
    "refill",
    "reset",
    "seed",
    "serve",
    "show",
]
