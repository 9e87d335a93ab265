"""The way in which an API is compared with its description, at random (schemathesis)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, configuration, settings
from schemathesis.checks import CHECKS, load_all_checks

configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "reconciler-hypothesis")
load_all_checks()
CONFORMS = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
# `make test` asks the same few requests every time, `make contract` many new ones.
EXAMPLES = int(os.environ.get("CONTRACT", "0"))


def random_requests(few: int) -> settings:
    """Return the settings of a random test that sends `few` requests in `make test`."""
    return settings(
        max_examples=EXAMPLES or few,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
