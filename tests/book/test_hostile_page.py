"""A study whose every label is hostile, through Jupyter Book's own settings to the HTML of one page."""

from __future__ import annotations

import csv
import html
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from haicbook import safety, show, study
from haicbook.markup import visible

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "tests" / "papers" / "demo2020"
LABELS = [
    "{{ 7 * 191 }} {% set x = 1 %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{download}`study.yml <secret.txt>` {cite:p}`x` {eval-rst}`y`",
    "![x](http://fetched.example/x.png) [b](http://b.example) <http://c.example>",
    "<script src=http://d.example></script><img src=x onerror=alert(1)> &lt;b&gt;",
    "$x^2$ $$y$$ \\(z\\) **b** _i_ ~~s~~ `c` [^1] {.class} | \\",
    ":::{include} secret.txt",
    "# h - + 1. > % +++ --- === (t)=",
    "\u202edesrever\u202c \u200b\x1b[31m",
]


def book(folder: Path, page: str) -> tuple[str, str]:
    """The HTML of a page built by Jupyter Book with the project's settings, and what that said."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["bibtex_bibfiles"] = [str(ROOT / "book" / "references.bib")]
    del config["html"]["favicon"]
    config["sphinx"]["config"] |= {"html_extra_path": [], "html_static_path": [], "html_css_files": []}
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\n", encoding="utf-8")
    (folder / "index.md").write_text(page, encoding="utf-8")
    call = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
    ended = subprocess.run(call, capture_output=True, text=True, check=False, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return (folder / "_build" / "html" / "index.html").read_text(encoding="utf-8"), ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo study with hostile labels in its tables and in study.yml."""
    folder = tmp_path_factory.mktemp("data") / "demo2020"
    (folder / "tables").mkdir(parents=True)
    # the last is refused in a file already: marks that cannot be seen
    labels = iter(LABELS[:-1] * 3)
    for path in sorted((DEMO / "tables").iterdir()):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        with (folder / "tables" / path.name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(row | {"label": next(labels)} for row in rows)
    spec = yaml.safe_load((DEMO / "study.yml").read_text(encoding="utf-8"))
    spec["question"], spec["licence"], spec["design_label"] = LABELS[0], LABELS[2], LABELS[3]
    spec["unavailable"][0]["detail"] = LABELS[4]
    for arm, label in zip(spec["arms"].values(), LABELS[5:7], strict=True):
        arm["label"] = arm["short"] = label
    (folder / "study.yml").write_text(yaml.safe_dump(spec, allow_unicode=False), encoding="utf-8")
    (folder / "claims.csv").write_bytes((DEMO / "claims.csv").read_bytes())
    return study.load("demo2020", folder.parent)


def test_a_page_shows_hostile_labels_as_text(paper: Any, tmp_path: Path) -> None:
    parts = [
        show.table(show.baseline(paper), LABELS[7], "tab-baseline", source=LABELS[8], notes=LABELS),
        show.table(show.glance(paper), "The study", "tab-glance"),
        show.table(show.adverse_table(paper, safety.adverse_events(paper)), "Events", "tab-events"),
        show.lost(paper.lost() + LABELS),
        *(show.note(label) for label in LABELS),
    ]
    (tmp_path / "secret.txt").write_text("the secret", encoding="utf-8")
    page, said = book(tmp_path, "# Page\n\n" + "\n\n".join(part.data for part in parts))
    assert "WARNING" not in said
    body = page[page.index("<article") : page.index("</section>")]
    assert not re.search(r"<(script|img|iframe|math|em|code|del)\b|class=\"math", body)
    addresses = set(re.findall(r'(?:href|src)="([^"#]*)', body)) - {""}
    assert {address for address in addresses if not address.startswith("values.html")} == {
        "https://doi.org/10.1234/demo.2020"
    }
    assert "the secret" not in page
    assert not list((tmp_path / "_build" / "html").rglob("*secret*"))
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("‘", "'").replace("’", "'").split())
    assert [label for label in LABELS if " ".join(visible(label).split()) not in words] == []
