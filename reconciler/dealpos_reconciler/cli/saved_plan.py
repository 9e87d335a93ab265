"""The shop folder of a saved plan."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dealpos_reconciler.errors import UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.workflows.plan_file import SavedPlan


def find_plan_folder(target: Path, folder: Path | None, saved: SavedPlan) -> Path:
    """Return the shop folder that a saved plan was made from, or `folder` where that is given.

    Raises UsageError where the folder is not here.
    """
    from dealpos_reconciler.catalogue.files import SETTINGS_FILE

    if folder is not None:
        return folder
    for place in (Path(saved.folder), Path()):
        if (place / SETTINGS_FILE).exists():
            return place
    if os.environ.get("DEALPOS_URL"):
        return Path()  # the environment names the shop
    raise UsageError(
        f"{target} was made from {saved.folder}, which is not a shop folder here",
        hint="name the shop folder with --shop",
    )
