"""The last touch to built pages: the same bytes for the same content, and no code that is not the book's own."""

from __future__ import annotations

import base64
import hashlib
import html as markup
import json
import re
import zlib
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from urllib.parse import unquote

# A page opened from a disk is of no origin that `'self'` could mean in every browser; a page from a server gets no
# file from a disk, whatever it may.
_OWN = "'self' file:"
_LINKED = re.compile(r'(<(?:script|link)\b[^>]*? (?:src|href)="([^"?#:]+\.(?:js|css)))(?:\?v=[0-9a-f]*)?"')
_INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_HANDLER = re.compile(r"<[a-z][^<>]*?\son[a-z]+=\"([^\"]*)\"")
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="[^"]*" />\n')
# where a policy may stand: before all that it governs, and after the encoding, which browsers look for at the start
_START = re.compile(
    r"\s*(?:<!(?:DOCTYPE|doctype)[^>]*>)?\s*(?:<html[^>]*>)?\s*(?:<head[^>]*>)?\s*(?:<meta charset=[^>]*>\s*)?", re.I
)
# for a service that runs cells elsewhere, which the book does not offer
_THEBE = re.compile(r"<script>\s*kernelName = '[\w-]*'\s*</script>")


def finish(html: Path) -> None:
    """Finish a folder of built pages in place; finishing it again changes nothing.

    Pages link styles and scripts by the checksum of what is there now, whatever was there when the page was written.
    The search index has one order and no words of pages that are gone. Sphinx's note on its configuration goes: it
    holds the place of the installation. Each page gets a policy by which browsers run the book's files and the theme's
    own lines only, and fetch from nowhere else.

    Parameters
    ----------
    html
        The folder, as Sphinx left it.
    """
    (html / ".buildinfo").unlink(missing_ok=True)
    if (index := html / "searchindex.js").is_file():
        _rewrite(index, in_order)
    checksum = cache(_checksum)
    for page in pages_in(html):
        _rewrite(page, partial(_versioned, folder=page.parent, checksum=checksum))
        _rewrite(page, with_policy)


def pages_in(html: Path) -> list[Path]:
    """The pages of a folder: its HTML files, without the theme's templates."""
    return [path for path in sorted(html.rglob("*.html")) if path.relative_to(html).parts[0] != "_static"]


def with_policy(page: str) -> str:
    """A page with a Content-Security-Policy that lets the lines around its article run, and none within it.

    What stands within may come from data, where a script can only be one that somebody smuggled in.
    """
    page = _THEBE.sub("", _POLICY.sub("", page))
    start, end = page.find("<article"), page.rfind("</article>")
    around = [page[:start], page[end:]] if 0 <= start < end else [page]
    scripts = [script for part in around for script in _INLINE.findall(part)]
    handlers = [markup.unescape(handler) for part in around for handler in _HANDLER.findall(part)]
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts, handlers)}" />\n'
    found = _START.match(page)
    place = found.end() if found else 0
    return page[:place] + policy + page[place:]


def _policy(scripts: Iterable[str], handlers: Iterable[str]) -> str:
    handled = _hashes(handlers)
    allowed = [_OWN, *_hashes(scripts), *(["'unsafe-hashes'", *handled] if handled else [])]
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(allowed),
        "style-src": f"{_OWN} 'unsafe-inline'",
        "img-src": f"{_OWN} data:",
        "font-src": f"{_OWN} data:",
        "connect-src": "'self'",
        "form-action": _OWN,
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def _hashes(codes: Iterable[str]) -> list[str]:
    digests = {hashlib.sha256(code.replace("\r\n", "\n").encode()).digest() for code in codes}
    return sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def in_order(index: str) -> str:
    """Sphinx's search index without words that no page has, and with what it keeps in no order sorted."""
    before, bracket, rest = index.partition("(")
    content = json.loads(rest.removesuffix(")"))
    for kind in ("terms", "titleterms"):
        content[kind] = {word: pages for word, pages in content[kind].items() if pages != []}
    content["indexentries"] = {entry: sorted(places) for entry, places in content["indexentries"].items()}
    return f"{before}{bracket}{json.dumps(content, sort_keys=True)})"


def _versioned(page: str, folder: Path, checksum: Callable[[Path], str | None]) -> str:
    def linked(match: re.Match[str]) -> str:
        found = checksum((folder / unquote(match[2])).resolve())
        return f'{match[1]}?v={found}"' if found else match[0]

    return _LINKED.sub(linked, page)


def _checksum(path: Path) -> str | None:
    return f"{zlib.crc32(path.read_bytes()):08x}" if path.is_file() else None


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_bytes()
    after = change(before.decode()).encode()
    if after != before:
        path.write_bytes(after)
