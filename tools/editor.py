"""Draw an editor at work as docs/images/hover.png and completion.png: `python -m tools.editor`.

Monaco, the editor of VS Code, opens a file of the example in Chromium and asks the
yaml-language-server that `make editor` has installed. Mouse and keyboard are moved as by a person.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE
from pathlib import Path

from playwright.async_api import Page, Route, WebSocketRoute, async_playwright

ROOT = Path(__file__).parents[1]
FILE = ROOT / "examples" / "kopi-nusantara" / "catalogue" / "drinks.yaml"
HOVER = ROOT / "docs" / "images" / "hover.png"
COMPLETION = HOVER.with_name("completion.png")
INSTALLED = ROOT / "build" / "editor" / "node_modules"
LAST_LINE = "        description: 12 oz with oat milk"
"""The last line of a variant that has no prices of its own at outlets."""
KEY = "unit_price"
SITE = "http://editor.invalid/"
PAGE = """<!doctype html><meta charset="utf-8">
<style>html, body, #editor { margin: 0; height: 100%; }</style>
<div id="editor"></div><script src="/vs/loader.js"></script>"""
OPEN = """async ([path, text]) => {
  require.config({paths: {vs: "/vs"}});
  const monaco = await new Promise(found => require(["vs/editor/editor.main"], found));
  window.editor = monaco.editor.create(document.getElementById("editor"), {
    model: monaco.editor.createModel(text, "yaml", monaco.Uri.file(path)),
    fontSize: 14, minimap: {enabled: false}, overviewRulerLanes: 0, stickyScroll: {enabled: false},
    scrollbar: {vertical: "hidden", horizontal: "hidden"}, wordBasedSuggestions: "off",
  });
  const address = "ws://editor.invalid/language-server";
  new monaco.lsp.MonacoLspClient(await monaco.lsp.WebSocketTransport.connectTo({address}));
}"""
GO_TO = """line => {
  editor.setPosition({lineNumber: line, column: editor.getModel().getLineMaxColumn(line)});
  editor.revealLineNearTop(line - 5);
  editor.focus();
}"""


def main() -> int:
    """Draw the pictures and return the exit code."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        sys.stderr.write("error: Chromium is not installed; on Debian: apt-get install chromium\n")
        return 1
    asyncio.run(draw(chromium))
    for path in (HOVER, COMPLETION):
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes\n")
    return 0


async def draw(chromium: str) -> None:
    """Write both pictures."""
    server = await asyncio.create_subprocess_exec(
        INSTALLED / ".bin" / "yaml-language-server", "--stdio", stdin=PIPE, stdout=PIPE
    )
    reader, writer = server.stdout, server.stdin
    assert reader is not None
    assert writer is not None
    forwarding: list[asyncio.Task[None]] = []

    def connect(socket: WebSocketRoute) -> None:
        socket.on_message(lambda message: send(writer, message))
        forwarding.append(asyncio.create_task(forward(reader, socket)))

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 820, "height": 360})
        await page.route("**/*", answer)
        await page.route_web_socket("**/language-server", connect)
        await page.goto(SITE)
        try:
            await use(page)
        finally:
            await browser.close()
            server.kill()
            await asyncio.gather(*forwarding, server.wait())


async def use(page: Page) -> None:
    """Open the file, point at a key, and type the beginning of another one."""
    text = FILE.read_text(encoding="utf-8")
    await page.evaluate(OPEN, [str(FILE), text])
    # The line above the first key names the schema: the server has read it.
    await page.get_by_text("A catalogue file of reconciler").wait_for()

    await page.evaluate(GO_TO, text.splitlines().index(LAST_LINE) + 1)
    await page.get_by_text(KEY).last.hover()
    await page.get_by_text("The price of one unit").wait_for()
    await page.screenshot(path=HOVER, animations="disabled")

    await page.keyboard.press("Enter")
    await page.keyboard.type("outlet_pri")
    described = page.get_by_text("Prices at single outlets")
    # The first press opens the list where typing has not; the next one shows the description.
    while not await described.is_visible():
        await page.keyboard.press("Control+Space")
        await page.wait_for_timeout(1000)
    await page.screenshot(path=COMPLETION, animations="disabled")


async def answer(route: Route) -> None:
    """Answer for the page and the files of the editor. Nothing comes from the network."""
    path = route.request.url.removeprefix(SITE)
    if path:
        await route.fulfill(path=INSTALLED / "monaco-editor" / "min" / path)
    else:
        await route.fulfill(body=PAGE, content_type="text/html")


def send(writer: StreamWriter, message: str | bytes) -> None:
    """Hand a message of the editor to the server."""
    body = message.encode() if isinstance(message, str) else message
    writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


async def forward(reader: StreamReader, socket: WebSocketRoute) -> None:
    """Hand the messages of the server to the editor until the server ends."""
    while head := await reader.readline():
        await reader.readline()
        body = await reader.readexactly(int(head.partition(b":")[2]))
        socket.send(body.decode())


if __name__ == "__main__":
    sys.exit(main())
