"""Whatever stands in data/ reaches a page as text: nothing is fetched, run, linked, set as mathematics or lost."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
import yaml
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import given, settings
from hypothesis import strategies as st
from myst_parser.parsers.docutils_ import Parser

from haicbook import show
from haicbook.audit import Finding
from haicbook.markup import Markup, escape, visible
from haicbook.show.tables import Linked

ROOT = Path(__file__).parents[1]
EXTENSIONS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["parse"]["myst_enable_extensions"]
# what MyST, the terminal or a browser would do something with
HOSTILE = [
    *("{{ 7 * 7 }}", "{{ ''.__class__ }}", "{% if 1 %}", "{download}`../study.yml`", "{cite:p}`x`", "{eval-rst}", "{"),
    *(
        "![](http://a.example/x.png)",
        "[a](http://b.example)",
        "<http://c.example>",
        "http://d.example",
        "[^1]",
        "[x]:y",
    ),
    *("<script>alert(1)</script>", "<img src=x onerror=y>", "<!--", "-->", "&lt;", "&#60;", "&", "<b>", "</a>", '"'),
    *("$x^2$", "$$", "\\(x\\)", "\\", "\\\\", "|", "\\|", "|--|", "`", "``", "`{.x}", "[b]{.c}", "**", "*", "_", "~~"),
    *("# ", "- ", "+ ", "1. ", "1) ", "23.", "> ", ":::", ":::{note} x", "```", "```{raw} html", "~~~", "    ", "\t"),
    *("% ", "+++", "---", "===", "(x)=", ": ", ":name: y", "[ ] ", "x::", "\n", "\n\n", "\r", "\u2028", "\x0b", "\x0c"),
    *("\x1b[31m", "[red]", "[/]", "\x00", "\x07", "\x85", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\u00ad"),
]
LABELS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=4), max_size=5).map("".join)


def parsed(markdown: str) -> nodes.document:
    """What MyST reads in a page with the book's extensions; what it complains of stands in it as a message."""
    overrides = {"myst_enable_extensions": EXTENSIONS, "report_level": 1, "halt_level": 5, "warning_stream": False}
    document: nodes.document = publish_doctree(markdown, parser=Parser(), settings_overrides=overrides)
    for found in list(document.findall(nodes.raw)):
        assert re.fullmatch(
            r'<a class="haic-value" href="values\.html#x/y/n">|<a href="audit[^<>]*">|</a>|<br>',
            found.rawsource or found.astext(),
        )
        found.parent.remove(found)
    return document


def assert_only(document: nodes.document, *kinds: type[nodes.Node]) -> None:
    """No node but those that a page's own text makes."""
    allowed = (nodes.document, nodes.Text, nodes.paragraph, nodes.strong, *kinds)
    assert {type(node).__name__ for node in document.findall() if not isinstance(node, allowed)} == set()


TABLE = (nodes.table, nodes.title, nodes.tgroup, nodes.colspec, nodes.thead, nodes.tbody, nodes.row, nodes.entry)


@given(st.lists(LABELS, min_size=4, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_table_shows_any_label_wherever_it_stands(labels: list[str]) -> None:
    head, first, last, other = labels
    cells = {head: [first, Linked(last, "x/y/n")], "last": [Markup("&emsp;{}").format(other), first]}
    document = parsed(show.table(pd.DataFrame(cells), last, "tab-x", source=other, notes=[head, first]).data)
    assert_only(document, *TABLE)
    texts = [as_text(label) for label in labels]
    assert [entry.astext() for entry in document.findall(nodes.entry)] == [
        *(texts[0], "last", texts[1], f"\u2003{texts[3]}", texts[2], texts[1])
    ]
    (title,) = document.findall(nodes.title)
    assert squeezed(title.astext()) == squeezed(f"{texts[2]}." + (f" Source: {texts[3]}." if other else ""))
    beneath = [node.astext() for node in document.children if isinstance(node, nodes.paragraph)]
    assert beneath == [text for text in texts[:2] if text]


@given(st.lists(LABELS, min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_boxes_and_findings_show_any_label(labels: list[str]) -> None:
    texts = [as_text(label) for label in labels]
    lost = parsed(show.lost(labels).data)
    assert_only(lost, nodes.admonition, nodes.title, nodes.bullet_list, nodes.list_item)
    assert [item.astext() for item in lost.findall(nodes.list_item)] == texts
    boxed = parsed(show.note(f"{labels[0]}!").data)
    assert_only(boxed, nodes.note)
    assert boxed.astext() == as_text(f"{labels[0]}!")
    finding = Finding("nested", "error", labels[0], ("x/y/n",), labels[1], "", labels[0], labels[2], labels[1])
    listed = parsed(show.ranked_findings([finding], "Others", "tab-x").data)
    assert_only(listed, nodes.enumerated_list, nodes.list_item)
    said = squeezed(listed.astext())
    assert [text for text in texts if squeezed(text) not in said] == []


def as_text(label: str) -> str:
    """How a page shows a label."""
    return visible(label).strip()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@given(LABELS)
def test_what_is_visible_hides_nothing_and_loses_nothing(label: str) -> None:
    shown = visible(label)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")
    assert visible(shown) == shown
    read = re.sub(r"⟨U\+([0-9A-F]+)⟩", lambda found: chr(int(found[1], 16)), shown)
    assert "".join(read.split()) == "".join(label.split())


def test_markup_keeps_its_own_signs_and_no_others() -> None:
    made = Markup("**{}** and {name}").format("a*b", name=Markup("*c*"))
    assert made == "**a\\*b** and *c*"
    assert isinstance(made, Markup)
    assert escape(made) is made
    # what is put together without `format` is text again
    assert escape(f"{made}!") == "\\*\\*a&#92;\\*b\\*\\* and \\*c\\*!"


@pytest.mark.parametrize(
    "text", ["28.8 (19.3–not reached)", "0.560 (0.330–0.950)", "21/182 = 11.54%, not 12%", "Age, years"]
)
def test_ordinary_figures_need_no_sign(text: str) -> None:
    assert escape(text) == text


def test_figures_take_no_label_for_mathematics() -> None:
    import matplotlib.pyplot as plt

    with plt.rc_context():
        show.use()
        _, ax = plt.subplots()
        ax.set_xlabel(r"$\frac{broken$ and $x^2$")
        assert ax.xaxis.label.get_parse_math() is False
        plt.close("all")


def test_a_download_has_a_plain_name_and_its_link_plain_words() -> None:
    shown = show.rows_downloads("x2020", {"OS, <b>../../a": ("rows", "rows")}).data
    names = re.findall(r'download="([^"]*)"', shown)
    assert names == ["x2020-os-b-..-..-a-synthetic.csv", "x2020-os-b-..-..-a-synthetic-all.csv.gz"]
    assert "<li>OS, &lt;b&gt;../../a: <a " in shown
