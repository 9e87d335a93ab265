"""A file written as a whole, by way of a draft beside it."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path


def put(path: Path, content: bytes) -> None:
    """Write a file and force it to disk: a crash leaves the old one or the new. May raise OSError.

    A link stays one, and a file that was there keeps its mode.
    """
    path = Path(os.path.realpath(path))
    # Of this process alone: two that write at once leave what one of them wrote, not a mixture.
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
