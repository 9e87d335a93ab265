"""The pure core: values in, values out.

Nothing here does I/O or reads a clock, the environment or randomness; nothing here knows HTTP,
YAML or a terminal, and server ids never enter. The modules form one chain:

    wire, types ← kind ← state ← change, carried ← diff, references, rename ← plan ← lower
                                                                  ← order ← cost

Kinds are passed in as `Mapping[str, Kind]`; the core never imports `reconciler.kinds`.
"""
