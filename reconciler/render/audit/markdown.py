"""An audit as Markdown for an issue, a comment or a job summary, within what a host takes."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.audit import STATES, Audit, Finding
from reconciler.core.model.kind import Kinds
from reconciler.render.audit.words import UNTOLD, Run, closing, place, told, verdict
from reconciler.render.fit import Listing, code, fit_all, size
from reconciler.render.plan.json import Origin
from reconciler.render.plan.markdown import LIMIT, aside, footer, marker, short
from reconciler.render.words import amount

_MOST = 10**9
_SIGNS = {"refused": "⛔", "careful": "⚠️", "calm": "✅"}


def audit_markdown(audit: Audit, run: Run, kinds: Kinds, origin: Origin) -> str:
    """The audit: verdict, counts, every finding by name (counted, loudly, where that fails)."""
    notes = aside("Notes", [code(note) for note in audit.notes])
    tail = notes + footer(audit.store, origin)
    listings = [_listing(state, audit.of(state), kinds) for state in STATES]
    fitted = fit_all(listings, LIMIT - size(_head(audit, run, _MOST)) - size(tail))
    missing = sum(found.missing for found in fitted)
    return _head(audit, run, missing) + "".join(found.text for found in fitted) + tail


def _head(audit: Audit, run: Run, missing: int) -> str:
    tone, text = verdict(audit)
    lost = f" — {amount(missing)} entries NOT NAMED below" if missing else ""
    counts = audit.counts()
    return "\n".join(
        [
            marker("audit"),
            f"### {_SIGNS[tone]} {text}{lost}",
            "",
            f"Store: {short(audit.store)}",
            "",
            f"| {' | '.join(counts)} |",
            f"|{' ---: |' * len(counts)}",
            f"| {' | '.join(amount(number) for number in counts.values())} |",
            "",
            f"{closing(audit, run)}. {f'Drift: {UNTOLD}.' if audit.of('drifted') else ''}".rstrip(),
            "",
            "",
        ]
    )


def _listing(state: str, found: Sequence[Finding], kinds: Kinds) -> Listing:
    names: dict[str, list[str]] = {}
    for finding in found:
        names.setdefault(finding.address.kind, []).append(finding.address.name)
    title = f"{state.capitalize()}: {STATES[state]} ({len(found):,})"
    return Listing(title, [_entry(finding, kinds) for finding in found], names)


def _entry(finding: Finding, kinds: Kinds) -> str:
    named = code(str(finding.address))
    if finding.state not in ("missing", "retained", "unmanaged"):
        named += f": {code('; '.join(told(finding, kinds)))}"
    where = place(finding)
    return f"{named} — {code(where)}" if where else named
