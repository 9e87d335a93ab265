"""The settings of the server that answers tills: `serve:`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Problems
from dealpos_reconciler.catalogue.problems import validate_entry
from dealpos_reconciler.catalogue.provider_settings import validator_of
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.core.provider.options import ListenAddress, Network, ServeSettings

SERVE = "serve"

_ADDRESS = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})")
_TEXT = {"type": "string"}


def parse_address(written: str) -> ListenAddress:
    """Return a host and a port that are written as `host:port`; raise ValueError."""
    found = _ADDRESS.fullmatch(written)
    if not found or int(found[3]) > 65535:
        raise ValueError("must be host:port, such as 127.0.0.1:8080")
    return ListenAddress(found[1] or found[2], int(found[3]))


def parse_network(written: str) -> Network:
    """Return a network, or an address as a network of one; raise ValueError."""
    try:
        return ipaddress.ip_network(written, strict=False)
    except ValueError:
        raise ValueError("must be a list of addresses or networks, such as 10.0.0.0/8") from None


_Address = Annotated[
    Any, validator_of(parse_address, "address"), WithJsonSchema(_TEXT | {"pattern": ":[0-9]+$"})
]
_Network = Annotated[Any, validator_of(parse_network, "network"), WithJsonSchema(_TEXT)]


class ServeEntry(TypedDict, total=False):
    """The server that answers tills: where it listens, and to whom."""

    listen: Annotated[
        _Address,
        Field(description="For DealPOS; default 127.0.0.1:8080. Example: `127.0.0.1:8080`."),
    ]
    admin: Annotated[
        _Address,
        Field(description="For operators; default 127.0.0.1:8081. Example: `127.0.0.1:8081`."),
    ]
    proxies: Annotated[
        list[_Network],
        Field(
            description="Proxies whose X-Forwarded-For is believed; default: this machine. "
            'Example: `["10.0.0.1"]`.'
        ),
    ]
    allow: Annotated[
        list[_Network],
        Field(
            description='Networks that may ask; left out: every network. Example: `["10.0.0.0/8"]`.'
        ),
    ]


def read_serve(node: Node, problems: Problems) -> ServeSettings:
    """Return the settings under `serve:`; problems go to `problems`."""
    entry = validate_entry(ServeEntry, node, node.source(SETTINGS_FILE), problems, f"{SERVE}: ")
    values: Mapping[str, Any] = entry or {}
    lists = {name: tuple(values[name]) for name in ("proxies", "allow") if name in values}
    return ServeSettings(**{**values, **lists})
