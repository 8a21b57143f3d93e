"""Reconstructions that come with the package: what the notebooks ask by default, so that a first build waits for none.

`ensembles/index.json` names the engine that made them, by the text of its modules, and the file that answers each
question. A data set is the same under every version of a library, and is verified before it is used; those of another
engine are none, and all is computed. What of an endpoint's numbers can be met together, and how hard that is, comes
with them: whoever asks for other members of it does not search for that anew.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from haicbook.cache import packed, unpacked
from haicbook.closure import digest_of_closure
from haicbook.survival.chains import SearchBudget
from haicbook.survival.ensemble import Ensemble
from haicbook.survival.feasibility import Feasible
from haicbook.survival.reconstruct import reconstruct
from haicbook.survival.targets import Targets
from haicbook.survival.verify import verified

FOLDER = Path(__file__).parent / "ensembles"
COMMAND = "python -m haicbook.ship"


@cache
def engine() -> str:
    """A sha256 over the modules that reconstruct."""
    return digest_of_closure([reconstruct.__module__])


def question(
    targets: Targets, replicates: int, rng: np.random.Generator, censoring: str, budget: SearchBudget | None
) -> tuple[object, ...]:
    """All that a reconstruction by one engine depends on; its `repr` counts."""
    return targets, replicates, (rng.bit_generator.seed_seq, rng.bit_generator.state), censoring, budget


def digest(asked: tuple[object, ...]) -> str:
    """What a question is called in the index."""
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def shipped(asked: tuple[object, ...]) -> Ensemble | None:
    """What came with the package and answers a question, each of its data sets verified anew; None where none does."""
    name = answered().get(digest(asked))
    return None if name is None else _verified(name)


def shipped_feasible(targets: Targets) -> Feasible | None:
    """What of these targets can be met together, as found when what came with the package was made; else None."""
    entry = _index().get("feasible", {}).get(digest((targets,)))
    found = None if entry is None else _verified(entry["file"])
    if entry is None or found is None:
        return None
    return Feasible(found.kept, found.conventions, found.dropped, found.tried, SearchBudget(**entry["budget"]))


def _verified(name: str) -> Ensemble | None:
    try:
        found = unpacked((FOLDER / name).read_bytes(), name, Ensemble)
    except (OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile):
        return None
    return found if all(verified(found.members, found.kept, found.conventions)) else None


def answered() -> Mapping[str, str]:
    """Question → file, of today's engine; empty where the files are of another, or there are none."""
    return dict(_index().get("files", {}))


def _index() -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return index if index["engine"] == engine() else {}


def ship(answers: Mapping[str, tuple[Ensemble, SearchBudget]]) -> None:
    """Put ensembles in place of those that come with the package.

    Parameters
    ----------
    answers
        A question's digest → what answers it, and how hard chains had to work. Their files are called after the
        endpoint, so that one that did not change is not written.
    """
    FOLDER.mkdir(exist_ok=True)
    files = {asked: _file_name(answer.targets) for asked, (answer, _) in answers.items()}
    if len({*files.values()}) < len(files):
        raise ValueError(f"two questions about one endpoint: {', '.join(sorted(files.values()))}")
    for path in FOLDER.glob("*.kept"):
        if path.name not in files.values():
            path.unlink()
    feasible = {}
    for asked, (answer, budget) in answers.items():
        (FOLDER / files[asked]).write_bytes(packed(answer, files[asked]))
        feasible[digest((answer.targets,))] = {"file": files[asked], "budget": dataclasses.asdict(budget)}
    index = {"engine": engine(), "files": files, "feasible": feasible}
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _file_name(targets: Targets) -> str:
    words = (targets.study, targets.endpoint, targets.population, targets.criterion)
    return f"{'_'.join(word for word in words if word)}.kept"
