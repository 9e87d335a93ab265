"""The pure core: values in, values out.

Nothing here does I/O or reads a clock, the environment or randomness; nothing here knows HTTP,
YAML or a terminal. A server's id is at most carried along, unseen. The modules form one chain:

    wire, types ← mark ← kind ← state ← change, carried ← diff, references, rename, family
                ← step, after ← plan ← lower ← order ← cost

Kinds are passed in as `Mapping[str, Kind]`; the core never imports `reconciler.kinds`.
"""
