"""A client of a language server, as an editor is one: over stdio, in JSON-RPC."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

SECONDS = 60


class LanguageServer:
    """A running server; a context manager that ends it."""

    def __init__(self, words: list[str], root: Path) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=root)
        self._number = 0
        self.diagnostics: dict[str, list[Any]] = {}
        """The last complaints about each file."""
        self.ask("initialize", processId=None, rootUri=root.as_uri(), capabilities=CAPABILITIES)
        self.tell("initialized")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a file as an editor does, with its text or another one; return its address."""
        text = path.read_text(encoding="utf-8") if text is None else text
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        return path.as_uri()

    def wait_for_diagnostics(self, uri: str) -> list[Any]:
        """Return the complaints about a file once the server has looked at it."""
        while uri not in self.diagnostics:
            self._take(self._read())
        return self.diagnostics.pop(uri)

    def ask_at(self, method: str, uri: str, line: int, character: int) -> Any:
        """Return the answer about a place in a file; both count from 0."""
        position = {"line": line, "character": character}
        return self.ask(method, textDocument={"uri": uri}, position=position)

    def ask(self, method: str, **parameters: Any) -> Any:
        """Return the result of a request; meanwhile, answer the server's own questions."""
        self._number += 1
        number = self._number
        self._write({"id": number, "method": method, "params": parameters})
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def tell(self, method: str, **parameters: Any) -> None:
        """Send a notification."""
        self._write({"method": method, "params": parameters})

    def _take(self, message: Mapping[str, Any]) -> None:
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif method == "workspace/configuration":
            wanted = [SETTINGS.get(item["section"]) for item in message["params"]["items"]]
            self._write({"id": message["id"], "result": wanted})
        elif method and "id" in message:
            self._write({"id": message["id"], "result": None})

    def _write(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        size = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        assert size, "the server has ended"
        return json.loads(self._process.stdout.read(size))


CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    },
    "workspace": {"configuration": True},
}
# Nothing is fetched: the files name their schema themselves.
SETTINGS = {
    "yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
}
