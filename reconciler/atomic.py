"""Write a file so that a crash leaves the old or the new content."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file through a draft beside it, forced to disk. May raise OSError.

    A link stays one, and a file that was there keeps its mode.
    """
    path = Path(os.path.realpath(path))
    # The name holds the process id: two processes that write at once must not mix their content.
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        if path.exists():
            shutil.copymode(path, draft)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
