"""What a browser says of pages that break their own policy."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on this machine, for as long as it is needed."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def violations(addresses: Sequence[str], folder: Path) -> list[str]:
    """What Chromium's console says of policies while it shows pages side by side; `folder` is for files of its own."""
    frames = "".join(f'<iframe src="{address}" onload="shown += 1"></iframe>' for address in addresses)
    page = folder / "frames.html"
    page.write_text(f"<script>let shown = 0; onload = () => document.title = shown</script>{frames}")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", "--log-level=0"]
    command += ["--virtual-time-budget=6000", "--dump-dom", page.as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    assert f"<title>{len(addresses)}</title>" in ended.stdout
    return [line for line in ended.stderr.splitlines() if "Content Security Policy" in line]


@dataclass(frozen=True)
class Seen:
    """What one browser met on pages one after the other.

    Attributes
    ----------
    console
        Its lines of warnings and errors: scripts that fail, files that are missing, policies that are broken, and
        every address outside, none of which it can reach.
    wider
        Page to how many pixels it is wider than the window.
    """

    console: list[str]
    wider: dict[str, int]


# what the theme says of itself: what it has done, and that it asked for fonts early
_HARMLESS = re.compile(r"preload|\[PST\]|\[togglebutton\]|Got invalid theme mode")
_WALK = """<iframe id="page" style="width: {width}px; height: 740px; border: 0"></iframe><script>
const pages = {pages}, wider = {{}}, frame = document.getElementById("page");
let place = 0;
frame.onload = () => setTimeout(() => {{
  const page = frame.contentDocument.scrollingElement;
  wider[pages[place]] = page.scrollWidth - page.clientWidth;
  if (++place < pages.length) frame.src = pages[place];
  else document.title = JSON.stringify(wider);
}}, {pause});
frame.src = pages[0];
</script>"""


def seen(addresses: Sequence[str], folder: Path, width: int) -> Seen:
    """Show pages in a window of a width, one browser for all; `folder` is for files of its own."""
    page = folder / "walk.html"
    page.write_text(_WALK.format(width=width, pages=json.dumps(list(addresses)), pause=150))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    # the page that walks reads those that it shows; names outside lead nowhere
    command += ["--disable-web-security", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    command += [f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", "--log-level=0"]
    command += [f"--virtual-time-budget={2000 * (len(addresses) + 2)}", "--dump-dom", page.as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    title = re.search(r"<title>(.*?)</title>", ended.stdout)
    assert title, "the browser did not come to the last page"
    console = [line for line in ended.stderr.splitlines() if "CONSOLE" in line and not _HARMLESS.search(line)]
    return Seen(console, json.loads(unescape(title[1])))


def printed_pages(pdf: Path) -> int:
    """How many pages a PDF has that Chromium wrote, which leaves the list of them uncompressed."""
    return len(re.findall(rb"/Type /Page\b", pdf.read_bytes()))
