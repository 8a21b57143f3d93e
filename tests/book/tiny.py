"""A project as small as can be: two studies and a notebook that reads both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from haicbook.book import fingerprint
from haicbook.cli import main

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""

STUDY = (
    HEADER
    + """# {title}

```{{code-cell}} ipython3
:tags: [parameters]

{parameters}
```

```{{code-cell}} ipython3
from pathlib import Path

from haicbook.paths import data_dir
from haicbook.results import Results

results = Results("{name}", dict({echo}))
count = int((data_dir() / "{name}" / "count.txt").read_text())
results.record("count", count, "patients", source="{name}/table1/n")
results.record("doubled", count * factor)
```

The next cell shows what differs from run to run unless it is made steady.

```{{code-cell}} ipython3
import warnings

print(object(), Path.cwd())
warnings.warn("a warning", stacklevel=1)
results.save()
```
"""
)

ACROSS = (
    HEADER
    + """# Across

```{code-cell} ipython3
:tags: [parameters]

order: str = "up"  # up | down: how the studies are sorted
```

```{code-cell} ipython3
from haicbook.results import Results, read_results

results = Results("across", {"order": order})
doubled = [read_results(name).value("doubled") for name in ("alpha", "beta")]
results.record("doubled", sorted(doubled, reverse=order == "down"))
results.save()
```
"""
)

CONFIG = """title: tiny
only_build_toc_files: true
exclude_patterns: [_build, ".*", notebooks, data]
execute:
  execute_notebooks: "off"
"""

TOC = """format: jb-book
root: index
chapters:
  - file: book/_executed/alpha
  - file: book/_executed/beta
  - file: book/_executed/across
  - file: book/_executed/status
"""


def make_project(folder: Path) -> Path:
    """The tiny project, not executed."""
    for name, factor, count in (("alpha", 2, 10), ("beta", 2, 20)):
        lines = [f"factor: int = {factor}  # 1 to 9: what the count is multiplied by"]
        lines += ["share: float = 0.5  # 0 to 1: used by nothing"] if name == "alpha" else []
        echo = ", ".join(f"{line.partition(':')[0]}={line.partition(':')[0]}" for line in lines)
        text = STUDY.format(title=name.title(), name=name, parameters="\n".join(lines), echo=echo)
        write(folder / "notebooks" / f"{name}.md", text)
        write(folder / "data" / name / "count.txt", str(count))
    write(folder / "notebooks" / "across.md", ACROSS)
    write(folder / "_config.yml", CONFIG)
    write(folder / "_toc.yml", TOC)
    write(folder / "index.md", "# Tiny\n\nA book.\n")
    write(folder / "requirements.lock", "numpy==2\n")
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def call(project: Path, *arguments: str) -> Result:
    """`haicbook` in a project."""
    # rich folds its tables to the width of the screen
    environment = {"HAICBOOK_ROOT": str(project), "COLUMNS": "160"}
    with steady_package():
        return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


@contextmanager
def steady_package() -> Iterator[None]:
    """The package's files do not count as an input, so that editing one does not disturb a running test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "PACKAGE", Path(__file__).parent / "no_package")
        yield


def snapshot(folder: Path) -> dict[str, bytes]:
    """Each file of a folder and its bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def copy_project(project: Path, copy: Path) -> Path:
    """A copy to change."""
    return shutil.copytree(project, copy, ignore=shutil.ignore_patterns("ipython"))
