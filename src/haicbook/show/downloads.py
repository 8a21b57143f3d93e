"""Files that a page carries within itself, so that they are of the run that the page shows."""

from __future__ import annotations

import base64
import gzip
import html
import io
import re
from typing import TYPE_CHECKING

from haicbook.markup import visible

if TYPE_CHECKING:
    from IPython.display import HTML


def rows_downloads(study: str, files: dict[str, tuple[str, str]]) -> HTML:
    """Links to reconstructed rows: one data set as CSV, and all of them as compressed CSV.

    Parameters
    ----------
    study
        The study's name, with which the files' names begin.
    files
        Endpoint's name for the page to the text of the typical data set and that of all of them; see
        :func:`haicbook.survival.rows_text`.

    Returns
    -------
    IPython.display.HTML
        A list. Each link holds its file, so that the page needs no server.
    """
    from IPython.display import HTML

    items = "".join(_item(study, endpoint, one, every) for endpoint, (one, every) in files.items())
    return HTML(f'<ul class="haic-downloads">{items}</ul>')


def _item(study: str, endpoint: str, one: str, every: str) -> str:
    name = re.sub(r"[^a-z0-9._]+", "-", f"{study}-{endpoint}".lower()) + "-synthetic"
    links = (
        _link(f"{name}.csv", "text/csv", one.encode(), "the data set of the line, CSV"),
        _link(f"{name}-all.csv.gz", "application/gzip", _compressed(every), "all, CSV (gzip)"),
    )
    return f"<li>{html.escape(visible(endpoint))}: {', '.join(links)}</li>"


def _compressed(text: str) -> bytes:
    """The same bytes from every Python: `gzip.compress` names the system in some versions and not in others."""
    held = io.BytesIO()
    with gzip.GzipFile(fileobj=held, mode="wb", mtime=0) as file:
        file.write(text.encode())
    return held.getvalue()


def _link(name: str, kind: str, content: bytes, words: str) -> str:
    address = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    size = f"{max(1, round(len(content) / 1000))} kB"
    return f'<a download="{html.escape(name)}" href="{address}">{words}, {size}</a>'
