"""An embedded stand-in shop: the API as the facts describe it, over SQLite."""

from reconciler.sandbox.app import create_app, listen, serve
from reconciler.sandbox.choices import Choices
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import Fault, Faults
from reconciler.sandbox.seed import reset, seed, show
from reconciler.sandbox.shop import Shop

__all__ = [
    "Choices",
    "Fault",
    "Faults",
    "SandboxError",
    "Shop",
    "create_app",
    "listen",
    "reset",
    "seed",
    "serve",
    "show",
]
