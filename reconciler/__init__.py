"""Catalogue as code for DealPOS: what a shop sells, kept in YAML, planned, reviewed, applied.

    YAML files ─ source.load ─► Desired ─┐
                                         ├─ core.plan.build ─► Plan ─┬─ core.order ──► Steps
    DealPOS ──── live.read ───► Live ────┘         (pure)            ├─ core.cost ───► requests
                                                                     ├─ render ──────► text, JSON
                                                                     └─ apply.run ───► Report

Imports point one way: `cli` → edges → `client`, `settings` → `kinds` → `core` → `errors`;
`sandbox` imports nothing of the rest.
"""

__version__ = "0.1.0"
