"""A stand-in for GitLab: the calls of its API that the recipes make."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.support.program import running


class GitLab(BaseHTTPRequestHandler):
    """A project with the merge requests 5 and 6."""

    notes: list[dict[str, Any]]
    pushes: list[tuple[str, bytes | None]]
    """Each pipeline of the merge request: the commit, and the plan where there is one."""
    second = "opened"
    """The state of another merge request with the same commit."""

    def answer(self, content: Any, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/storage/"):
            assert "private-token" not in self.headers
            return self.answer(self.pushes[int(path.rpartition("/")[2])][1])
        assert self.headers["private-token"] == "project-token"
        if path == "/api/v4/user":
            return self.answer({"id": 7})
        if re.search(r"/merge_requests/[56]/notes$", path):
            return self.answer(self.notes)
        if path.endswith("/repository/commits/the-merge/merge_requests"):
            last = {"iid": 5, "sha": self.pushes[-1][0], "target_branch": "main", "state": "merged"}
            other = last | {"iid": 4, "sha": "elsewhere", "target_branch": "next"}
            same = last | {"iid": 6, "state": self.second}
            return self.answer([other, same, last])
        if path.endswith("/merge_requests/5/pipelines"):
            ref = "refs/merge-requests/5/head"
            found = [{"id": 70 + n, "sha": s, "ref": ref} for n, (s, _) in enumerate(self.pushes)]
            of_the_branch = {"id": 80, "sha": self.pushes[-1][0], "ref": "a-branch"}
            of_another = of_the_branch | {"ref": "refs/merge-requests/6/head"}
            return self.answer([of_the_branch, of_another, *found[::-1]])
        if jobs := re.search(r"/pipelines/7(\d)/jobs$", path):
            status = "failed" if self.pushes[int(jobs[1])][1] is None else "success"
            plan = {"id": f"9{jobs[1]}", "name": "reconciler-plan", "status": status}
            return self.answer([{"id": "1", "name": "lint", "status": "success"}, plan])
        kept = re.search(r"/jobs/9(\d)/artifacts/plan\.json$", path)
        assert kept, path
        return self.answer(b"", 302, Location=f"http://{self.headers['host']}/storage/{kept[1]}")

    def _write(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.command == "PUT":
            self.notes[int(self.path.rpartition("/")[2]) - 1].update(sent)
        else:
            self.notes.append({"id": len(self.notes) + 1, "author": {"id": 7}, **sent})
        self.answer({})

    do_PUT = do_POST = _write  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serve_gitlab(marker: str) -> Iterator[tuple[dict[str, str], type[GitLab]]]:
    """Serve a project where somebody has left a comment, and yield the variables of its jobs."""

    class Project(GitLab):
        notes: list[dict[str, Any]] = [  # noqa: RUF012
            {"id": 1, "author": {"id": 8}, "body": f"{marker} approve me"}
        ]
        pushes: list[tuple[str, bytes | None]] = []  # noqa: RUF012

    server = HTTPServer(("127.0.0.1", 0), Project)
    with running(server):
        yield (
            {
                "CI_API_V4_URL": f"http://127.0.0.1:{server.server_port}/api/v4",
                "CI_PROJECT_ID": "1",
                "CI_MERGE_REQUEST_IID": "5",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_COMMIT_SHA": "the-merge",
                "CI_COMMIT_BRANCH": "main",
                "MERGE_REQUEST_TOKEN": "project-token",
            },
            Project,
        )
