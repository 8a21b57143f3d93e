"""The last touch to built pages: the same bytes for the same content, and no code that is not the book's own."""

from __future__ import annotations

import base64
import hashlib
import html as markup
import json
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
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
    r"\s*(?:<!DOCTYPE[^>]*>)?\s*(?:<html[^>]*>)?\s*(?:<head[^>]*>)?\s*(?:<meta charset=[^>]*>\s*)?", re.IGNORECASE
)
# for a service that runs cells elsewhere, which the book does not offer
_THEBE = re.compile(r"<script>\s*(?:kernelName = '[\w-]*'|const THEBE_JS_URL = [^<]*)\s*</script>")


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
    pages = pages_in(html)
    for page in pages:
        _rewrite(page, partial(_versioned, folder=page.parent, checksum=checksum))
    # the search parses other pages, and a browser holds what it parses against the search's policy
    handlers = {handler for page in pages for handler in _handlers(page.read_text(encoding="utf-8"))}
    for page in pages:
        _rewrite(page, partial(with_policy, handlers=handlers))


def pages_in(html: Path) -> list[Path]:
    """The pages of a folder: its HTML files, without the theme's templates."""
    return [path for path in sorted(html.rglob("*.html")) if path.relative_to(html).parts[0] != "_static"]


def with_policy(page: str, handlers: Collection[str] = ()) -> str:
    """A page with a Content-Security-Policy that lets the lines around its article run, and none within it.

    What stands within may come from data, where a script can only be one that somebody smuggled in.

    Parameters
    ----------
    page
        HTML, with an earlier policy or without.
    handlers
        Lines that buttons may run.
    """
    page = _THEBE.sub("", _POLICY.sub("", page))
    scripts = [script for part in _around_article(page) for script in _INLINE.findall(part)]
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts, handlers)}" />\n'
    found = _START.match(page)
    place = found.end() if found else 0
    return page[:place] + policy + page[place:]


def _policy(scripts: Iterable[str], handlers: Collection[str]) -> str:
    allowed = [_OWN, *_hashes(scripts), *(["'unsafe-hashes'", *_hashes(handlers)] if handlers else [])]
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


def _handlers(page: str) -> Iterator[str]:
    for part in _around_article(page):
        yield from map(markup.unescape, _HANDLER.findall(part))


def _around_article(page: str) -> list[str]:
    start, end = page.find("<article"), page.rfind("</article>")
    return [page[:start], page[end:]] if 0 <= start < end else [page]


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
