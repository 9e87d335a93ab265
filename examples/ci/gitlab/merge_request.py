"""Two things that a GitLab job cannot do by itself: keep one comment, and find the approved plan.

    python merge_request.py comment FILE   write FILE into the merge request's one comment
    python merge_request.py fetch FILE     save the plan of the merge request that was merged

Uses the job's own CI_* variables, and MERGE_REQUEST_TOKEN.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import httpx  # comes with reconciler

MARKER = "<!-- reconciler plan -->"


def comment(api: httpx.Client, path: Path) -> None:
    """Rewrite the comment that an earlier push has left, or leave the first one."""
    notes = f"merge_requests/{os.environ['CI_MERGE_REQUEST_IID']}/notes"
    body = {"body": path.read_text(encoding="utf-8")}
    page = "1"
    while page:
        found = api.get(notes, params={"per_page": "100", "page": page}).raise_for_status()
        for note in found.json():
            if note["body"].startswith(MARKER):
                api.put(f"{notes}/{note['id']}", json=body).raise_for_status()
                return
        page = found.headers.get("x-next-page", "")
    api.post(notes, json=body).raise_for_status()


def fetch(api: httpx.Client, path: Path) -> None:
    """Save the plan that the pipeline of the merged request has kept."""
    commit = os.environ["CI_COMMIT_SHA"]
    merged = api.get(f"repository/commits/{commit}/merge_requests").raise_for_status().json()
    if not merged:
        sys.exit(f"no merge request holds {commit}: there is no approved plan")
    ref = f"refs/merge-requests/{merged[0]['iid']}/head".replace("/", "%2F")
    plan = api.get(f"jobs/artifacts/{ref}/raw/plan.json", params={"job": "plan"})
    if plan.is_redirect:  # to the object storage, which must not see the token
        plan = httpx.get(plan.headers["location"])
    path.write_bytes(plan.raise_for_status().content)


if __name__ == "__main__":
    action, file = {"comment": comment, "fetch": fetch}[sys.argv[1]], Path(sys.argv[2])
    project = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}/"
    token = {"PRIVATE-TOKEN": os.environ["MERGE_REQUEST_TOKEN"]}
    with httpx.Client(base_url=project, headers=token) as client:
        action(client, file)
