"""The settings of the coupon provider: `timezone:` and `provider:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from dealpos_reconciler.catalogue.environment import Expander, is_placeholder, names_in
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Problems
from dealpos_reconciler.catalogue.problems import validate_entry
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.core.model.store import check_url
from dealpos_reconciler.core.model.types import Flag
from dealpos_reconciler.core.provider.options import (
    DEFAULT_STORE,
    REASONS,
    Language,
    ProviderSettings,
    RejectStatus,
    TillOptions,
)
from dealpos_reconciler.core.provider.sentences import PLACEHOLDERS, unknown_placeholders
from dealpos_reconciler.core.provider.vocabulary import Reentry
from dealpos_reconciler.errors import StoreError, suggestion

TIMEZONE, PROVIDER = "timezone", "provider"

DSN = "RECONCILER_PROVIDER_DSN"
"""The variable that holds the address of a database, with its password."""
MAX_HOLD = timedelta(days=1)
MAX_MESSAGE = 200
"""Characters of a sentence for the cashier."""

_EXAMPLE = "https://coupons.example.com"
_POSTGRES = ("postgresql", "postgres")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")


def parse_duration(written: str) -> timedelta:
    """Return a length of time that is written as `90s`, `10m`, `2h` or `1d`; raise ValueError."""
    if found := _DURATION.fullmatch(written.strip()):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    raise ValueError("must be a number with a unit, such as 90s, 10m or 2h")


def validator_of(parse: Callable[[str], Any], error: str) -> PlainValidator:
    """Return a validator that takes a text; `error` is the type of its complaint."""

    def validate(written: Any) -> Any:
        try:
            return parse(written if isinstance(written, str) else "")
        except ValueError as complaint:
            raise PydanticCustomError(error, "{said}", {"said": str(complaint)}) from None

    return PlainValidator(validate)


def _parse_hold(written: str) -> timedelta:
    found = parse_duration(written)
    if not timedelta(0) < found <= MAX_HOLD:
        raise ValueError("must be longer than 0 and at most a day")
    return found


def _parse_status(written: str) -> int:
    if written not in map(str, get_args(RejectStatus)):
        raise ValueError(f"must be one of {', '.join(map(str, get_args(RejectStatus)))}")
    return int(written)


def _parse_country(written: str) -> str:
    if not re.fullmatch(r"\+?[1-9][0-9]{0,3}", written):
        raise ValueError('must be the digits of a country code, such as "62"')
    return written.removeprefix("+")


_TEXT = {"type": "string"}


def _sentence_schema(reason: str) -> dict[str, Any]:
    text = f"The sentence for the reason {reason}. Example: `{{code}} cannot be used`."
    return {"type": "string", "maxLength": MAX_MESSAGE, "description": text}


class ProviderEntry(TypedDict, total=False):
    """The coupon provider: where its releases go, and how it answers."""

    url: Annotated[
        str,
        Field(
            description="Where plan and apply reach a provider; left out: `store` is opened. "
            "Example: `https://coupons.example.com`."
        ),
    ]
    store: Annotated[
        str,
        Field(
            description=f"A file, or postgresql://… as ${{{DSN}}}; default {DEFAULT_STORE}. "
            "Example: `.provider/provider.db`."
        ),
    ]
    durable_holds: Annotated[
        Flag, Field(description="Holds survive a power cut, at a slower yes; default false.")
    ]
    hold: Annotated[
        Any,
        validator_of(_parse_hold, "hold"),
        WithJsonSchema(_TEXT | {"pattern": "^[0-9]+[smhd]$"}),
        Field(description="How long a yes reserves a use; default 10m. Example: `10m`."),
    ]
    reentry: Annotated[
        Reentry, Field(description="The answer to a second entry while the last use is reserved.")
    ]
    reject_status: Annotated[
        Any,
        validator_of(_parse_status, "status"),
        WithJsonSchema({"enum": list(get_args(RejectStatus))}),
        Field(description="The HTTP status of a no; default 400."),
    ]
    void_returns_use: Annotated[
        Flag, Field(description="The use of a voided invoice is free again; default true.")
    ]
    phone_country: Annotated[
        Any,
        validator_of(_parse_country, "country"),
        WithJsonSchema({"type": ["string", "integer"]}),
        Field(
            description="The country code that phone numbers may be written without. "
            'Example: `"62"`.'
        ),
    ]
    language: Annotated[Language, Field(description="The language of the cashier; default en.")]
    messages: Annotated[
        dict[str, str],
        WithJsonSchema(
            {
                "type": "object",
                "properties": {reason: _sentence_schema(reason) for reason in REASONS},
                "additionalProperties": False,
            }
        ),
        Field(
            description="Sentences of your own, by reason; {code} and other facts in braces. "
            'Example: `{"unknown": "{code} is not known"}`.'
        ),
    ]


def is_database(store: str) -> bool:
    """Return whether a store is the address of a database server, not a file."""
    return "://" in store


def read_timezone(root: Node, problems: Problems) -> ZoneInfo | None:
    """Return the time zone of the shop; None where the settings have none."""
    if TIMEZONE not in root:
        return None
    written = root[TIMEZONE]
    try:
        return ZoneInfo(written if isinstance(written, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        hint = suggestion(str(written), known) or "write a name such as Asia/Jakarta"
        if not known:
            hint = "this machine has no time zones; install them: pip install tzdata"
        message = f"unknown time zone `{written}`"
        problems.add_setting(root, (TIMEZONE,), message, hint)
        return None


def read_provider(node: Node, expand: Expander, problems: Problems) -> ProviderSettings:
    """Return the settings under `provider:`; problems go to `problems`.

    `expand` fills in any variable: neither the URL nor the store is part of a file of the shop.
    """
    told = dict(node)
    messages = told.pop("messages", None)
    entry = validate_entry(
        ProviderEntry, told, node.source(SETTINGS_FILE), problems, f"{PROVIDER}: "
    )
    if entry is None:
        return ProviderSettings()
    values: Mapping[str, Any] = entry
    url = _read_url(node, entry.get("url", ""), expand, problems)
    store = _read_store(node, entry.get("store", DEFAULT_STORE), expand, problems)
    apart = ("url", "store", "durable_holds")
    own = {name: value for name, value in values.items() if name not in apart}
    options = TillOptions(**own, messages=_read_messages(node, messages, problems))
    return ProviderSettings(url, store, options, values.get("durable_holds", False))


def _read_url(node: Node, written: str, expand: Expander, problems: Problems) -> str | None:
    try:
        return check_url(expand(written), PROVIDER, _EXAMPLE, "no credentials") if written else None
    except StoreError as error:
        problems.add_setting(node, ("url",), f"{PROVIDER}: {error.message}", error.hint)
    except ValueError as error:
        problems.add_setting(node, ("url",), f"{PROVIDER}: {error}", "set it")
    return None


def _read_store(node: Node, written: str, expand: Expander, problems: Problems) -> str:
    """Return a store; `${NAME}` as it is written where the environment has no value."""

    def complain(message: str, hint: str) -> None:
        problems.add_setting(node, ("store",), f"{PROVIDER}: {message}", hint)

    if not names_in(written) and is_database(written) and _has_password(written):
        hint = f"write ${{{DSN}}} and set it in the environment; "
        hint += "then change the password: git keeps the old one in its history"
        complain("a password is written in the file", hint)
    try:
        found = expand(written) or written
    except ValueError as error:
        if not is_placeholder(written):
            complain(str(error), "set it")
        return written
    if is_database(found) and found.partition("://")[0] not in _POSTGRES:
        complain("`store` must be a file or a postgresql:// address", f"write {DEFAULT_STORE}")
    return found


def _has_password(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.password is not None or "password=" in parts.query
    except ValueError:
        return True


def _read_messages(node: Node, given: Any, problems: Problems) -> dict[Any, str]:
    if given is not None and not isinstance(given, Node):
        message = f"{PROVIDER}: `messages` must be a mapping (key: value lines)"
        problems.add_setting(node, ("messages",), message)
    if not isinstance(given, Node):
        return {}
    for reason, text in given.items():
        if reason not in REASONS:
            hint = suggestion(reason, REASONS) or f"reasons: {', '.join(REASONS)}"
            problems.add_setting(given, (reason,), f"unknown reason `{reason}`", hint, key=True)
        elif not isinstance(text, str) or not 0 < len(text.strip()) <= MAX_MESSAGE:
            message = f"`{reason}` must be a text of at most {MAX_MESSAGE} characters"
            problems.add_setting(given, (reason,), message)
        elif unknown := unknown_placeholders(reason, text):
            known = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS[reason]))
            message = f"`{reason}` has the unknown placeholder {{{unknown[0]}}}"
            problems.add_setting(given, (reason,), message, f"write one of {known}")
    return dict(given)
