"""HTTP requests come in; answers as dealpos-api.md describes them go out, over a SQLite file.

Where the documentation is open, `Choices` says which answer is given, and a test can turn it.
Nothing here may import another part of the package: the stand-in must not share its mistakes.
"""

from dealpos_reconciler.sandbox.app import create_app, listen, serve
from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.errors import SandboxError, SeedError
from dealpos_reconciler.sandbox.faults import Faults, InjectedFault
from dealpos_reconciler.sandbox.limiter import Admission, Limiter
from dealpos_reconciler.sandbox.seed import SEED_KEYS, describe_payload, refill, reset, seed, show
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import ObjectStore, StoredChange
from dealpos_reconciler.sandbox.tables import KEYS, PARENT_KEYS

__all__ = [
    "KEYS",
    "PARENT_KEYS",
    "SEED_KEYS",
    "Admission",
    "Choices",
    "Faults",
    "InjectedFault",
    "Limiter",
    "ObjectStore",
    "SandboxError",
    "SeedError",
    "Shop",
    "StoredChange",
    "create_app",
    "describe_payload",
    "listen",
    "refill",
    "reset",
    "seed",
    "serve",
    "show",
]
