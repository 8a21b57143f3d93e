"""One run at a time, without leftovers; processes that nobody waits for end."""

from __future__ import annotations

import subprocess
import sys
import threading

from tiny import snapshot, write

from haicbook.book.alone import alone, held


def test_the_second_waits_for_the_first_and_says_so(project):
    said, order = [], []
    waiting = threading.Event()

    def second():
        with alone(lambda sentence: (said.append(sentence), waiting.set())):
            order.append("second")

    with alone(said.append):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(300)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert said == ["Another run of this project is going on: waiting for it to end."]


def test_a_process_that_was_handed_the_lock_keeps_it(project):
    """What a killed run started may still write: the next run waits for it too."""
    with alone(str):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=held())
    said = []

    def end(sentence):
        said.append(sentence)
        child.stdin.close()

    with alone(end):
        pass
    assert len(said) == 1
    assert child.wait(300) == 0


def test_leftovers_of_killed_runs_go_and_outputs_stay(project):
    before = snapshot(project)
    left = ("_build/scratch/alpha-1/cwd/x", "_build/.pages/_build/html/x", "book/_executed/.alpha.json.abc")
    for name in (*left, "_build/ensembles/.new-1", "_build/runs/alpha-1/.alpha.json.x"):
        write(project / name, "")
    with alone(str):
        pass
    assert snapshot(project) == before


def test_an_old_book_that_stepped_aside_comes_back(project):
    write(project / "_build/.html-before/index.html", "old")
    with alone(str):
        pass
    assert (project / "_build/html/index.html").read_text() == "old"


def test_a_process_ends_with_its_children_when_nobody_waits_for_it(tmp_path):
    code = """
import subprocess, sys
from haicbook.book.alone import end_with_parent
end_with_parent()
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
child.wait()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline()
    process.stdin.close()
    # its stdout is shared with the child, so that its end is the end of both
    assert process.stdout.read() == b""
    assert process.wait(300) != 0
