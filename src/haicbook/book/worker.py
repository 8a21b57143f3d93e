"""Execute one notebook with papermill, in a process of its own: `python -m haicbook.book.worker`.

The job comes as a line of JSON on stdin, what happens goes as JSON lines to stdout. papermill changes the process's
current folder, so threads cannot share one.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from haicbook.book.alone import end_with_parent
from haicbook.book.refusals import is_refusal

# run by the kernel before the first cell, leaving no name behind
_WATCH = "from haicbook.book.reads import watch; watch({!r}); del watch"
# bytes that the path of a socket may have on every system, with room for a number
_SOCKET_PATH = 90


def main(*, fork: bool = False) -> None:
    """Read a job, execute it, report.

    Parameters
    ----------
    fork
        Fork the kernel from this process, which has its imports, instead of starting one.
    """
    # A kernel inherits our stdout; what it prints below Python must not land between our lines.
    events = os.dup(1)
    os.dup2(2, 1)
    if fork:
        from haicbook.book.kernel import fork_kernel

        fork_kernel(events)
    channel = os.fdopen(events, "w", encoding="utf-8")
    job = json.loads(sys.stdin.readline())
    end_with_parent()

    def report(**event: Any) -> None:
        channel.write(json.dumps(event) + "\n")
        channel.flush()

    execute(job, report)


def execute(job: dict[str, Any], report: Any) -> None:
    """Execute a notebook.

    Parameters
    ----------
    job
        `input` and `output` (paths of notebooks), `cwd` (the kernel's folder), `reads` (the file that will list what
        the notebook read), `parameters` (name → value).
    report
        Called with `event=`: `cells` (`count`), `cell` (`number`, among the cells of code), `done`, `failed`
        (`index` among all cells or None, `name`, `message`, `traceback`), or `refused` (`code`, `message` and `file`,
        as an `OSError` has them).
    """
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    _list_fonts()
    node = nbformat.read(job["input"], as_version=4)
    report(event="cells", count=sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in node.cells))
    started: list[int] = []

    def on_cell_execute(cell: Any, cell_index: int) -> None:
        if "injected-parameters" not in cell.metadata.get("tags", []):
            started.append(cell_index)
            report(event="cell", number=len(started))

    try:
        papermill.execute_notebook(
            job["input"],
            job["output"],
            parameters=job["parameters"],
            kernel_name="python3",
            cwd=job["cwd"],
            progress_bar=False,
            on_cell_execute=on_cell_execute,
            # how a cell's output was cut into messages is a matter of timing
            coalesce_streams=True,
            # a polite shutdown waits a second for the kernel
            shutdown_kernel="immediate",
            config=_kernel_config(Path(job["reads"]).parent),
            extra_arguments=[f"--IPKernelApp.exec_lines={_WATCH.format(job['reads'])}"],
        )
    except PapermillExecutionError as error:
        failed = {"index": error.cell_index, "name": error.ename, "message": error.evalue}
        report(event="failed", **failed, traceback=error.traceback)
    except Exception as error:  # a kernel that dies or never starts raises what the library of the day raises
        if isinstance(error, OSError) and is_refusal(error.errno):
            file = error.filename or job["output"]
            report(event="refused", code=error.errno, message=error.strerror, file=file)
            return
        index = started[-1] if started else None
        report(event="failed", index=index, name=type(error).__name__, message=str(error), traceback=[])
    else:
        report(event="done")


def _list_fonts() -> None:
    """Let matplotlib list the fonts once, here: a kernel that does so says that it takes a moment, on the page."""
    if not any(Path(os.environ["MPLCONFIGDIR"]).glob("fontlist-*.json")):
        from matplotlib import font_manager

        font_manager.get_font_names()


def _kernel_config(folder: Path) -> Any:
    """Talk to the kernel through sockets in the notebook's own folder, which need no network; where its path is too
    long for that, through the loopback."""
    from traitlets.config import Config

    connection = folder / "kernel.json"
    transport = "ipc" if len(os.fsencode(connection)) <= _SOCKET_PATH else "tcp"
    return Config(KernelManager={"transport": transport, "connection_file": str(connection)})


if __name__ == "__main__":
    main()
