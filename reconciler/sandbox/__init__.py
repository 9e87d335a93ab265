"""An embedded stand-in shop: the API as the facts describe it, over SQLite."""

from .app import create_app
from .choices import Choices
from .document import reset, seed, show
from .errors import SandboxError
from .faults import Fault, Faults
from .server import listen, serve
from .shop import Shop

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
