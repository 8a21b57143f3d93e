"""The table of contents, with a chapter more."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

PART = "Papers of your own"


def listed(study: str, toc: Path) -> bool:
    """Put a chapter into the table of contents, in a part for papers of one's own before the appendix.

    Returns
    -------
    bool
        Whether the file was changed: False where the chapter is listed already.
    """
    file = f"book/_executed/{study}"
    text = toc.read_text(encoding="utf-8")
    if file in text:
        return False
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    contents = yaml.load(text)
    parts = contents["parts"]
    captions = [part.get("caption") for part in parts]
    if PART not in captions:
        place = captions.index("Appendix") if "Appendix" in captions else len(parts)
        parts.insert(place, {"caption": PART, "numbered": 2, "chapters": []})
        captions.insert(place, PART)
    parts[captions.index(PART)]["chapters"].append({"file": file})
    temporary = toc.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        yaml.dump(contents, stream)
    temporary.replace(toc)
    return True
