"""The pure core: values in, values out.

Nothing here does I/O or reads a clock, the environment or randomness; nothing here knows HTTP,
YAML or a terminal. A server's id is at most carried along, unseen. Imports point one way:

    model ← diff ← plan ← steps, ledger ← audit, money, report

Kinds and rules are passed in by name; the core imports neither `dealpos_reconciler.kinds` nor
`dealpos_reconciler.guardrails.rules`.
"""
