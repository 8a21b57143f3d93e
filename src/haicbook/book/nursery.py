"""The process from which those that run notebooks are forked: `python -m haicbook.book.nursery DESCRIPTOR MODULE...`.

It imports the modules once and for all, and then does nothing but fork: for each message on a socket, which brings what
will be stdin, stdout and stderr, a process that goes on as `haicbook.book.worker`. It executes no cell and calls no
function of the package, so that all notebooks begin alike.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module

# what a worker and a kernel import; not the backend of figures, which takes hold of the kernel that imports it
_RUNNERS = ("nbformat", "papermill", "nbclient", "jupyter_client.manager", "ipykernel.kernelapp", "ipykernel.ipkernel")


def main() -> None:
    """Import, then fork until nobody asks any more."""
    # an interruption of the run is the run's affair: it closes the socket
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = socket.socket(fileno=int(sys.argv[1]))
    load((*_RUNNERS, *sys.argv[2:]))
    # what is here is here to stay; looking at it again would copy its memory
    gc.collect()
    gc.freeze()
    while True:
        message, streams, _, _ = socket.recv_fds(line, 1, 3)
        _reap(os.WNOHANG if message else 0)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            line.close()
            signal.signal(signal.SIGINT, interrupted)
            _work(streams)
        for stream in streams:
            os.close(stream)
        line.send(str(pid).encode())


def load(modules: Iterable[str]) -> None:
    """Import modules; one that cannot be is left to the notebook, which says why."""
    for name in modules:
        with suppress(Exception):
            import_module(name)


def _reap(how: int) -> None:
    """Take note of those that have ended, or wait for all: what they cost counts as this process's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, how)[0]:
            pass


def _work(streams: Iterable[int]) -> None:
    """Go on as the process of one notebook, and end with it."""
    from haicbook.book import worker

    try:
        for place, stream in enumerate(streams):
            os.dup2(stream, place)
            os.close(stream)
        worker.main(fork=True)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        # papermill's client ends its kernel there, when it was interrupted
        atexit._run_exitfuncs()
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
