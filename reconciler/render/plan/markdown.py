"""A plan as a comment on a pull request: Markdown within what a host takes, whatever the plan.

Everything that comes from files or shop stands in code, where nothing is markup, a mention or a
link. Removals and violations are named before anything else has room; what cannot be named is
counted, loudly, in the first line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler import __version__
from reconciler.core.diff.change import Action, Change
from reconciler.core.model.address import Address, Source
from reconciler.core.model.kind import Kinds
from reconciler.core.money import total
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.violation import Violation, refusals
from reconciler.core.steps.usage import ApiUsage
from reconciler.errors import ReconcilerError, SourceError
from reconciler.render.fit import Listing, code, fit_all, size
from reconciler.render.money import total_line
from reconciler.render.plan.blocks import block, line
from reconciler.render.plan.verdict import ranked, removals, verdict
from reconciler.render.view import PlanView, View
from reconciler.render.words import amount, spent

LIMIT = 65_536
"""What GitHub takes as a comment, in characters; kept to in bytes."""

_SIGNS = {"refused": "⛔", "careful": "⚠️", "change": "✏️", "calm": "✅"}
_ASIDE = 2_000
_MOST = 10**9
_TEXT = 200
_LONG = 1_000


def render_plan(plan: Plan, view: PlanView) -> str:
    """Return the plan as a comment: verdict, counts, money, what must be seen, folds, footer."""
    kinds, cost = view.kinds, view.usage
    tail = _notes(plan) + _unmanaged(plan) + footer(plan.store, view)
    actions = sorted({change.action for change in plan.changes}, key=lambda a: -a.severity)
    money = total_line(total(plan.changes, kinds))
    room = LIMIT - size(_head(plan, cost, money, missing=_MOST)) - size(tail) - _frames(actions)
    fitted = fit_all(_listings(plan), room)
    seen = "".join(found.text for found in fitted)
    missing = sum(found.missing for found in fitted)
    texts = _texts(plan.changes, kinds, room - size(seen))
    folds = "".join(_fold_of(action, plan, texts) for action in actions)
    return _head(plan, cost, money, missing) + seen + folds + tail


def marker(subject: str) -> str:
    """The first line of every comment, so that a job finds its own and updates it."""
    return f"<!-- reconciler {subject} -->"


def _head(plan: Plan, cost: ApiUsage, money: str, missing: int) -> str:
    tone, text = verdict(plan)
    lost = f" — {amount(missing)} entries NOT NAMED below" if missing else ""
    counts = plan.counts() | {"blocked": len(plan.blocked)}
    shown = {word: number for word, number in counts.items() if number or word in _ALWAYS}
    lines = [
        marker("plan"),
        f"### {_SIGNS[tone]} {text}{lost}",
        "",
        f"Store: {short(plan.store)}",
        "",
        f"| {' | '.join(shown)} |",
        f"|{' ---: |' * len(shown)}",
        f"| {' | '.join(amount(number) for number in shown.values())} |",
        "",
    ]
    if money:
        lines += [f"Money: {short(money, _LONG)}", ""]
    lines += [f"Cost of applying: {spent(cost.requests, cost.windows, cost.seconds)}", ""]
    return "\n".join(lines) + "\n"


_ALWAYS = ("create", "update", "retire", "delete", "unchanged")


def short(text: str, longest: int = _TEXT) -> str:
    """`text` as a code span, cut where it is longer."""
    return code(text if len(text) <= longest else text[:longest] + "…")


def _at(source: Source | None) -> str:
    return f" — {code(f'{source.file}:{source.line}')}" if source else ""


def _listings(plan: Plan) -> list[Listing]:
    """What must be seen, in the order in which it gets its room."""
    allowed = [violation for violation in plan.violations if violation.allowed]
    return [
        _violations("Violations of guardrails: apply is refused", refusals(plan.violations)),
        _removals(removals(plan)),
        _violations("Allowed exceptions from guardrails", allowed),
        _reasons("Could not be read: nothing is planned for them", plan.unknown),
        _reasons("Withheld: not as declared, and left as they are", plan.blocked),
    ]


def _violations(title: str, found: Sequence[Violation]) -> Listing:
    names: dict[str, list[str]] = {}
    for violation in found:
        named = str(violation.address) if violation.address else "the whole plan"
        names.setdefault(code(violation.rule), []).append(named)
    return Listing(f"{title} ({len(found):,})", [_violation(v) for v in found], names)


def _violation(violation: Violation) -> str:
    named = code(str(violation.address)) if violation.address else "the whole plan"
    said = f"{code(violation.rule)} {named}: {code(violation.message)}"
    if violation.allowed:
        given = f"allowed until {code(violation.allowed.until)}: {code(violation.allowed.reason)}"
        return f"{said} — {given}{_at(violation.allowed.source)}"
    return f"{said}{_at(violation.source)}\n  To allow it: {code(violation.hint)}"


def _removals(found: Sequence[Change]) -> Listing:
    names: dict[str, list[str]] = {}
    for change in found:
        label = f"{change.action.value} {change.address.kind}"
        names.setdefault(label, []).append(change.address.name)
    return Listing(
        f"Removals and replacements ({len(found):,})", [_removal(change) for change in found], names
    )


def _removal(change: Change) -> str:
    means = {
        Action.RETIRE: "taken out of sale, kept in the shop",
        Action.REPLACE: "deleted, then created again",
        Action.DELETE: "deleted",
    }
    what = f"{change.action.symbol} {change.action.value} {code(str(change.address))}"
    return f"{what}: {means[change.action]}{_at(change.source)}"


def _reasons(title: str, found: Sequence[tuple[Address, str]]) -> Listing:
    names: dict[str, list[str]] = {}
    for address, _ in found:
        names.setdefault(address.kind, []).append(address.name)
    entries = [f"{code(str(address))}: {code(reason)}" for address, reason in found]
    return Listing(f"{title} ({len(found):,})", entries, names)


def _frames(actions: Iterable[Action]) -> int:
    """The room that the folds take beside the changes in them."""
    return sum(size(_fold(f"{action.value} (9,999,999)", [""], "x" * 99)) for action in actions)


def _texts(changes: Sequence[Change], kinds: Kinds, room: int) -> dict[Address, str]:
    """The changes in full; else a line each; else as many lines as there is room for."""
    full = _blocks(changes, kinds, room)
    return _lines(changes, kinds, room) if full is None else full


def _blocks(changes: Iterable[Change], kinds: Kinds, room: int) -> dict[Address, str] | None:
    """Every change in full; None where there is no room for that."""
    texts = {}
    for change in changes:
        text = "\n".join(block(change, kinds)) + "\n"
        room -= size(text) + 1
        if room < 0:
            return None
        texts[change.address] = text
    return texts


def _lines(changes: Iterable[Change], kinds: Kinds, room: int) -> dict[Address, str]:
    """A line each, the important ones first, as long as there is room."""
    texts = {}
    for change in ranked(changes, kinds):
        text = line(change, kinds)
        if size(text) < room:
            room -= size(text) + 1
            texts[change.address] = text
    return texts


def _fold_of(action: Action, plan: Plan, texts: dict[Address, str]) -> str:
    changes = [change for change in plan.changes if change.action is action]
    shown = [texts[change.address] for change in changes if change.address in texts]
    elided = len(changes) - len(shown)
    note = f"{amount(elided)} of {amount(len(changes))} are not shown, for want of room."
    return _fold(f"{action.value} ({amount(len(changes))})", shown, note if elided else "")


def _fold(summary: str, lines: Sequence[str], note: str = "") -> str:
    parts = [f"<details><summary>{summary}</summary>", ""]
    if lines:
        # No line of a block is backticks alone, so that none of them ends the fence.
        parts += ["```diff", "\n".join(lines).rstrip("\n"), "```", ""]
    parts += [note, ""] if note else []
    return "\n".join([*parts, "</details>", "", ""])


def _notes(plan: Plan) -> str:
    return aside("Notes", [code(note) for note in plan.notes])


def _unmanaged(plan: Plan) -> str:
    title = "In the shop and not in the files, left alone"
    return aside(title, [code(str(address)) for address in plan.unmanaged])


def aside(title: str, entries: Sequence[str]) -> str:
    """A fold with as many entries as fit into its small room."""
    if not entries:
        return ""
    lines, room = [], _ASIDE
    for entry in entries:
        room -= size(entry) + 3
        if room < 0:
            break
        lines.append(f"- {entry}")
    rest = len(entries) - len(lines)
    more = [f"- and {amount(rest)} more"] if rest else []
    summary = f"<details><summary>{title} ({amount(len(entries))})</summary>"
    return "\n".join([summary, "", *lines, *more, "", "</details>", "", ""])


def footer(store: str, view: View) -> str:
    """Who wrote this, of which shop, from which files."""
    told = [f"reconciler {__version__}", short(store)]
    told += [f"folder {short(view.folder)}"] if view.folder != "." else []
    told += [f"commit {short(view.commit)}"] if view.commit else []
    return f"---\n{' · '.join(told)}\n"


def render_error(error: ReconcilerError, view: View, subject: str = "plan") -> str:
    """Return the reason why there is no plan or audit, in place of an outdated comment."""
    problems = error.problems if isinstance(error, SourceError) else ()
    hint = [f"{short(error.hint, _LONG)}", ""] if error.hint else []
    head = [marker(subject), f"### ⛔ No {subject}", "", short(error.message, _LONG), "", *hint]
    entries = [code(f"{problem}{_hinted(problem.hint)}") for problem in problems]
    return "\n".join(head) + "\n" + _problems(entries)


def _hinted(hint: str) -> str:
    return f" ({hint})" if hint else ""


def _problems(entries: Sequence[str]) -> str:
    lines: list[str] = []
    room = LIMIT - 4 * _LONG
    for entry in entries:
        room -= size(entry) + 3
        if room < 0:
            return "\n".join([*lines, f"- and {amount(len(entries) - len(lines))} more", ""])
        lines.append(f"- {entry}")
    return "\n".join([*lines, ""])
