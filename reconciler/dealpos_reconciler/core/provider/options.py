"""The settings of the coupon provider: its answers, its store, and its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, NamedTuple, get_args

from dealpos_reconciler.core.provider.vocabulary import Reason, Reentry

Language = Literal["en", "id"]
RejectStatus = Literal[200, 400, 404, 422]

Network = IPv4Network | IPv6Network

CODES_KEY = "RECONCILER_CODES_KEY"
"""The variable with the key of batches and of customers' fingerprints."""
ADMIN_TOKEN = "RECONCILER_ADMIN_TOKEN"
"""The variable with the bearer token of the admin listener."""
DEFAULT_STORE = ".provider/provider.db"
"""The file of the embedded store, below the shop folder."""

REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True)
class TillOptions:
    """The options of `provider:` in the settings that a release holds."""

    hold: timedelta = timedelta(minutes=10)
    """The time for which a use is held, from a yes to its invoice."""
    reentry: Reentry = "refuse"
    """The answer to a second entry of a code whose last use is held; a coupon may override it."""
    reject_status: RejectStatus = 400
    """The HTTP status of a no."""
    void_returns_use: bool = True
    """True if the use of a voided invoice is free again."""
    phone_country: str = ""
    """The country code, in digits, that phone numbers may be written with and without."""
    language: Language = "en"
    """The language that the cashier reads."""
    messages: Mapping[Reason, str] = field(default_factory=dict)
    """The sentences that take the place of our own, by the reason for a no."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """The settings under `provider:`."""

    url: str | None = None
    """The base URL of its admin API; None where the store is opened directly."""
    store: str = field(default=DEFAULT_STORE, repr=False)
    """A path, a DSN, or `${NAME}` as it is written where the environment has no value."""
    options: TillOptions = field(default_factory=TillOptions)
    durable_holds: bool = False
    """True if a hold is on disk before its yes is sent, as sales always are."""


class ListenAddress(NamedTuple):
    """The host and the port that a server listens on."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return `host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """The settings under `serve:`."""

    listen: ListenAddress = ListenAddress("127.0.0.1", 8080)  # noqa: RUF009 - it is immutable
    """Where DealPOS asks."""
    admin: ListenAddress = ListenAddress("127.0.0.1", 8081)  # noqa: RUF009 - it is immutable
    """Where operators, plan and apply ask."""
    proxies: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
    """Proxies whose `X-Forwarded-For` is believed; those of this machine, if none are named."""
    allow: tuple[Network, ...] = ()
    """The networks that may ask; empty for every network."""
