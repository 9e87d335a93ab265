"""The sentences of a fleet's report, which text and Markdown share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealpos_reconciler.core.fleet.changes import ChangeGroup, FleetNotice
from dealpos_reconciler.core.fleet.fleet import MAX_NAMED
from dealpos_reconciler.core.fleet.parity import ABSENT, Parity, ParityRow
from dealpos_reconciler.core.fleet.report import FleetReport
from dealpos_reconciler.core.fleet.results import FINISHED, MemberResult
from dealpos_reconciler.core.fleet.rollout import WaveState
from dealpos_reconciler.core.model.address import Address, join_some
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.dates.coming import describe_step, read_coming
from dealpos_reconciler.render.sections import Needed, allow_block
from dealpos_reconciler.render.words import amount, moment, plain, plural, quote

SIGNS = {
    "done": "✓",
    "already_done": "✓",
    "drifted": "!",
    "incomplete": "✗",
    "refused": "✗",
    "failed": "✗",
    "interrupted": "⊘",
    "not_started": "⊘",
}
TITLES = {
    "warning": "Warnings: possible loss of data",
    "violation": "Guardrail violations: apply is refused",
    "allowed": "Allowed guardrail violations",
    "blocked": "Blocked",
    "unknown": "Unknown: could not be read",
    "stale": "Stale",
}
"""The sections of notices, in their order."""
_OPEN = ("blocked", "unknown", "no plan")
_DONE = {"plan": "planned", "apply": "applied and verified, audit clean", "audit": "in sync"}


def value_text(value: Any, address: str = "", path: str = "") -> str:
    """Return a value as text: text in quotes, numbers with separators, nothing as a dash."""
    if value is None or value is ABSENT:
        return "—"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return amount(value)
    if isinstance(value, list):
        return ", ".join(value_text(item) for item in value) or "none"
    if isinstance(value, dict):
        return plain(", ".join(f"{name}: {value_text(inner)}" for name, inner in value.items()))
    return plain(str(value)) if _is_private(address, path) else quote(value)


def _is_private(address: str, path: str) -> bool:
    """Return whether the value of a field is a fingerprint, which is no text of the shop."""
    kind = KINDS.get(address.partition("/")[0])
    field = kind.fields.get(path.partition(".")[0]) if kind else None
    return field is not None and field.private


def name_object(address: str, labels: Mapping[str, str]) -> str:
    """Return an address with the name of its object."""
    label = labels.get(address)
    return plain(address) + (f" {quote(label)}" if label else "")


def change_line(group: ChangeGroup, report: FleetReport) -> str:
    """Return a change with its shops: `… 18,000 → 19,000 in 11 of 12 shops (bandung has it)`."""
    change, total = group.change, len(report.results)
    about = name_object(change.address, report.labels)
    if change.action == "rename":
        said = f"rename {plain(str(change.before))} to {about}"
    elif not change.path:
        said = f"{change.action.replace('_', ' ')} {about}"
    else:
        before = value_text(change.before, change.address, change.path)
        after = value_text(change.after, change.address, change.path)
        verb = "" if change.action in ("update", "drifted") else f"{change.action} "
        path = plain(change.path)
        if report.command == "audit":
            said = f"{verb}{about} {path}: live {before}, declared {after}"
        else:
            said = f"{verb}{about} {path} {before} → {after}"
    return f"{said} in {_shops(group.shops, total)}{_others(group, total)}"


def _shops(names: Sequence[str], total: int) -> str:
    """Return the shops that have something: all of them, or their number and names."""
    if len(names) == total:
        return f"all {amount(total)} shops" if total > 1 else names[0]
    of = f"{amount(len(names))} of {amount(total)} shops"
    return of if 2 * len(names) > total else f"{of}: {join_some(names, MAX_NAMED)}"


def _others(group: ChangeGroup, total: int) -> str:
    """Return what is known of the other shops; the deviations tell of a change in few shops."""
    parts = []
    few = 2 * len(group.shops) <= total
    for others in group.others:
        if few and others.standing not in ("has it", *_OPEN):
            continue
        who, several = join_some(others.shops, MAX_NAMED), len(others.shops) > 1
        standing = others.standing
        if several:
            for one, many in (("has ", "have "), ("declares", "declare"), ("does ", "do ")):
                if standing.startswith(one):
                    standing = many + standing.removeprefix(one)
        if standing in (*_OPEN, "no change"):
            parts.append(f"{standing} in {who}")
        else:
            change = group.change
            shown = value_text(others.value, change.address, change.path)
            parts.append(f"{who} {standing}{'' if others.value is None else f' {shown}'}")
    return f" ({'; '.join(parts)})" if parts else ""


def notice_line(notice: FleetNotice, report: FleetReport) -> str:
    """Return a notice with its objects and its shops."""
    about = ", ".join(name_object(address, report.labels) for address in notice.about[:MAX_NAMED])
    more = len(notice.about) - MAX_NAMED
    about += f" and {more:,} more" if more > 0 else ""
    where = _shops(notice.shops, len(report.results))
    return f"{f'{about}: ' if about else ''}{plain(notice.message)} ({where})"


def deviation_lines(parity: Parity, labels: Mapping[str, str]) -> Iterator[str]:
    """Yield each row in which shops differ: the usual value, then the shops with another one."""
    for row in parity.rows:
        yield deviation_line(row, labels)


def deviation_line(row: ParityRow, labels: Mapping[str, str]) -> str:
    """Return one row: `… unit_price: 19,000; 21,000 in jakarta-2`."""
    about = name_object(row.address, labels)
    if not row.path:
        has = [name for name, value in row.values.items() if value is not ABSENT]
        lacks = [name for name, value in row.values.items() if value is ABSENT]
        if len(has) <= len(lacks):
            return f"{about}: only in {join_some(has, MAX_NAMED)}"
        return f"{about}: not in {join_some(lacks, MAX_NAMED)}"
    groups: dict[str, list[str]] = {}
    for name, value in row.apart().items():
        shown = "not declared" if value is ABSENT else value_text(value, row.address, row.path)
        groups.setdefault(shown, []).append(name)
    usual = row.usual()
    said = "not declared" if usual is ABSENT else value_text(usual, row.address, row.path)
    rest = (f"{shown} in {join_some(names, MAX_NAMED)}" for shown, names in groups.items())
    return f"{about} {plain(row.path)}: {'; '.join((said, *rest))}"


def coming_lines(report: FleetReport) -> list[str]:
    """Return the changes of later days by day, each with its shops."""
    shops: dict[tuple[str, str], list[str]] = {}
    for result in report.results:
        for step in (result.document("plan") or {}).get("coming", ()):
            told = describe_step(read_coming(step))
            shops.setdefault((step["at"], told), []).append(result.member.name)
    return [f"{told}: {join_some(names, MAX_NAMED)}" for (_, told), names in sorted(shops.items())]


def _coming_days(report: FleetReport) -> set[str]:
    plans = (result.document("plan") or {} for result in report.results)
    return {step["day"][:10] for plan in plans for step in plan.get("coming", ())}


def exception_lines(report: FleetReport, made_at: str) -> list[str]:
    """Return the exceptions that would allow the violations of all shops, as lines of YAML."""
    found = [
        Needed(
            violation["rule"],
            Address.parse(violation["address"]) if violation["address"] else None,
            violation.get("day", "")[:10],
        )
        for result in report.results
        for violation in (result.document("plan") or {}).get("violations", ())
        if not violation["allowed"]
    ]
    return allow_block(found, made_at)


def shop_line(result: MemberResult, report: FleetReport) -> str:
    """Return the result of one shop."""
    name = f"{result.member.name} (wave {result.member.wave})"
    if result.state == "already_done":
        return f"{name}: already done in this rollout"
    if result.state == "done":
        told = _DONE[report.command]
        counted = _counts(result, report)
        return f"{name}: {counted or told}"
    state, reason = result.state.replace("_", " "), plain(result.reason)
    if not reason or result.reason == report.stopped:  # the end of the report says it once
        return f"{name}: {state}"
    return f"{name}: {reason}" if reason.startswith(f"{state} ") else f"{name}: {state}: {reason}"


def _counts(result: MemberResult, report: FleetReport) -> str:
    """Return the figures of a shop, from the document of its command."""
    if report.command == "plan" and (plan := result.document("plan")):
        words = ("create", "update", "replace", "retire", "delete")
        counted = [f"{amount(plan['summary'][w])} to {w}" for w in words if plan["summary"][w]]
        usage = plural(plan["api_usage"]["requests"], "request")
        return f"{', '.join(counted)}; {usage}" if counted else "no changes"
    if report.command == "apply" and (applied := result.document("apply")):
        changes = plural(len(applied["outcomes"]), "change")
        return (
            f"{changes} applied and verified, audit clean"
            if applied["outcomes"]
            else ("nothing to do, audit clean")
        )
    return ""


def wave_line(state: WaveState) -> str:
    """Return one wave of a rollout."""
    parts = [f"{amount(len(state.done))} done"]
    parts += [f"{amount(len(state.failed))} failed"] if state.failed else []
    parts += [f"{amount(len(state.missing))} without a result"] if state.missing else []
    ended = f", ended {moment(state.ended)}" if state.ended else ""
    return f"wave {state.number}: {', '.join(parts)}{ended}{' ✓' if state.passed else ''}"


def closing_line(report: FleetReport) -> str:
    """Return the last line: shops by state."""
    total = len(report.results)
    done = sum(result.state in FINISHED for result in report.results)
    rest = [
        f"{amount(count)} {state.replace('_', ' ')}"
        for state, count in report.state_counts().items()
        if state not in FINISHED
    ]
    verb = {"plan": "planned", "apply": "done", "audit": "in sync"}[report.command]
    parts = [f"{amount(done)} of {plural(total, 'shop')} {verb}", *rest]
    if report.command == "plan":
        changes = plural(len(report.changes), "different change")
        parts.append(changes)
        if days := _coming_days(report):
            parts.append(f"more on {plural(len(days), 'coming day')}")
    return f"Fleet {report.command}: {', '.join(parts)}."


def parity_counts(parity: Parity) -> str:
    """Return the sentence above a parity table."""
    objects = plural(parity.objects, "object")
    said = f"{objects} in {plural(len(parity.shops), 'shop')}: {amount(parity.equal)} equal"
    said += f", {amount(parity.objects - parity.equal)} not"
    return said + (f"; not read: {', '.join(parity.unread)}" if parity.unread else "")


def parity_cells(parity: Parity, row: ParityRow) -> list[str]:
    """Return the cells of one row: object, field, and the value of each shop."""
    values = []
    for name in parity.shops:
        value = row.values.get(name, ABSENT)
        if not row.path:
            values.append("no" if value is ABSENT else "yes")
        else:
            values.append(value_text(value, row.address, row.path))
    return [plain(row.address), plain(row.path) or "declared", *values]
