"""A sign of life from long work that nobody sees on a terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 10.0


@contextmanager
def heartbeat(beat: Callable[[], None], seconds: float = SECONDS) -> Iterator[None]:
    """Call `beat` from a thread every so many seconds, for as long as the block runs."""
    ended = threading.Event()

    def until_ended() -> None:
        while not ended.wait(seconds):
            beat()

    thread = threading.Thread(target=until_ended, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
