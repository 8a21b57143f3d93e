"""What all tests share: machine code is compiled once, wherever the project lies that a test makes."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parents[1] / "_build" / "compiled"))
