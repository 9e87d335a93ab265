"""Measure the load of a catalogue alone: in layers and merged, with dated prices and without.

`python tests/benchmarks/loading.py [VARIANTS]` (default 10000). Each figure is the processor time
of the load in a process of its own, which has imported everything before; the median of several.
The folders of a comparison take turns, and the ratio is to the first of them.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import variations

RUNS = 9
COMPARED = (
    (variations.FLAT, variations.LAYERED),
    (variations.PLAIN, variations.DATED),
    (variations.EQUAL, variations.DATED),
)


def load_once(folder: Path) -> float:
    """Return the seconds that this process and its children spend on a load."""
    import pydantic  # noqa: F401 - imported before the time counts
    import ruamel.yaml  # noqa: F401

    from dealpos_reconciler.catalogue.loader import prepare_entries
    from dealpos_reconciler.workflows.open_shop import check_files

    prepare_entries(is_layered=False)
    began = _spent()
    check_files(folder)
    return _spent() - began


def _spent() -> float:
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main(variants: int) -> None:
    """Print the table."""
    print(f"{'load':<46}{'CPU':>10} {'ratio':>8}")  # noqa: T201
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        variations.make_layers(root, variants)
        variations.make_dates(root, variants)
        homes = {"XDG_CACHE_HOME": f"{root}.cache", "XDG_STATE_HOME": f"{root}.state"}
        for switch, again in (("off", ""), ("on", ", again")):
            environment = {**os.environ, **homes, "RECONCILER_CACHE": switch}
            for folders in COMPARED:
                found: dict[str, list[float]] = {name: [] for name in folders}
                for turn in range(RUNS + 1):
                    for name in folders:
                        words = [sys.executable, __file__, "--once", str(root / name)]
                        told = subprocess.run(
                            words, env=environment, capture_output=True, text=True, check=True
                        )
                        if turn:  # the first turn fills the cache
                            found[name].append(float(told.stdout))
                first = found[folders[0]]
                for name, spent in found.items():
                    ratio = median(a / b for a, b in zip(spent, first, strict=True))
                    shown = "" if spent is first else f"{ratio:.2f}"
                    print(f"{name + again:<46}{median(spent):>8.3f} s {shown:>8}", flush=True)  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        print(load_once(Path(sys.argv[2])))  # noqa: T201
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
