"""Write drifted fields of declared objects, and unmanaged objects, to the files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, partial

from dealpos_reconciler.catalogue.layers.folders import Layer
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.catalogue.writing import layout
from dealpos_reconciler.catalogue.writing.edit import Unwritable
from dealpos_reconciler.catalogue.writing.export import (
    Exportable,
    file_value,
    select_exportable,
)
from dealpos_reconciler.catalogue.writing.layer_edits import place_in
from dealpos_reconciler.catalogue.writing.results import (
    AdoptResult,
    FieldDrift,
    Skipped,
    explain_absence,
    sort_skipped,
)
from dealpos_reconciler.catalogue.writing.writeback import Writeback
from dealpos_reconciler.catalogue.writing.yaml_text import GONE, YamlEntry
from dealpos_reconciler.core.diff import known_rewrites as kept
from dealpos_reconciler.core.diff.diff import compare_fields
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.look_alike import index_spellings
from dealpos_reconciler.core.model.masked import is_masked, reveal
from dealpos_reconciler.core.model.secret import AUTHORISES, authorises, conceal_declared
from dealpos_reconciler.core.plan.labels import Labels
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.reading.full_read import FullRead
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.errors import UsageError, suggestion
from dealpos_reconciler.kinds import KINDS, MANAGED
from dealpos_reconciler.workflows import import_ as importing
from dealpos_reconciler.workflows.open_shop import OpenShop

FROM_ENVIRONMENT = "its value comes from the environment: change it there"
Place = tuple[str, Address | None, str]
"""A list in the files: the file, the object that it is nested in, and its key."""
Spellings = Callable[[str], Mapping[str, str]]
"""The live names of a kind, each by what look-alikes share."""


@dataclass(slots=True)
class AdoptCandidates:
    """The objects and fields that were asked for and can be written to the files."""

    settings: Settings
    desired: Desired
    personal_data: bool = False
    """True if the personal data of new customers is to be written."""
    discreet: int = 0
    """New customers whose personal data is left out."""
    live: Live = field(default_factory=Live)
    drift: list[FieldDrift] = field(default_factory=list)
    new: list[YamlEntry] = field(default_factory=list)
    """Objects that no file declares."""
    beside: Mapping[Address, list[YamlEntry]] = field(default_factory=dict)
    """Unmanaged objects that belong inside a declared one, by its address."""
    skipped: list[Skipped] = field(default_factory=list)
    """Objects and fields that are not written, with reasons."""

    layer: Layer | None = None
    """The layer to write to; None chooses the last one that declares a field."""

    @property
    def folder(self) -> str:
        """The folder that new entries go to."""
        return self.layer.folder if self.layer else self.settings.catalogue

    @property
    def labels(self) -> Labels:
        """The names of the objects, for people."""
        return Labels(self.desired, self.live, KINDS)


def find_drift(
    shop: OpenShop, patterns: Sequence[str], fields: Collection[str], personal_data: bool = False
) -> AdoptCandidates:
    """Compare the objects that match `patterns` with the shop; without patterns, all declared ones.

    Raises UsageError for a pattern that matches no object in the files or the shop.
    """
    importing.refuse_other_homes(pattern.partition("/")[0] for pattern in patterns)
    found = AdoptCandidates(shop.settings, shop.read_files(), personal_data)
    known, unmet = _declared_matches(found.desired, patterns)
    if known:
        # A known rewrite by DealPOS is not drift, here as in a plan.
        kept_so = shop.read_ledger().rewrites
        part = found.desired.without(dict(found.desired).keys() - known)
        read = read_live(shop.client, part, KINDS)
        found.desired = conceal_declared(found.desired, read)
        found.live, _ = kept.apply_known_rewrites(read, part, kept_so, MANAGED)
        spellings = cache(lambda kind: index_spellings(found.live.names_of(MANAGED[kind])))
        for address, declared in conceal_declared(part, read):
            _compare(found, address, declared, fields, spellings)
    if unmet:
        _collect_new_objects(found, shop.client, unmet)
    shop.save_profile()
    return found


def _declared_matches(desired: Desired, patterns: Sequence[str]) -> tuple[set[Address], list[str]]:
    """Return the declared objects that match, with nested ones, and patterns to look up live."""
    every = {a: declared for a, declared in desired if importing.is_in_shop(a.kind)}
    if not patterns:
        return set(every), []
    hit = {p: {a for a in every if _matches([p], a)} for p in patterns}
    known = set().union(*hit.values())
    for address, declared in every.items():
        if MANAGED[address.kind].parent_address(declared.value) in known:
            known.add(address)
    # A pattern with a wildcard may match objects that exist only in the shop too.
    return known, [p for p in patterns if not hit[p] or any(sign in p for sign in "*?[")]


def _matches(patterns: Iterable[str], address: Address) -> bool:
    names = str(address), f"{address.kind}/{reveal(address.name)}"
    return any(p in names or fnmatchcase(names[0], p) for p in patterns)


def _compare(
    found: AdoptCandidates,
    address: Address,
    declared: Declared,
    fields: Collection[str],
    spellings: Spellings,
) -> None:
    state = found.live.get(address)
    if state is ABSENT:
        found.skipped.append(Skipped(address, explain_absence(address, spellings(address.kind))))
    elif not isinstance(state, Observed):
        why = found.live.read_errors.get(address, "it was not read")
        found.skipped.append(Skipped(address, f"it could not be read: {why}"))
    elif authorises(MANAGED[address.kind], state.value):
        found.skipped.append(Skipped(address, AUTHORISES))
    else:
        changed = compare_fields(MANAGED[address.kind], declared.value, state.value)
        for name in dict.fromkeys(change.path[0] for change in changed):
            if not fields or name in fields:
                was, now = declared.value[name], state.value[name]
                if is_masked(was):
                    found.skipped.append(Skipped(address, FROM_ENVIRONMENT, name))
                    continue
                found.drift.append(
                    FieldDrift(address, name, was, now, declared.source.place_of((name,)))
                )


def _collect_new_objects(found: AdoptCandidates, client: Client, patterns: Sequence[str]) -> None:
    kinds = [_kind(pattern) for pattern in patterns]
    pick = partial(_matches, patterns)
    everything = FullRead(client, KINDS, importing.choose_kinds(kinds), found.desired, pick)
    everything.read_listings()
    everything.read_rest()
    found.desired = conceal_declared(found.desired, everything.live)

    def fresh(address: Address) -> bool:
        if found.desired.get(address) or address in found.desired.removals:
            return False
        state = everything.live.get(address)
        value = state.value if isinstance(state, Observed) else {}
        above = MANAGED[address.kind].parent_address(value)
        return pick(address) or (above is not None and pick(above))

    chosen = [kind.name for kind in everything.chosen]
    taken = select_exportable(everything.live, chosen, found.desired, fresh, found.personal_data)
    found.discreet = len(taken.discreet)
    found.new = layout.make_entries(taken, everything.live, found.desired.defaults)
    found.beside = taken.beside
    secret = [address for address in taken.secret if pick(address)]
    found.skipped += [*taken.skipped, *(Skipped(address, AUTHORISES) for address in secret)]
    _add_unread(found, everything, patterns, taken)


def _add_unread(
    found: AdoptCandidates, everything: FullRead, patterns: Sequence[str], taken: Exportable
) -> None:
    """Add the objects that could not be read; refuse a pattern that matches nothing."""
    for address, why in everything.live.read_errors.items():
        if _matches(patterns, address):
            found.skipped.append(Skipped(address, f"it could not be read: {why}"))
    for kind, why in everything.unreadable.items():
        found.skipped.append(Skipped(Address(kind, "*"), f"could not be read: {why}"))
    for address, removal in found.desired.removals.items():
        if _matches(patterns, address):
            why = f"{removal.source.file}:{removal.source.line} removes it from the shop"
            found.skipped.append(Skipped(address, why))
    seen = {Address(k, name) for k, values in taken.values.items() for name in values}
    seen |= {address for address, _ in found.desired} | {entry.address for entry in found.skipped}
    for pattern in patterns:
        if not any(_matches([pattern], address) for address in seen):
            hint = suggestion(pattern, [str(address) for address in seen])
            raise UsageError(
                f"no object in the files or the shop matches `{pattern}`",
                hint=hint or "an address is kind/name, such as variant/1003L",
            )


def _kind(pattern: str) -> str:
    name = pattern.partition("/")[0]
    if name not in MANAGED:
        hint = suggestion(name, MANAGED) or f"the kinds are {', '.join(MANAGED)}"
        raise UsageError(f"`{pattern}` is not a valid address: unknown kind `{name}`", hint=hint)
    return name


def edit_files(found: AdoptCandidates) -> Writeback:
    """Collect the edits of the files; a value that cannot be written is skipped with its reason."""
    back = Writeback(found.settings, found.desired, layer=found.layer)
    adopted = []
    for take in found.drift:
        try:
            _write_field(back, take)
        except Unwritable as error:
            found.skipped.append(Skipped(take.address, str(error), take.field))
        else:
            adopted.append(take)
    found.drift = adopted
    places, others = _choose_places(found, back)
    for (file, owner, key), entries in places.items():
        try:
            back.add_entries(file, owner, key, entries)
        except Unwritable as error:
            found.skipped += [Skipped(entry.address, str(error)) for entry in entries]
    target = found.folder
    folder = found.settings.root / target
    taken = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    for name, (text, entries) in layout.files(others, taken).items():
        back.create_file(f"{target}/{name}", text, entries)
    return back


def _choose_places(
    found: AdoptCandidates, back: Writeback
) -> tuple[dict[Place, list[YamlEntry]], list[YamlEntry]]:
    """Return the new objects by the list for them, and those that go to new files."""
    places: dict[Place, list[YamlEntry]] = {}
    others: list[YamlEntry] = []
    for owner, inner in sorted(found.beside.items()):
        collection = MANAGED[inner[0].address.kind].collection
        source = found.desired[owner].source
        if found.settings.layers:
            place = place_in(found.desired[owner], found.folder)
            if place is None:
                back.patch_parent(owner, inner)
                continue
            source = place
        places[source.file, owner, collection] = inner
    for entry in sorted(found.new, key=lambda e: e.address):
        folder = found.folder if found.settings.layers else ""
        if file := layout.file_of_similar(entry, found.desired, folder):
            collection = MANAGED[entry.address.kind].collection
            places.setdefault((file, None, collection), []).append(entry)
        else:
            others.append(entry)
    return places, others


def write_files(found: AdoptCandidates, dry_run: bool) -> AdoptResult:
    """Edit the files, or only make the edits; return the result to report."""
    back = edit_files(found)
    changed = back.finish()
    if not dry_run:
        back.save(changed)
    skipped = sort_skipped(found.skipped)
    new, notes = sorted(back.added), found.desired.notes
    return AdoptResult(found.drift, new, skipped, changed, notes, found.labels, found.discreet)


def _write_field(back: Writeback, take: FieldDrift) -> None:
    kind = MANAGED[take.address.kind]
    if kind.parent and take.field == kind.parent.kind:
        above = Address(kind.parent.kind, take.live)
        raise Unwritable(f"it belongs to {above} in the shop: move the entry there")
    value = file_value(kind, take)
    if value is not GONE and kind.validate:
        for _, complaint in kind.validate({**back.desired[take.address].value, take.field: value}):
            raise Unwritable(complaint)
    written = None if value is GONE else layout.typed_values(kind, {take.field: value})[take.field]
    back.write_field(take.address, take.field, value, written)
