"""Plan or audit the shops of a fleet: they are only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dealpos_reconciler.core.fleet.changes import ChangeGroup, group_changes, group_notices
from dealpos_reconciler.core.fleet.fleet import Fleet, Member
from dealpos_reconciler.core.fleet.parity import compare_shops
from dealpos_reconciler.core.fleet.report import FleetReport
from dealpos_reconciler.core.fleet.results import Command, CommandResult, MemberResult, judge
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.ledger.git_repository import commit_of_all, repository_top
from dealpos_reconciler.workflows.fleet.declared import read_declarations
from dealpos_reconciler.workflows.fleet.engine import Engine
from dealpos_reconciler.workflows.fleet.process import MemberJob
from dealpos_reconciler.workflows.fleet.reports import read_results

AS_JSON = ("--format", "json")
Progress = Callable[[MemberResult, int, int], None]
"""Told of each shop that has ended, with the number of those so far and of all."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The place of the files: their commit, and the paths that a worker knows them by."""

    commit: str | None
    """With `+` where a file differs from it; None without git."""
    remote: bool = False
    """True where the shops run on other machines, in clones of their own."""
    top: Path | None = None

    def job(self, member: Member, *commands: tuple[Command, tuple[str, ...]]) -> MemberJob:
        """Return the job of a shop."""
        if not self.remote or self.top is None:
            return MemberJob(member.name, member.folder, commands)
        inner = Path(member.folder).resolve().relative_to(self.top.resolve()).as_posix()
        return MemberJob(member.name, inner, commands, self.commit or "")


@dataclass(frozen=True, slots=True)
class Run:
    """The means of one run: where it runs, who is told, and the code for work done in part."""

    engine: Engine
    place: Checkout
    progress: Progress
    partial_code: int

    def collect(
        self,
        members: Sequence[Member],
        make_job: Callable[[Member], MemberJob],
        keep: Callable[[MemberResult], MemberResult] = lambda result: result,
    ) -> list[MemberResult]:
        """Return the result of each shop in the order of `members`; `keep` gets each as it ends."""
        found: dict[str, MemberResult] = {}
        for member, ran in self.engine.run(members, make_job):
            signals = self.engine.interrupts.signals()
            found[member.name] = keep(_result(member, ran, signals, self.partial_code))
            self.progress(found[member.name], len(found), len(members))
        return [found[member.name] for member in members]


def check_remote(place: Checkout) -> None:
    """Raise UsageError where workers cannot have the same files."""
    if place.commit is None or place.commit.endswith("+"):
        raise UsageError(
            "--on needs the files to be exactly one git commit",
            hint="commit them: a worker reads them from its own clone",
        )


def find_place(fleet: Fleet, remote: bool = False) -> Checkout:
    """Return the place of a fleet's files."""
    folder = Path(fleet.file).parent
    return Checkout(commit_of_all(folder), remote, repository_top(folder))


def survey(
    command: Command,
    words: tuple[str, ...],
    fleet: Fleet,
    members: Sequence[Member],
    run: Run,
    parity: bool,
) -> FleetReport:
    """Run `plan` or `audit` with further `words` for each shop and return the report."""
    results = run.collect(members, lambda m: run.place.job(m, (command, (*words, *AS_JSON))))
    return make_report(command, fleet, members, results, run.place.commit, parity)


def merge_reports(
    command: Command, folder: Path, fleet: Fleet, members: Sequence[Member], parity: bool
) -> FleetReport:
    """Return one report of those in a folder, which other runs have made of single shops."""
    commit = find_place(fleet).commit
    results = read_results(folder, command, members, commit)
    return make_report(command, fleet, members, results, commit, parity)


def save_plans(
    folder: Path, fleet: Fleet, members: Sequence[Member], run: Run
) -> tuple[FleetReport, dict[str, Path]]:
    """Plan each shop and save the plans to `folder`; return those that can be applied."""

    def job(member: Member) -> MemberJob:
        out = ("--out", str(folder / f"{member.name}.json"))
        return run.place.job(member, ("plan", (*out, *AS_JSON)))

    results = run.collect(members, job)
    report = make_report("plan", fleet, members, results, run.place.commit)
    made = [result.member.name for result in results if result.state == "done"]
    return report, {name: folder / f"{name}.json" for name in made}


def _result(
    member: Member, ran: list[CommandResult], signals: Sequence[int], partial_code: int
) -> MemberResult:
    if not ran:
        code = 128 + signals[0] if signals else partial_code
        return MemberResult(member, "not_started", (), "the run was interrupted", code)
    result = judge(member, ran, partial_code)
    if signals and result.state == "done" and ran[-1].command == "apply":
        # It was applied and not audited.
        reason = "interrupted before the audit"
        return replace(result, state="interrupted", reason=reason, exit_code=128 + signals[0])
    return result


def make_report(
    command: Command,
    fleet: Fleet,
    members: Sequence[Member],
    results: Sequence[MemberResult],
    commit: str | None,
    parity: bool = False,
) -> FleetReport:
    """Return the report of a command over some shops of a fleet."""
    wants = command == "plan" or parity
    declared, labels = read_declarations(members) if wants else ({}, {})
    planned = command == "plan"
    changes = group_changes(command, results, declared if planned else None)
    touched = {group.change.address for group in changes}
    return FleetReport(
        command,
        fleet.file,
        commit,
        tuple(results),
        changes,
        group_notices(results),
        compare_shops(declared, touched) if planned and len(members) > 1 else None,
        compare_shops(declared) if parity else None,
        labels=_labels(labels, changes),
    )


def _labels(known: Mapping[str, str], changes: Sequence[ChangeGroup]) -> dict[str, str]:
    named = {g.change.address: g.change.label for g in changes if g.change.label}
    return {**known, **named}
