"""JSON Schemas of the files, for an editor, and of the documents that programs read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from dealpos_reconciler import confined
from dealpos_reconciler.catalogue.environment import SETTING
from dealpos_reconciler.catalogue.fleet.fleet_file import FleetEntry
from dealpos_reconciler.catalogue.layers.directives import DEFAULTS, OMIT, OmitEntry
from dealpos_reconciler.catalogue.layers.folders import CATALOGUE, LAYERS
from dealpos_reconciler.catalogue.layers.partial import partial_adapter
from dealpos_reconciler.catalogue.problems import WAS, kind_adapter, list_adapter
from dealpos_reconciler.catalogue.provider_settings import (
    PROVIDER,
    TIMEZONE,
    ProviderEntry,
)
from dealpos_reconciler.catalogue.sections import (
    ALLOW,
    CONCURRENCY,
    REMOVED,
    AllowEntry,
    PruneEntry,
    RemovedEntry,
)
from dealpos_reconciler.catalogue.serving.hook_settings import (
    HOOKS,
    NOTIFY,
    HooksEntry,
    NotifyEntry,
)
from dealpos_reconciler.catalogue.serving.serve_settings import SERVE, ServeEntry
from dealpos_reconciler.catalogue.settings import LEDGERS
from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.core.model.secret import SECRET
from dealpos_reconciler.core.model.store import MAX_CONCURRENCY
from dealpos_reconciler.guardrails.rules import RULES
from dealpos_reconciler.kinds import MANAGED
from dealpos_reconciler.render import doctor
from dealpos_reconciler.render.dates.schedule import ScheduleDocument
from dealpos_reconciler.render.documents import AuditDocument, PlanDocument
from dealpos_reconciler.render.fleet.documents import FleetDocument
from dealpos_reconciler.render.json import FORMAT_VERSION
from dealpos_reconciler.render.report import ReportDocument
from dealpos_reconciler.workflows.schemas.descriptions import add_examples, describe

BASE = f"https://schemas.reconciler.invalid/{FORMAT_VERSION.partition('.')[0]}"
"""The beginning of the `$id` of each schema, with the version of the format.

The schemas are not published under an address yet: the host of it cannot exist (RFC 2606).
"""
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string"}
_SECRET = {"type": "boolean", "description": "true hides the code of a coupon in output."}
_ADDRESS: dict[str, Any] = {
    "pattern": f"^({'|'.join(MANAGED)})/.",
    "type": "string",
    "examples": ["variant/1003L"],
}


def file_schemas() -> dict[str, str]:
    """Return the schemas of a shop's files by file name; equal input gives equal text."""
    return _serialize(
        {
            "catalogue.schema.json": _catalogue(),
            "layer.schema.json": _layer(),
            "reconciler.schema.json": _settings(),
        }
    )


def fleet_schema() -> dict[str, str]:
    """Return the schema of a fleet file, which is no file of a shop, by file name."""
    body = list_adapter(FleetEntry).json_schema()
    title = {"$schema": _DRAFT, "title": "fleet.yaml, several shops that are applied in waves"}
    own = body["$defs"].pop(FleetEntry.__name__)
    own.pop("title")
    own["properties"]["gate"]["description"] = body["$defs"]["GateEntry"]["description"]
    return _serialize({"fleet.schema.json": title | own | {"$defs": body["$defs"]}})


def document_schemas() -> dict[str, str]:
    """Return the schemas of the documents of `--format json` by file name."""
    shapes = {
        "audit": AuditDocument,
        "doctor": doctor.DoctorDocument,
        "fleet-report": FleetDocument,
        "plan": PlanDocument,
        "report": ReportDocument,
        "schedule": ScheduleDocument,
    }
    return _serialize(
        {
            f"{name}.schema.json": {"$schema": _DRAFT, **TypeAdapter(shape).json_schema()}
            for name, shape in shapes.items()
        }
    )


def _serialize(bodies: Mapping[str, Any]) -> dict[str, str]:
    texts = {}
    for name, body in bodies.items():
        schema = {"$id": f"{BASE}/{name}", **add_examples(body)}
        # An editor shows the nearest title above the text of a key.
        for kind in MANAGED.keys() & schema.get("$defs", {}).keys():
            schema["$defs"][kind]["title"] = kind
        texts[name] = json.dumps(schema, indent=2) + "\n"
    return texts


def write_schemas(contents: Mapping[str, str], folder: Path) -> list[Path]:
    """Write schemas to `folder`; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        confined.write(folder / name, content.encode())
    return [folder / name for name in contents]


def _catalogue(adapter: Callable[[Kind], TypeAdapter[Any]] = kind_adapter) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    properties = {}
    for kind in MANAGED.values():
        definitions[kind.name] = _object(kind, adapter(kind), definitions)
        if kind.parent is None:
            properties[kind.collection] = _list_of(kind)
            text = (kind.model.__doc__ or "").partition("\n\n")[0]
            properties[kind.collection]["description"] = " ".join(text.split())
    properties[ALLOW] = _exceptions()
    properties[REMOVED] = _removals()
    title = {"$schema": _DRAFT, "title": "A catalogue file of reconciler"}
    return title | _object_schema(properties) | {"$defs": definitions}


def _layer() -> dict[str, Any]:
    """Return the schema of a file of a layer: a patch needs nothing but the identity."""
    body = _catalogue(partial_adapter)
    omit = _entry(OmitEntry)
    omit["properties"]["address"] |= _ADDRESS
    omit["properties"][SECRET] = _SECRET
    body["title"] = "A file of a layer of reconciler"
    body["properties"] |= {
        OMIT: {
            "type": "array",
            "items": {"anyOf": [_ADDRESS, omit]},
            "description": "Objects of layers below that this shop does not declare.",
        },
        DEFAULTS: _defaults(body["$defs"]),
    }
    return body


def _object_schema(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _object(kind: Kind, adapter: TypeAdapter[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    body = adapter.json_schema(ref_template="#/$defs/{model}")
    inner = body.pop("$defs")
    describe({"$defs": inner}, kind.model)
    # The item of the list is the model itself; nested models are shared by all definitions.
    own = inner.pop(kind.model.__name__)
    definitions |= inner
    for name, field in kind.fields.items():
        if name in own["properties"] and field.uncompared_reason:
            _say_uncompared(own["properties"][name], field.uncompared_reason)
    if kind.rename:
        text = f"The {kind.name}'s former name: it is renamed, not deleted and created. "
        text += "Example: `Former name`."
        own["properties"][WAS] = own["properties"][kind.identity] | {"description": text}
    if kind.secret:
        text = "true hides the code and the texts in output. Git contains them all the same."
        own["properties"][SECRET] = {"type": "boolean", "description": text}
    for child in MANAGED.values():
        if child.parent and child.parent.kind == kind.name:
            text = f"The {child.collection} of the {kind.name}."
            own["properties"][child.collection] = _list_of(child) | {"description": text}
    own["additionalProperties"] = False
    return dict(own)


def _say_uncompared(body: dict[str, Any], reason: str) -> None:
    text, mark, example = body.get("description", "").partition(" Example: ")
    body["description"] = f"{text} Not compared: {reason}.{mark}{example}".strip()


def _list_of(kind: Kind) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{kind.name}"}}


def _exceptions() -> dict[str, Any]:
    entry = _entry(AllowEntry)
    told = entry["properties"]
    told["rule"] = {"enum": list(RULES), "description": "The guardrail."}
    told["address"] |= _ADDRESS
    told["address"]["description"] = (
        "The object; left out, the whole plan. Example: `variant/1003L`."
    )
    told["until"]["description"] = "The last day on which it holds. Example: `2026-12-31`."
    told["reason"]["description"] = "The reason, for the review. Example: `Opening week`."
    text = "Reviewed exceptions from guardrails."
    return {"type": "array", "items": entry, "description": text}


def _removals() -> dict[str, Any]:
    entry = _entry(RemovedEntry)
    entry["properties"]["address"] |= _ADDRESS
    entry["properties"][SECRET] = _SECRET
    text = "Objects that the files declare no more, and that are to leave the shop."
    return {"type": "array", "items": {"anyOf": [_ADDRESS, entry]}, "description": text}


def _entry(shape: Any) -> dict[str, Any]:
    """Return the schema of an entry of a list, with the texts below its keys."""
    body = list_adapter(shape).json_schema()
    describe(body, shape)
    found: dict[str, Any] = body["$defs"][shape.__name__]
    return found


def _section(shape: Any) -> dict[str, Any]:
    """Return the schema of a mapping in the settings."""
    (body,) = list_adapter(shape).json_schema()["$defs"].values()
    return {"description": body["description"], **_object_schema(body["properties"])}


def _guardrails() -> dict[str, Any]:
    properties = {}
    for name, rule in RULES.items():
        body = TypeAdapter(rule).json_schema()
        body.pop("title")
        describe(body, rule)
        properties[name] = {
            "description": body.pop("description"),
            "anyOf": [body, {"enum": ["off", False]}],
        }
    return _object_schema(properties)


def _defaults(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of values that objects of a kind take where they have none."""
    defaults = {}
    for kind in MANAGED.values():
        properties = dict(definitions[kind.name]["properties"])
        nested = {child.collection for child in MANAGED.values() if child.parent}
        for name in (kind.identity, WAS, SECRET, *nested):
            properties.pop(name, None)
        text = f"Values of each {kind.name} that does not declare them."
        defaults[kind.name] = _object_schema(properties) | {"description": text}
    text = "Values for the objects of a kind that do not declare them."
    return _object_schema(defaults) | {"description": text}


def _settings() -> dict[str, Any]:
    catalogue = _catalogue()
    definitions: Mapping[str, Any] = catalogue["$defs"]
    scope = _entry(PruneEntry)
    scope["properties"]["kinds"]["items"] = {"enum": list(MANAGED)}
    secret = {
        "description": "The name of an environment variable, never the secret. "
        "Example: `${DEALPOS_CLIENT_SECRET}`.",
        "pattern": r"^(\$\{[A-Za-z_][A-Za-z0-9_]*\})+$",
    }
    store = {
        "url": _TEXT
        | {
            "description": "sandbox, or the address of the shop. "
            "Example: `https://yourshop.dealpos.net`."
        },
        "client_id": _TEXT | {"description": "The API client. Example: `${DEALPOS_CLIENT_ID}`."},
        "client_secret": _TEXT | secret,
        CONCURRENCY: {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_CONCURRENCY,
            "description": "Requests that may wait for a response at the same time. Example: `6`.",
        },
    }
    sections = {
        "store": _object_schema(store) | {"description": "The shop, and how it is reached."},
        CATALOGUE: _TEXT
        | {"description": "The folder of the catalogue files. Example: `catalogue`."},
        LAYERS: {
            "type": "array",
            "minItems": 1,
            "items": _TEXT | {"pattern": r"^[^/\\]"},
            "description": "Folders of catalogue files; a later one wins, field by field. "
            'Example: `["../../base", "catalogue"]`.',
        },
        DEFAULTS: _defaults(definitions),
        "guardrails": _guardrails() | {"description": "Options of guardrails."},
        "ledger": {"enum": list(LEDGERS), "description": "Where applies are remembered."},
        "prune": {
            "type": "array",
            "items": scope,
            "description": "Scopes in which objects that no file declares are removed.",
        },
        SETTING: {
            "type": "array",
            "items": _TEXT | {"pattern": r"^(?!DEALPOS_|RECONCILER_)[A-Za-z_][A-Za-z0-9_]*$"},
            "description": "Names of further environment variables that catalogue files may read. "
            'Example: `["SEASON"]`.',
        },
        TIMEZONE: _TEXT | {"description": "The time zone of the shop. Example: `Asia/Jakarta`."},
        PROVIDER: _section(ProviderEntry),
        SERVE: _section(ServeEntry),
        HOOKS: _section(HooksEntry),
        NOTIFY: _section(NotifyEntry),
    }
    inner = {name: body for name, body in definitions.items() if name not in MANAGED}
    title = {"$schema": _DRAFT, "title": "reconciler.yaml, the settings of a shop"}
    return title | _object_schema(sections) | {"$defs": inner}
