"""List the licences of all locked packages that this Python installs: `python .ci/licences.py`.

Ends with 1 when one is unknown, or does not let the book and its code be shared under licences of their own.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import NamedTuple

LOCK = Path(__file__).parents[1] / "requirements.lock"
ALLOWED = re.compile(
    r"(MIT|BSD|[0-9]-clause BSD|0BSD|Apache|ISC|MPL-2\.0|Mozilla Public License 2\.0|PSF|Python Software Foundation"
    r"|Zlib|CC0|Public Domain|HPND)",
    re.IGNORECASE,
)
# licences that were read, where what a package says of itself is not to be taken by its words
READ = {
    "docutils": ("Public Domain AND PSF-2.0 AND BSD-2-Clause", "its GPL file is an editor's mode, which no wheel has"),
}


class Licence(NamedTuple):
    """What a package is licensed under, in its own words, and whether that is known to be well."""

    package: str
    words: str
    well: bool


def licences(lock: str) -> list[Licence]:
    """The licences of a lock file's packages that are installed, in the order of their names."""
    names = dict.fromkeys(re.findall(r"^([A-Za-z0-9][\w.-]*)==", lock, re.MULTILINE))
    found = []
    for name in names:
        try:
            words = READ[name][0] if name in READ else said(name)
        except PackageNotFoundError:
            continue  # for another version of Python
        found.append(Licence(name, words or "unknown", is_well(words)))
    return found


def said(name: str) -> str:
    """A package's licence as its metadata have it: the expression, else the classifiers, else a short text."""
    about = metadata(name)
    if expression := about.get("License-Expression"):
        return str(expression)
    classifiers = [
        entry.split(" :: ")[-1] for entry in about.get_all("Classifier") or [] if entry.startswith("License")
    ]
    text = str(about.get("License") or "").strip().split("\n")[0]
    return " AND ".join(classifiers) or text


def is_well(words: str) -> bool:
    """Whether all parts of one of the alternatives are licences that are allowed."""
    alternatives = re.split(r"\s+OR\s+", words)
    return any(all(ALLOWED.match(part) for part in re.split(r"\s+AND\s+", choice)) for choice in alternatives)


def main() -> int:
    """Print the list; 1 when one is not well."""
    found = licences(LOCK.read_text(encoding="utf-8"))
    width = max(len(licence.package) for licence in found)
    for licence in found:
        mark = "" if licence.well else "  <- unknown or not allowed"
        print(f"{licence.package:{width}}  {licence.words}{mark}")
    for name, (_, reason) in READ.items():
        print(f"{name} was read: {reason}")
    return int(not all(licence.well for licence in found))


if __name__ == "__main__":
    sys.exit(main())
