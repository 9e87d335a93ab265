"""Open a shop folder for one run: settings, parsed files, client, journal and ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from dealpos_reconciler.core.model.store import SANDBOX
from dealpos_reconciler.errors import Problem, SourceError, UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.catalogue.entries import MaskKey
    from dealpos_reconciler.catalogue.parallel import Parsing
    from dealpos_reconciler.catalogue.settings import Settings
    from dealpos_reconciler.core.model.desired import Desired
    from dealpos_reconciler.core.plan.faults import Fault
    from dealpos_reconciler.dealpos.budget import Limits
    from dealpos_reconciler.dealpos.client import Client
    from dealpos_reconciler.dealpos.observer import ClientObserver
    from dealpos_reconciler.ledger.run_ledger import RunLedger


APPLIED_FILE = "applied.json"
"""File of `.reconciler/`: the shops that the folder was applied to."""


class OpenShop:
    """A shop folder and a client of its shop, for one run."""

    def __init__(self, settings: Settings, client: Client, parsing: Parsing | None = None) -> None:
        from dealpos_reconciler.ledger.journal import Journal
        from dealpos_reconciler.ledger.state_dir import StateDir

        self.settings = settings
        self.client = client
        self.store = client.store.url
        self.state = StateDir(settings.root)
        alone = settings.ledger != "git"
        self.journal = Journal(self.state, self.store, across_folders=alone)
        self.at = datetime.now(UTC)
        """The instant at which dated values are resolved, one for the whole run."""
        self.as_of = ""
        """The day or time that a plan is made for, where that is not now."""
        self.today = today(settings.timezone)
        self._parsing = parsing
        self.ledger_owner = find_ledger_owner(settings, self.store)
        """The store that the ledger belongs to."""
        self.other_stores = self._find_other_stores()

    def _find_other_stores(self) -> list[str]:
        """Return the shops that the folder was applied to, where this one is none of them."""
        from dealpos_reconciler.ledger.file import read_owner

        owner = read_owner(self.settings.root, applied=True) or SANDBOX
        applied = {*self.state.stores(APPLIED_FILE), owner}
        is_known = self.store in applied or self.store == SANDBOX
        return [] if is_known else sorted(applied - {SANDBOX})

    def note_apply(self) -> None:
        """Remember that the folder was applied to this shop."""
        if not self.state.section(APPLIED_FILE, self.store):
            self.state.save_section(APPLIED_FILE, self.store, {"first": self.today})

    @property
    def ledger_note(self) -> tuple[str, ...]:
        """Return a note where the ledger is another store's, so that this run goes without it."""
        if self.ledger_owner == self.store:
            return ()
        return (f"the ledger belongs to {self.ledger_owner}; this run works without it",)

    def read_files(self) -> Desired:
        """Return the objects that the files declare. Raises SourceError for every problem."""
        from dealpos_reconciler.core.model.address import Address
        from dealpos_reconciler.ledger.recent import read_recent

        desired = read_files(self.settings, self._parsing, self._mask_key, self.at)
        for kind, name in chain(desired.masked_addresses(), desired.removals):
            if type(name) is not str:
                self.state.masked[Address(kind, str(name))] = Address(kind, name)
        self.client.recent = read_recent(self.state, self.store)
        return desired

    def _mask_key(self) -> bytes:
        """Return the key of the masks that journal and ledger know objects by.

        Raises UsageError where other folders could not make the same masks for a ledger.
        """
        from dealpos_reconciler import ledger

        if found := ledger.read_key():
            return found.secret
        if self.settings.ledger == "none":
            return self.state.read_salt()
        message = f"`secret: true` and a ledger need a key, and {ledger.KEY} is not set"
        raise UsageError(message, hint=ledger.how_to_set(ledger.WHERE))

    def read_ledger(self) -> RunLedger:
        """Return the ledger as it is now. Raises LedgerError, UsageError for a broken one.

        The journal is read with it, and must not be damaged either.
        """
        from dealpos_reconciler.ledger import run_ledger

        mode = self.settings.ledger if self.ledger_owner == self.store else "none"
        return run_ledger.read_ledger(
            self.state, mode, self.store, self.journal, self.settings.folders
        )

    def save_profile(self) -> None:
        """Remember which routes of the API have answered."""
        from dealpos_reconciler.dealpos.tenant import save_profile

        save_profile(self.state, self.store, self.client.routes.tenant)


def find_ledger_owner(settings: Settings, store: str) -> str:
    """Return the store that the ledger of a folder belongs to: the declared one.

    Where the file declares none, a ledger file tells; in git, each store has a ledger of its own.
    """
    from dealpos_reconciler.ledger.file import read_owner

    if settings.ledger == "none":
        return store
    found = settings.declared_url
    if found is None and settings.ledger == "file":
        found = read_owner(settings.root)
    return found or store


def today(zone: tzinfo | None) -> str:
    """Return the day by the clock of the shop, or of this machine, `YYYY-MM-DD`."""
    return datetime.now(UTC).astimezone(zone).date().isoformat()


@contextmanager
def open_shop(
    folder: Path,
    observer: ClientObserver | None,
    limits: Limits,
    *,
    read_ahead: bool = True,
    without_file: bool = False,
) -> Iterator[OpenShop]:
    """Open the shop of `folder`; `read_ahead` begins to parse its files in a second process.

    `without_file` accepts a folder without settings, where the environment names the store.
    Raises UsageError or SourceError for settings that cannot be used, StoreError for the store.
    """
    from dealpos_reconciler.catalogue.parallel import start_parsing

    # The second process is forked before anything could start a thread, and parses while this
    # one imports the rest.
    parsing = start_parsing(folder) if read_ahead else None
    from dealpos_reconciler.workflows.connect import connect

    settings = _load_settings(folder, parsing, without_file)
    with connect(settings, observer, limits) as client:
        yield OpenShop(settings, client, parsing)


def check_files(folder: Path) -> Desired:
    """Return the objects that the files of `folder` declare, without a store or credentials."""
    from dealpos_reconciler.catalogue.parallel import start_parsing

    parsing = start_parsing(folder)
    return read_files(_load_settings(folder, parsing), parsing)


def _load_settings(folder: Path, parsing: Parsing | None, without_file: bool = False) -> Settings:
    """Return the settings of a shop folder.

    Raises SourceError for their problems, with those of the catalogue files where these do not
    depend on the settings that are wrong.
    """
    from dealpos_reconciler.catalogue.settings import read_settings

    settings, problems, can_validate = read_settings(folder, without_file=without_file)
    if problems and can_validate and parsing:
        try:
            read_files(settings, parsing)
        except SourceError as more:
            problems = (*problems, *more.problems)
    if problems:
        raise SourceError(problems)
    return settings


def read_files(
    settings: Settings,
    parsing: Parsing | None = None,
    mask_key: MaskKey | None = None,
    at: datetime | None = None,
) -> Desired:
    """Return the objects that the files declare. Raises SourceError for every problem in them.

    `mask_key` gives the key of the masks that stand for secret codes, `at` the instant of dated
    values: now, where it is left out.
    """
    from dealpos_reconciler.catalogue import loader
    from dealpos_reconciler.catalogue.entries import new_mask_key
    from dealpos_reconciler.core.model.store import PROVIDER
    from dealpos_reconciler.core.plan.faults import Fault, find_cycles
    from dealpos_reconciler.kinds import MANAGED

    desired = loader.load(settings, parsing, mask_key or new_mask_key, at)
    refuse_faults(settings.root, find_cycles(desired, MANAGED), desired)
    for kind in MANAGED.values():
        if kind.home == PROVIDER and desired.objects.get(kind.name):
            from dealpos_reconciler.core.provider.problems import find_problems, note_phones

            problems = find_problems(desired, kind, MANAGED, settings.timezone)
            refuse_faults(settings.root, (Fault(*problem) for problem in problems), desired)
            country = settings.provider.options.phone_country
            notes = (*desired.notes, *note_phones(desired, kind, country))
            desired = replace(desired, notes=notes)
    return replace(desired, prune=settings.prune)


def refuse_faults(root: Path, faults: Iterable[Fault], desired: Desired) -> None:
    """Raise SourceError for faults, each at its line; do nothing without faults."""
    from dealpos_reconciler.catalogue.files import Files

    files = Files(root)
    problems = []
    for fault in faults:
        found = desired.get(fault.address)
        place = files.locate(found.source, fault.path) if found else ("", 0, 0)
        problems.append(Problem(*place, fault.message, fault.hint))
    if problems:
        raise SourceError(problems)
