"""What a browser says of pages that break their own policy."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
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


def printed_pages(pdf: Path) -> int:
    """How many pages a PDF has that Chromium wrote, which leaves the list of them uncompressed."""
    return len(re.findall(rb"/Type /Page\b", pdf.read_bytes()))
