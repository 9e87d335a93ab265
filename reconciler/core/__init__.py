"""The pure core: values in, values out.

Nothing here does I/O or reads a clock, the environment or randomness; nothing here knows HTTP,
YAML or a terminal. A server's id is at most carried along, unseen. The modules form one chain:

    wire, types ← mark, reduction ← kind ← rewriting ← state ← change, policy ← kept
                ← diff, rename, family ← references, step, after, blind ← plan ← lower ← order
                ← cost, money ← guardrail ← share, shelf

Kinds and rules are passed in by name; the core imports neither `reconciler.kinds` nor
`reconciler.guardrails.rules`.
"""
