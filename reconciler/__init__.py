"""Catalogue as code for DealPOS: what a shop sells, kept in YAML, planned, reviewed, applied.

    YAML files ─ source.load ─► Desired ─┐
                                         ├─ core.plan.build ─► Plan ─┬─ rules ───────► Violations
    DealPOS ──── live.read ───► Live ────┘         (pure)            ├─ core.order ──► Steps
                                                                     ├─ core.cost ───► requests
                                                                     ├─ render ──────► text, JSON
                                                                     └─ apply.run ───► Report

Imports point one way: `cli` → edges → `client`, `settings` → `kinds`, `rules` → `core` → `errors`;
`sandbox` imports nothing of the rest.
"""

__version__ = "0.1.0"
