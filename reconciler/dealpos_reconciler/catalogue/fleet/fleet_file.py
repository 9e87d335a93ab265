"""Read a fleet file: its shops, its waves, and its gate."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NotRequired, Required
from urllib.parse import urlsplit

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Files, Problems
from dealpos_reconciler.catalogue.layers.work_tree import find_work_tree
from dealpos_reconciler.catalogue.parser import read
from dealpos_reconciler.catalogue.problems import validate_entry
from dealpos_reconciler.catalogue.provider_settings import parse_duration, validator_of
from dealpos_reconciler.catalogue.reading.node import Node, empty_node
from dealpos_reconciler.catalogue.syntax import Steps
from dealpos_reconciler.core.fleet.fleet import Fleet, Member, WaveGate, match_names
from dealpos_reconciler.core.model.store import SANDBOX
from dealpos_reconciler.errors import Problem, SourceError, StoreError, UsageError, suggestion

KEYS = (SHOPS, WAVES, GATE) = ("shops", "waves", "gate")
STORE, LEDGER = "store", "ledger"
OVERRIDE = "DEALPOS_URL"
NAME_PATTERN = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
"""The names of shops: they become names of jobs."""
MAX_SHOPS = 1000
MAX_WAIT = timedelta(days=7)
_NAME = re.compile(NAME_PATTERN, re.ASCII)


def _parse_wait(written: str) -> timedelta:
    found = timedelta() if written.strip() == "0" else parse_duration(written)
    if found > MAX_WAIT:
        raise ValueError("must be at most 7d")
    return found


def _parse_max_failed(written: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", written, re.ASCII) or int(written) > MAX_SHOPS:
        raise ValueError(f"must be a whole number from 0 to {MAX_SHOPS:,}")
    return int(written)


class GateEntry(TypedDict, total=False):
    """The conditions under which the next wave begins."""

    wait: Annotated[
        Any,
        validator_of(_parse_wait, "wait"),
        WithJsonSchema({"type": ["string", "integer"], "pattern": "^([0-9]+[smhd]|0)$"}),
        Field(
            description="The time from the end of a wave to the next one; default 0. "
            "Example: `30m`."
        ),
    ]
    max_failed: Annotated[
        Any,
        validator_of(_parse_max_failed, "number"),
        WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_SHOPS}),
        Field(description="Shops of a wave that may fail; default 0. Example: `1`."),
    ]


ShopName = Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]


class FleetEntry(TypedDict):
    """Several shops that are applied from one commit, in waves."""

    shops: Required[
        Annotated[
            dict[ShopName, str],
            Field(
                min_length=1,
                description="The folder of each shop, from the fleet file. "
                'Example: `{"bandung": "shops/bandung"}`.',
                json_schema_extra={"additionalProperties": False},
            ),
        ]
    ]
    waves: NotRequired[
        Annotated[
            list[list[str]],
            Field(
                min_length=1,
                description="Names or globs; each shop is in one wave. "
                'Example: `[["bandung"], ["jakarta-*"]]`.',
            ),
        ]
    ]
    gate: NotRequired[GateEntry]


def load_fleet(path: Path, environment: Mapping[str, str] | None = None) -> Fleet:
    """Read a fleet file and check that its shops are shop folders of different stores.

    Raises UsageError where there is no such file, SourceError for every problem.
    """
    if not path.is_file():
        hint = "name a file with `shops:`, such as fleet.yaml"
        raise UsageError(f"fleet file not found: {path}", hint=hint)
    root, name = path.parent, path.name
    node, found = read(root, name)
    reader = _FleetReader(root, name, os.environ if environment is None else environment)
    reader.problems.found.extend(found)
    fleet = reader.fleet(node) if SHOPS in node or not found else None
    if fleet is None or reader.problems.found:
        raise SourceError([_beside(root, problem) for problem in reader.problems.found])
    return fleet


def _beside(root: Path, problem: Problem) -> Problem:
    """Return a problem with its file as seen from where the command runs."""
    shown = Path(os.path.normpath(root / problem.file)).as_posix()
    return Problem(shown, problem.line, problem.column, problem.message, problem.hint)


class _FleetReader:
    """A reader that collects the problems of a fleet file."""

    def __init__(self, root: Path, file: str, environment: Mapping[str, str]) -> None:
        self.root = root
        self.file = file
        self.declared = {k: v for k, v in environment.items() if k != OVERRIDE}
        """The environment without the variable that overrides every store."""
        self.problems = Problems(Files(root))

    def add(
        self, node: Node, path: Steps, message: str, hint: str | None = None, key: bool = False
    ) -> None:
        self.problems.add(node.source(self.file), path, message, hint, key=key)

    def fleet(self, node: Node) -> Fleet:
        """Return the fleet that a file declares; its problems are collected."""
        for key in node:
            if key not in KEYS:
                hint = suggestion(key, KEYS) or f"accepted: {', '.join(KEYS)}"
                self.add(node, (key,), f"unknown key `{key}`", hint, key=True)
        folders = dict(self.folders(node))
        waves = self.waves(node, list(folders))
        members = [
            Member(name, Path(os.path.normpath(self.root / folder)).as_posix(), waves[name])
            for name, folder in folders.items()
            if name in waves
        ]
        self.check_shops(node[SHOPS] if folders else empty_node(), folders)
        ordered = sorted(members, key=lambda member: member.wave)
        return Fleet((self.root / self.file).as_posix(), tuple(ordered), self.gate(node))

    def folders(self, node: Node) -> Iterator[tuple[str, str]]:
        """Yield the name and the folder of each shop."""
        shops = node.get(SHOPS)
        if SHOPS not in node:
            hint = "write `shops: {name: folder}`"
            self.add(node, (), f"`{SHOPS}` is missing", hint)
        elif shops == {} or shops == "":
            self.add(node, (SHOPS,), f"`{SHOPS}` names no shop", "write `shops: {name: folder}`")
        elif not isinstance(shops, Node):
            self.add(node, (SHOPS,), f"`{SHOPS}` must be a mapping (name: folder lines)")
        elif len(shops) > MAX_SHOPS:
            message = f"`{SHOPS}` has {len(shops):,} shops; a fleet may have {MAX_SHOPS:,}"
            self.add(node, (SHOPS,), message, "split it into several fleet files")
        else:
            self.check_names(shops)
            for name, folder in shops.items():
                if isinstance(folder, str):
                    yield name, folder
                else:
                    self.add(shops, (name,), f"`{name}` must be the folder of a shop")

    def check_names(self, shops: Node) -> None:
        """Collect the names that cannot be those of jobs and files."""
        seen: dict[str, str] = {}
        for name in shops:
            if not _NAME.fullmatch(name):
                hint = "use letters, digits, `.`, `_` and `-`, at most 63"
                self.add(shops, (name,), f"`{name}` is not a valid name", hint, key=True)
            elif (other := seen.setdefault(name.lower(), name)) != name:
                message = f"`{name}` and `{other}` differ by letter case alone"
                hint = "rename one of them: they are also names of jobs and files"
                self.add(shops, (name,), message, hint, key=True)

    def waves(self, node: Node, names: list[str]) -> dict[str, int]:
        """Return the wave of each shop; all are in the first wave where none is declared."""
        if WAVES not in node:
            return dict.fromkeys(names, 1)
        waves = node[WAVES]
        hint = "write a list for each wave, such as [[bandung], ['jakarta-*']]"
        if not isinstance(waves, list) or not waves:
            self.add(node, (WAVES,), f"`{WAVES}` must be a list of lists of names", hint)
            return {}
        found: dict[str, int] = {}
        for index, globs in enumerate(waves):
            if not _is_wave(globs):
                message = f"wave {index + 1} must be a list of names"
                self.add(node, (WAVES, index), message, hint)
                continue
            for place, glob in enumerate(globs):
                self.join_wave(node, (WAVES, index, place), glob, names, found)
        for name in names:
            if name not in found:
                message = f"`{name}` is in no wave"
                self.add(node[SHOPS], (name,), message, f"name it in `{WAVES}`", key=True)
        return found

    def join_wave(
        self,
        node: Node,
        at: tuple[str, int, int],
        glob: str,
        names: list[str],
        found: dict[str, int],
    ) -> None:
        """Put the shops that a glob matches into their wave."""
        matched = match_names(glob, names)
        if not matched:
            hint = suggestion(glob, names) or f"shops: {', '.join(names)}"
            self.add(node, at, f"`{glob}` matches no shop", hint)
        for name in matched:
            if found.setdefault(name, at[1] + 1) != at[1] + 1:
                message = f"`{name}` is in wave {found[name]} and in wave {at[1] + 1}"
                self.add(node, at, message, "name each shop in one wave")

    def gate(self, node: Node) -> WaveGate:
        """Return the gate, with the defaults for what is left out."""
        written = node.get(GATE, empty_node())
        if not isinstance(written, Node):
            self.add(node, (GATE,), f"`{GATE}` must be a mapping (key: value lines)")
            return WaveGate()
        place = written.source(self.file)
        entry = validate_entry(GateEntry, written, place, self.problems, f"{GATE}: ")
        return WaveGate(**entry) if entry else WaveGate()

    def check_shops(self, shops: Node, folders: Mapping[str, str]) -> None:
        """Collect the problems of the shops' folders and settings."""
        seen: dict[tuple[str, str], str] = {}
        top = find_work_tree(self.root)
        for name, folder in folders.items():
            place = self.root / folder
            identities = [("folder", str(place.resolve()))]
            if Path(folder).is_absolute():
                self.add(shops, (name,), f"`{name}`: the folder must not be absolute")
            elif not place.is_dir():
                self.add(shops, (name,), f"`{name}`: folder not found: {folder}")
            elif top is not None and not place.resolve().is_relative_to(top):
                message = f"`{name}`: {folder} is outside of the git work tree of the fleet file"
                self.add(shops, (name,), message, "move it into the repository")
            elif not (place / SETTINGS_FILE).exists():
                message = f"`{name}`: {folder} is not a shop folder: {SETTINGS_FILE} not found"
                self.add(shops, (name,), message)
            else:
                identities += self.identities(name, folder, shops)
            for identity in identities:
                other = seen.setdefault(identity, name)
                if other != name:
                    message = f"`{name}` and `{other}` have the same {identity[0]}"
                    self.add(shops, (name,), message, self.same_hint(identity[0]))
                    break

    def identities(self, name: str, folder: str, shops: Node) -> list[tuple[str, str]]:
        """Return the facts about a shop that no other shop of a fleet may share."""
        try:
            found = settings.load(self.root / folder, self.declared)
            url = found.known_url()
        except SourceError as error:
            for problem in error.problems:
                shown = f"{folder}/{problem.file}"
                self.problems.found.append(
                    Problem(shown, problem.line, problem.column, problem.message, problem.hint)
                )
            return []
        except (UsageError, StoreError) as error:
            self.add(shops, (name,), f"`{name}`: {error.message}", error.hint)
            return []
        if url == SANDBOX:
            # Each folder has an embedded shop of its own, and git keeps one ledger for all of them.
            return [(LEDGER, url)] if found.ledger == "git" else []
        return [(STORE, _identify_host(url))] if url else []

    def same_hint(self, shared: str) -> str | None:
        """Return the way out for two shops that share something."""
        if shared == LEDGER:
            return "git has one ledger for all embedded shops: write `ledger: file`"
        return None


def check_override(members: Sequence[Member], environment: Mapping[str, str]) -> None:
    """Raise UsageError where the environment gives several shops one store."""
    if len(members) > 1 and environment.get(OVERRIDE, SANDBOX) != SANDBOX:
        raise UsageError(
            f"{OVERRIDE} overrides the store of {len(members)} shops",
            hint="unset it, or select one shop with --shop",
        )


def _identify_host(url: str) -> str:
    """Return a URL in the form that all spellings of the same server share."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{(parts.hostname or '').rstrip('.')}:{port}"


def _is_wave(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)
