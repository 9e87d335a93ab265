"""Two things that a GitLab job cannot do by itself: keep one comment, and find the approved plan.

    python merge_request.py comment FILE   write FILE into the merge request's one comment
    python merge_request.py fetch FILE     save the plan of the last push to the merged request,
                                           and print the number of the request

Uses the job's own CI_* variables, and MERGE_REQUEST_TOKEN.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import httpx  # comes with reconciler

MARKER = "<!-- reconciler plan -->"


def comment(api: httpx.Client, path: Path) -> None:
    """Rewrite the comment that an earlier push has left, or leave the first one."""
    notes = f"merge_requests/{os.environ['CI_MERGE_REQUEST_IID']}/notes"
    # Anybody can begin a comment so, and could rewrite the plan in it later: only our own counts.
    us = api.get(f"{os.environ['CI_API_V4_URL']}/user").raise_for_status().json()["id"]
    body = {"body": path.read_text(encoding="utf-8")}
    page = "1"
    while page:
        found = api.get(notes, params={"per_page": "100", "page": page}).raise_for_status()
        for note in found.json():
            if note["author"]["id"] == us and note["body"].startswith(MARKER):
                api.put(f"{notes}/{note['id']}", json=body).raise_for_status()
                return
        page = found.headers.get("x-next-page", "")
    api.post(notes, json=body).raise_for_status()


def fetch(api: httpx.Client, path: Path) -> None:
    """Save the plan of what was merged, and of no earlier push: that showed other changes."""
    commit, branch = os.environ["CI_COMMIT_SHA"], os.environ["CI_COMMIT_BRANCH"]
    found = listed(api, f"repository/commits/{commit}/merge_requests")
    merged = [m for m in found if m["target_branch"] == branch and m["state"] == "merged"]
    if not merged:
        sys.exit(f"no merge request into {branch} holds {commit}: there is no approved plan")
    if len(merged) > 1:
        sys.exit(f"several merge requests hold {commit}: it is not clear which plan was approved")
    number, head = merged[0]["iid"], merged[0]["sha"]
    pushes = listed(api, f"merge_requests/{number}/pipelines")  # the latest first
    # A branch, or another merge request, may have pipelines of the same commit.
    ref = f"refs/merge-requests/{number}/head"
    pipelines = [one["id"] for one in pushes if (one["sha"], one["ref"]) == (head, ref)]
    jobs = (job for one in pipelines for job in listed(api, f"pipelines/{one}/jobs"))
    latest = next((job for job in jobs if job["name"] == "plan"), None)
    if latest is None or latest["status"] != "success":
        sys.exit(f"the last push, {head}, has no successful plan: nothing is applied")
    plan = api.get(f"jobs/{latest['id']}/artifacts/plan.json")
    if plan.is_redirect:  # to the object storage, which must not see the token
        plan = httpx.get(plan.headers["location"])
    path.write_bytes(plan.raise_for_status().content)
    print(number)  # noqa: T201


def listed(api: httpx.Client, path: str) -> list[dict[str, Any]]:
    """The first hundred of a list."""
    answer = api.get(path, params={"per_page": "100"}).raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    return found


if __name__ == "__main__":
    action, file = {"comment": comment, "fetch": fetch}[sys.argv[1]], Path(sys.argv[2])
    project = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}/"
    token = {"PRIVATE-TOKEN": os.environ["MERGE_REQUEST_TOKEN"]}
    with httpx.Client(base_url=project, headers=token) as client:
        action(client, file)
