"""Turn a live shop into catalogue files; objects that are left out are listed with reasons."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dealpos_reconciler import confined
from dealpos_reconciler.catalogue import parser as document
from dealpos_reconciler.catalogue.environment import Expander
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Files, Problems, has_file
from dealpos_reconciler.catalogue.layers.work_tree import is_outside, write_file
from dealpos_reconciler.catalogue.sections import read_defaults
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.catalogue.writing import layout
from dealpos_reconciler.catalogue.writing.export import (
    Exportable,
    select_exportable,
)
from dealpos_reconciler.catalogue.writing.results import ImportResult, Skipped, sort_skipped
from dealpos_reconciler.catalogue.writing.yaml_text import YamlEntry, pair, texts
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.live import Observed
from dealpos_reconciler.core.plan.labels import Labels
from dealpos_reconciler.dealpos.reading.full_read import FullRead
from dealpos_reconciler.errors import ReconcilerError, UsageError
from dealpos_reconciler.kinds import KINDS, MANAGED, SHOP_KINDS
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.schemas import files as schema

SCHEMA = "catalogue.schema.json"


def make_folder(root: Path) -> None:
    """Make the folder to import into. Raises UsageError where nothing names a store."""
    if not (root.is_dir() and has_file(root)) and not os.environ.get("DEALPOS_URL"):
        raise UsageError(
            f"no store is configured: {root} has no {SETTINGS_FILE}",
            hint="set DEALPOS_URL, DEALPOS_CLIENT_ID and DEALPOS_CLIENT_SECRET, then import again",
        )
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot create {root}: {error.strerror}") from None


def choose_kinds(asked: Collection[str]) -> set[str]:
    """Return the kinds to read as a whole: by default those that a catalogue holds in full.

    A requested kind brings its parent and the kinds nested in it.
    """
    if not asked:
        listed = (name for name, kind in MANAGED.items() if kind.reads.prefer_listing)
        return {name for name in listed if is_in_shop(name)}
    refuse_other_homes(asked)
    found = set(asked)
    for kind in MANAGED.values():
        if kind.parent and found & {kind.name, kind.parent.kind}:
            found |= {kind.name, kind.parent.kind}
    return found


def is_in_shop(name: str) -> bool:
    """Return whether objects of a kind live in DealPOS; true for an unknown kind."""
    return name not in MANAGED or name in SHOP_KINDS


def refuse_other_homes(names: Iterable[str]) -> None:
    """Raise UsageError for a kind whose objects have their origin in the files alone."""
    for name in names:
        if not is_in_shop(name):
            raise UsageError(
                f"a {name} is not in the shop: the files are its only source",
                hint="write it in a catalogue file; to restore an older one, use git",
            )


def begin_reading(shop: OpenShop, asked: Collection[str]) -> FullRead:
    """Return the reader of an import. Raises SourceError where the files are not valid."""
    exists = (shop.settings.root / shop.settings.catalogue).is_dir()
    known = shop.read_files() if exists else Desired()
    return FullRead(shop.client, KINDS, choose_kinds(asked), known)


def write_files(
    shop: OpenShop, everything: FullRead, asked: Collection[str], personal_data: bool = False
) -> ImportResult:
    """Read the rest of the objects, and write those that no file declares.

    Personal data is left out without `personal_data`.

    Objects that were read before an interruption are written, so that the next run continues.
    """
    desired = everything.desired
    done = ImportResult(shop.store, labels=Labels(desired, everything.live, KINDS))
    try:
        everything.read_rest()
    except KeyboardInterrupt:
        done.cut = ReconcilerError("interrupted by Ctrl-C")
    except ReconcilerError as error:
        done.cut = error
    finally:
        shop.save_profile()
    former = {Address(address.kind, declared.was) for address, declared in desired if declared.was}

    def fresh(address: Address) -> bool:
        known = desired.get(address) or address in former or address in desired.removals
        return not known and everything.is_complete(address)

    # Customers that a coupon names belong to the catalogue; others are imported with --kind.
    kinds = [name for name in MANAGED if name in choose_kinds(asked) or not asked]
    found = select_exportable(everything.live, kinds, desired, fresh, personal_data)
    _write(shop.settings, found, everything, done)
    done.skipped = sort_skipped([*found.skipped, *_skip_nested_objects(everything)])
    done.requests = everything.client.requests
    unreadable = sorted(everything.unreadable.items())
    done.unread = [(MANAGED[kind].collection, why) for kind, why in unreadable]
    done.unread += sorted((str(a), why) for a, why in everything.live.read_errors.items())
    done.authorising, done.discreet = len(found.secret), len(found.discreet)
    done.notes = [*everything.desired.notes, *everything.live.notes, *_note_hidden(everything)]
    if is_outside(shop.settings.catalogue) and done.files:
        layer = shop.settings.catalogue
        done.notes.append(f"every shop with the layer {layer} declares these objects from now on")
    return done


def _write(shop: Settings, found: Exportable, everything: FullRead, done: ImportResult) -> None:
    new = not (shop.root / SETTINGS_FILE).exists()
    settings, filled = _settings(shop, found, everything.desired, new)
    made = layout.make_entries(found, everything.live, filled)
    folder = shop.root / shop.catalogue
    schemas = shop.root / "schemas"
    known = new or (schemas / SCHEMA).exists()
    taken = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    known = known and not is_outside(shop.catalogue)
    shown = Path(os.path.relpath(schemas / SCHEMA, folder)).as_posix() if known else ""
    files = layout.files(made, taken, shown)
    for name, (text, held) in files.items():
        _verify(name, text, held)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if settings:
            confined.write_below(shop.root, SETTINGS_FILE, settings.encode())
            done.files[SETTINGS_FILE] = Counter()
        if new:
            schema.write_schemas(schema.file_schemas(), schemas)
        for name, (text, held) in files.items():
            write_file(shop.root, f"{shop.catalogue}/{name}", text.encode())
            kinds = Counter(a.kind for entry in held for a in entry.addresses())
            done.files[f"{shop.catalogue}/{name}"] = kinds
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None


def _settings(
    shop: Settings, found: Exportable, desired: Desired, new: bool
) -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    """Return the text of the settings where they are written, and the defaults in force."""
    # Without a catalogue folder nothing was loaded.
    given = desired.defaults or read_defaults(shop.defaults, Problems(Files(shop.root)))
    if given or any(desired.objects.values()):
        # A new default would change objects that are already declared.
        return (_store(shop) if new else ""), given
    common = layout.shared_defaults(found)
    lines = [line for name, value in common.items() for line in pair(name, value, 2)]
    below = "".join(f"{line}\n" for line in ["defaults:", *lines]) if lines else ""
    if new:
        return _store(shop) + below, common
    before = confined.read(shop.root, SETTINGS_FILE).decode()
    after = before + ("" if before.endswith("\n") else "\n") + below
    node, problems = document.parse(after, SETTINGS_FILE)
    if below and not problems and node.get("defaults") == texts(common):
        return after, common
    return "", {}


def _store(shop: Settings) -> str:
    """Return settings for the store of the environment; credentials are named, never written."""
    lines = [
        "# yaml-language-server: $schema=schemas/reconciler.schema.json",
        "store:",
        f"  url: {shop.store().url}",
    ]
    if not shop.store().embedded:
        lines += ["  client_id: ${DEALPOS_CLIENT_ID}", "  client_secret: ${DEALPOS_CLIENT_SECRET}"]
    return "\n".join(lines) + "\n"


def _verify(name: str, text: str, held: Iterable[YamlEntry]) -> None:
    """Raise ReconcilerError where a file would not load as the imported objects."""
    node, problems = document.parse(text, name, Expander({}))
    wanted: dict[str, list[Any]] = {}
    for entry in held:
        wanted.setdefault(MANAGED[entry.address.kind].collection, []).append(texts(entry.whole()))
    if problems or node != wanted:
        where = f"{problems[0]}" if problems else name
        raise ReconcilerError(
            f"{where}: the file would not match the shop; no file was written",
            hint="import the other kinds with --kind, and report this as a bug",
        )


def _skip_nested_objects(everything: FullRead) -> Iterator[Skipped]:
    """Return new objects inside declared ones: only an edit of their file can hold them."""
    desired = everything.desired
    for kind in everything.chosen:
        if kind.parent is None:
            continue
        for owner in desired.objects.get(kind.parent.kind, {}):
            above = Address(kind.parent.kind, owner)
            state = everything.live.get(above)
            for name in (state.children or ()) if isinstance(state, Observed) else ():
                if desired.get(Address(kind.name, name)) is None:
                    why = f"{above} is already declared; import it with 'reconciler adopt'"
                    yield Skipped(Address(kind.name, name), why)


def _note_hidden(everything: FullRead) -> Iterator[str]:
    """Note kinds whose hidden objects are not imported (dealpos-api.md §14 #3, #21)."""
    for kind in everything.chosen:
        shown = any(
            state.value.get(kind.retire) for _, state in everything.live.iterate_observed(kind.name)
        )
        if kind.reads.hides and kind.parent is None and not shown:
            hidden = f"{kind.retire or 'expired'} {kind.collection}"
            yield (
                f"{kind.collection}: the API may hide {hidden} and returned none; hidden ones are "
                "not imported"
            )
