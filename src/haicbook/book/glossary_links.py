"""A Sphinx extension: in each chapter the first use of a word of the glossary leads there, and tells its meaning.

`book/glossary.md` is the only place to write a word: chapters need no markup. Words are linked in running text; not in
headings, links, code, tables, figures or what cells put out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import _make_id

GLOSSARY = "book/glossary"
# whose chapters are linked
CHAPTERS = "book/_executed/"
_BLOCK = re.compile(r"^```\{glossary\}\n(.*?)^```", re.DOTALL | re.MULTILINE)
# a term, or several, each on a line of its own, and what they mean, indented
_ENTRY = re.compile(r"((?:^\S.*\n)+)((?:^[ ]+\S.*\n)+)", re.MULTILINE)
_NOT_IN = (nodes.title, nodes.reference, nodes.literal, nodes.figure, nodes.table, nodes.container, nodes.topic)
# of a list such as `CR, PR, SD, PD`, what follows the first word has at least so many letters: SD is a deviation, too
_UNMISTAKABLE = 3


class Term(NamedTuple):
    """A word of the glossary: how it is written, the end of its address there, and its meaning as plain text."""

    word: str
    anchor: str
    meaning: str


def terms(text: str) -> list[Term]:
    """The words of a glossary's source, longest first.

    Examples
    --------
    >>> [term.word for term in terms("```{glossary}\\nOS, PFS\\n  Two *times*.\\n```\\n")]
    ['PFS', 'OS']
    """
    found = []
    for names, meaning in (entry.groups() for block in _BLOCK.findall(text) for entry in _ENTRY.finditer(block)):
        plain = " ".join(re.sub(r"[*`_]|\{\w+\}", "", meaning).split())
        for name in names.splitlines():
            first, *others = name.split(", ")
            words = [first, *(other for other in others if len(other) >= _UNMISTAKABLE)]
            found += [Term(word, f"term-{_make_id(name)}", plain) for word in words]
    return sorted(found, key=lambda term: (-len(term.word), term.word))


def pattern(word: str) -> re.Pattern[str]:
    """A word as it stands in a sentence: one of small letters may begin one, and may be in the plural."""
    written = re.escape(word)
    if word[1:].islower():
        written = f"[{word[0].upper()}{word[0].lower()}]{re.escape(word[1:])}"
    return re.compile(rf"(?<![\w–-]){written}(?:s\b)?(?![\w–-])")


def link_first_uses(app: Sphinx, document: nodes.document) -> None:
    """Link the first use of each word in a chapter's running text."""
    env: BuildEnvironment = app.env
    source = Path(app.srcdir) / f"{GLOSSARY}.md"
    if not env.docname.startswith(CHAPTERS) or not source.exists():
        return
    env.note_dependency(str(source))
    left = terms(source.read_text(encoding="utf-8"))
    for text in list(_running(document)):
        left = _linked(text, left)


def _running(document: nodes.document) -> Iterator[nodes.Text]:
    """Pieces of running text, in the order of the page."""
    for paragraph in document.findall(nodes.paragraph):
        for text in paragraph.findall(nodes.Text):
            above: nodes.Node | None = text.parent
            while above is not None and not isinstance(above, _NOT_IN):
                above = above.parent
            if above is None:
                yield text


def _linked(text: nodes.Text, left: list[Term]) -> list[Term]:
    """Link words in one piece of text, in place of it; the words that are still to be met."""
    parts: list[nodes.Node] = [text]
    for term in list(left):
        for place, part in enumerate(parts):
            found = pattern(term.word).search(str(part)) if isinstance(part, nodes.Text) else None
            if found is None:
                continue
            before, word, after = part[: found.start()], found.group(), part[found.end() :]
            parts[place : place + 1] = [
                *([nodes.Text(before)] if before else []),
                _link(term, word),
                *([nodes.Text(after)] if after else []),
            ]
            left.remove(term)
            break
    if parts[0] is not text:
        text.parent.replace(text, parts)
    return left


def _link(term: Term, word: str) -> nodes.reference:
    address = f"{GLOSSARY.rsplit('/', 1)[-1]}.html#{term.anchor}"
    return nodes.reference(word, word, internal=True, refuri=address, reftitle=term.meaning, classes=["haic-term"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", link_first_uses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
