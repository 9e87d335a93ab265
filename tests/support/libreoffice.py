"""LibreOffice, which opens and saves sheets as a person with a locale does by a double click."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

LANGUAGES = {"en-US": 1033, "id-ID": 1057}
"""The number of a locale in the options of a filter."""
_SETTINGS = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{locale}</value></prop>
</item>
</oor:items>
"""


@cache
def binary() -> str | None:
    """Return the path of LibreOffice; None where it is not installed."""
    found = shutil.which("soffice")
    assert found or not os.environ.get("REQUIRE_LIBREOFFICE"), "LibreOffice is not installed"
    return found


def save(sheets: list[Path], folder: Path, locale: str, target: str) -> list[Path]:
    """Open sheets in a locale, and save them in the format `target`; return the files."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    settings = profile / "user" / "registrymodifications.xcu"
    settings.write_text(_SETTINGS.format(locale=locale), encoding="utf-8")
    opened = [f"--infilter=CSV:44,34,76,1,,{LANGUAGES[locale]},false,true"]
    done = subprocess.run(
        [
            binary() or "",
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            *(opened if sheets[0].suffix == ".csv" else []),
            "--convert-to",
            target,
            "--outdir",
            folder / "saved",
            *sheets,
        ],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    suffix = target.partition(":")[0]
    made = [folder / "saved" / f"{sheet.stem}.{suffix}" for sheet in sheets]
    assert all(path.exists() for path in made), done.stdout + done.stderr
    return made


def as_csv(locale: str, delimiter: str, charset: int) -> str:
    """Return the format of CSV with every cell as it is shown; 76 is UTF-8, 65535 UTF-16."""
    options = f"{ord(delimiter)},34,{charset},1,,{LANGUAGES[locale]},false,true,true"
    return f"csv:Text - txt - csv (StarCalc):{options}"
