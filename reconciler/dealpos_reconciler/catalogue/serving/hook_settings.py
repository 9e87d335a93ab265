"""The settings of webhooks and notifications: `hooks:` and `notify:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, NotRequired, Required
from urllib.parse import urlsplit

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from dealpos_reconciler.catalogue.environment import Expander, is_placeholder
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Problems
from dealpos_reconciler.catalogue.problems import validate_entry
from dealpos_reconciler.catalogue.provider_settings import parse_duration, validator_of
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.core.hints import SECTIONS, TOPICS, HookSettings, NotifySettings, Topic
from dealpos_reconciler.core.model.store import is_loopback

HOOKS, NOTIFY = SECTIONS
URL = "RECONCILER_NOTIFY_URL"
"""The variable that holds the receiver's address, which often is a secret by itself."""
MAX_SETTLE = timedelta(hours=1)
WINDOW_REQUESTS = 50
"""Requests that DealPOS allows in 180 seconds (dealpos-api.md §3)."""
MIN_READS, MAX_READS = 10, 1000
"""From the audit of one object to all requests of an hour."""


def _parse_settle(written: str) -> timedelta:
    found = parse_duration(written)
    if not timedelta(0) < found <= MAX_SETTLE:
        raise ValueError("must be longer than 0 and at most an hour")
    return found


def _number_parser(least: int, most: int) -> Any:
    def parse(written: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", written) or not least <= int(written) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(written)

    return parse


def _number(least: int, most: int) -> tuple[Any, Any]:
    shape = {"type": "integer", "minimum": least, "maximum": most}
    return validator_of(_number_parser(least, most), "number"), WithJsonSchema(shape)


class HooksEntry(TypedDict, total=False):
    """Webhooks as hints: when the objects that they name are read again, and how often."""

    settle: Annotated[
        Any,
        validator_of(_parse_settle, "settle"),
        WithJsonSchema({"type": "string", "pattern": "^[0-9]+[smh]$"}),
        Field(
            description="The time from a webhook to the read that it causes; default 20s. "
            "Example: `20s`."
        ),
    ]
    reserve: Annotated[
        Any,
        *_number(0, WINDOW_REQUESTS - 1),
        Field(
            description="Requests of each rate-limit window that are left to others; default 20. "
            "Example: `20`."
        ),
    ]
    max_reads: Annotated[
        Any,
        *_number(MIN_READS, MAX_READS),
        Field(description="Requests an hour that webhooks may spend; default 30. Example: `30`."),
    ]


class NotifyEntry(TypedDict):
    """Notifications: the receiver that hears of drift, and the facts that it hears of."""

    url: Required[
        Annotated[
            str,
            Field(
                description=f"The receiver, as ${{{URL}}} where it is a secret. "
                "Example: `https://alerts.example.com/shop`."
            ),
        ]
    ]
    on: NotRequired[
        Annotated[list[Topic], Field(min_length=1, description="The facts; default all of them.")]
    ]


def read_sections(
    root: Node, mapping: Callable[[Node, str], Node], expand: Expander, problems: Problems
) -> tuple[HookSettings | None, NotifySettings | None]:
    """Return the settings of both sections, None for one that is left out.

    `mapping` returns a section, and complains where it is something else. Problems go to
    `problems`.
    """
    return (
        read_hooks(mapping(root, HOOKS), problems) if HOOKS in root else None,
        read_notify(mapping(root, NOTIFY), expand, problems) if NOTIFY in root else None,
    )


def read_hooks(node: Node, problems: Problems) -> HookSettings:
    """Return the settings under `hooks:`; problems go to `problems`."""
    entry = validate_entry(HooksEntry, node, node.source(SETTINGS_FILE), problems, f"{HOOKS}: ")
    values: Mapping[str, Any] = entry or {}
    return HookSettings(**values)


def read_notify(node: Node, expand: Expander, problems: Problems) -> NotifySettings:
    """Return the settings under `notify:`; problems go to `problems`."""
    entry = validate_entry(NotifyEntry, node, node.source(SETTINGS_FILE), problems, f"{NOTIFY}: ")
    if entry is None:
        return NotifySettings("")
    url = _read_url(node, entry["url"], expand, problems)
    return NotifySettings(url, frozenset(entry.get("on", TOPICS)))


def _read_url(node: Node, written: str, expand: Expander, problems: Problems) -> str:
    """Return the address; `${NAME}` as it is written where the environment has no value."""
    try:
        found = expand(written) or written
    except ValueError as error:
        if not is_placeholder(written):
            problems.add_setting(node, ("url",), f"{NOTIFY}: {error}", "set it")
        return written
    if complaint := _complain(found):
        problems.add_setting(node, ("url",), f"{NOTIFY}: {complaint}", f"write ${{{URL}}}")
    return found


def _complain(url: str) -> str:
    """Return the reason why an address cannot be used, without the address; empty without one."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # raises for a port that is no number
    except ValueError:
        return "the URL is not valid"
    if parts.scheme not in ("http", "https") or not host:
        return "the URL must begin with https:// and a host"
    if parts.scheme == "http" and not is_loopback(host):
        return "plain HTTP is allowed for localhost only"
    return "the URL contains a user name or password" if "@" in parts.netloc else ""
