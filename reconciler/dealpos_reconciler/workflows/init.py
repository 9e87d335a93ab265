"""The first shop folder: small enough to read at once, complete enough to apply."""

from __future__ import annotations

from pathlib import Path

from dealpos_reconciler import confined
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, has_file
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.workflows.schemas import files as schema

_SETTINGS = """\
# yaml-language-server: $schema=schemas/reconciler.schema.json
store:
  url: sandbox # the shop inside the tool; later https://yourshop.dealpos.net
  # client_id: ${DEALPOS_CLIENT_ID}
  # client_secret: ${DEALPOS_CLIENT_SECRET}
defaults:
  variant: {type: Standard, taxable: true}
"""

_MENU = """\
# yaml-language-server: $schema=../schemas/catalogue.schema.json
categories:
  - name: Drinks
products:
  - code: "1001"
    name: Kopi Susu
    category: Drinks
    variants:
      - {code: 1001R, model: Regular, unit_cost: 9000, unit_price: 18000}
      - {code: 1001L, model: Large, unit_cost: 11000, unit_price: 22000}
"""


def create_shop(folder: Path) -> list[Path]:
    """Write a first shop into `folder`; gives the files. Raises UsageError over an old one."""
    if folder.is_dir() and has_file(folder):
        hint = "choose another folder, or edit its files"
        raise UsageError(f"{folder} is already a shop folder: it has a {SETTINGS_FILE}", hint=hint)
    files = {
        folder / SETTINGS_FILE: _SETTINGS,
        folder / "catalogue" / "menu.yaml": _MENU,
        folder / ".gitignore": ".reconciler/\n",
    }
    written = []
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                confined.write(path, content.encode())
                written.append(path)
        return written + schema.write_schemas(schema.file_schemas(), folder / "schemas")
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None
