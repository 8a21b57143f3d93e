"""Pages of the finished book as PDF, for paper and for sending.

A headless Chromium prints them with the book's own print styles. It lays out what browsers lay out, grids, folds and
mathematics, as WeasyPrint does not, and it is a program of the system: nothing more is installed for it.
"""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from haicbook.book.refusals import WrongUsageError

BOOK = "haicbook"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LONGEST = 300
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--no-pdf-header-footer", "--generate-pdf-document-outline", "--virtual-time-budget=20000"),
)
# lists to look things up in, of which paper shows a piece
_ON_SCREEN_ONLY = re.compile(r"api\w*|values|status|genindex|search")
_NEXT = re.compile(r'<a class="right-next"\s+href="([^"#]+)\.html"')
_ID = re.compile(r'\bid="([^"]+)"')
_TO_A_PAGE = re.compile(r'\bhref="(?:(\w+)\.html)?(?:#([^"]*))?"')
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def browser() -> str:
    """The browser that prints.

    Raises
    ------
    WrongUsageError
        When none is installed; says what to install.
    """
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    wanted = f"No browser was found to print with (looked for {', '.join(BROWSERS)})."
    raise WrongUsageError([f"{wanted} On Debian or Ubuntu: sudo apt install chromium"])


def print_page(page: Path, out: Path) -> Path:
    """Print one page to a PDF file, whole or not at all.

    Parameters
    ----------
    page
        Any HTML file that works from its folder.
    out
        The file; its folder is made.

    Raises
    ------
    WrongUsageError
        When no browser is installed.
    OSError
        When the browser printed nothing, or the file cannot be written.
    """
    command = [browser(), *_OPTIONS]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pdf.", dir=out.parent) as folder:
        printed = Path(folder, "printed.pdf")
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}", page.resolve().as_uri()]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)
        if not printed.is_file():
            last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise OSError(0, f"the browser did not print ({last})", str(page))
        printed.replace(out)
    return out


def print_book(html: Path, names: Sequence[str], out: Path) -> Iterator[Path]:
    """Print pages of a book, each to `<name>.pdf`; without names all that suit paper, and `haicbook.pdf` of all in one.

    Parameters
    ----------
    html
        The folder of the finished book.
    names
        Of pages, as they are in their addresses.
    out
        The folder of the PDF files.

    Yields
    ------
    Path
        Each file when it is there.

    Raises
    ------
    WrongUsageError
        When there is no book, or no page of a name; says which come near.
    """
    if not (html / "index.html").is_file():
        raise WrongUsageError(["There is no book yet; `haicbook build` makes it."])
    if unknown := [name for name in names if not (html / f"{name}.html").is_file()]:
        raise WrongUsageError([_unknown(name, html) for name in unknown])
    chosen = names or reading_order(html)
    for name in chosen:
        yield print_page(html / f"{name}.html", out / f"{name}.pdf")
    if not names:
        # beside the pages, from where its figures are found
        together = html / ".in-one.html"
        try:
            together.write_text(in_one(html, chosen), encoding="utf-8")
            yield print_page(together, out / f"{BOOK}.pdf")
        finally:
            together.unlink(missing_ok=True)


def _unknown(name: str, html: Path) -> str:
    near = difflib.get_close_matches(name, [path.stem for path in html.glob("*.html")], n=3)
    return f"{name}: the book has no such page" + (f"; near it: {', '.join(near)}" if near else "")


def reading_order(html: Path) -> list[str]:
    """The pages that suit paper, from the first on, each leading to the next."""
    order = ["index"]
    while found := _NEXT.search((html / f"{order[-1]}.html").read_text(encoding="utf-8")):
        order.append(found[1])
    return [name for name in order if not _ON_SCREEN_ONLY.fullmatch(name)]


def in_one(html: Path, names: Sequence[str]) -> str:
    """Pages as one, in whose links and addresses each has a name of its own."""
    texts = {name: (html / f"{name}.html").read_text(encoding="utf-8") for name in names}
    articles = "\n".join(_article(name, text, names) for name, text in texts.items())
    # mathematics is set where a page has any
    frame = max(texts.values(), key=lambda text: "tex-chtml" in text)
    start, end = frame.find("<article"), frame.rfind("</article>") + len("</article>")
    return _POLICY.sub("", f"{frame[:start]}{articles}{frame[end:]}")


def _article(name: str, page: str, names: Sequence[str]) -> str:
    def led(link: re.Match[str]) -> str:
        target = link[1] or name
        return f'href="#{target}--{link[2] or ""}"' if target in names else link[0]

    start, end = page.find("<article"), page.rfind("</article>") + len("</article>")
    article = _TO_A_PAGE.sub(led, _ID.sub(rf'id="{name}--\1"', page[start:end]))
    return f'<div id="{name}--" class="haic-new-page">{article}</div>'
