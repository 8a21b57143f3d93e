"""The engine works with little else installed, and knows nothing of the project around it."""

import subprocess
import sys

ALONE = """
import sys
from importlib.abc import MetaPathFinder
from importlib.metadata import packages_distributions

ALLOWED = {"numpy", "scipy", "pandas", "numba", "llvmlite", "ruamel", "haicbook"}
ALLOWED |= {"dateutil", "pytz", "tzdata", "six"}  # pandas needs these
INSTALLED = set(packages_distributions()) - ALLOWED
LEAVES = (".printed", ".compiled", ".limits", ".markup", ".spreadsheet", ".texts")
PARTS = {f"haicbook{part}" for part in ("", ".survival", *LEAVES)}


class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        own = name.startswith("haicbook.") and name not in PARTS and not name.startswith("haicbook.survival.")
        if own or name.partition(".")[0] in INSTALLED:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
        return None


sys.meta_path.insert(0, Blocked())
import numpy as np
from haicbook import survival

targets = survival.read_targets('''
arms: {a: {n: "30"}, b: {n: "28"}}
median: {a: {estimate: "16.0"}, b: {estimate: "8.4"}}
''')
ensemble = survival.reconstruct(targets, 5, np.random.default_rng(1))
print(len(ensemble), ensemble.dropped, ensemble.curve("a", [12.0]).shape)
"""


def test_the_engine_works_with_everything_else_blocked():
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["5", "()", "(5,", "1)"], done.stderr
