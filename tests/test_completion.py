"""TAB: the words that each shell is offered, and what the shells themselves make of them."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from haicbook.book.notebooks import choose, parameters_at_once, read_sources
from haicbook.cli import main
from haicbook.paths import data_dir, notebooks_dir
from haicbook.reconstruct_command import named_targets

STUDIES = ["cao2024", "lee2024", "lin2023", "liu_hepa", "shen2025"]
SHELLS = ("bash", "zsh", "fish")


def ask(shell: str, line: str, **environment: str) -> str:
    """What `haicbook` answers a shell that asks for the end of a line."""
    words = line.split(" ")
    number = words[-1] if shell == "fish" else str(len(words) - 1)
    asked = {"_HAICBOOK_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": number, **environment}
    result = CliRunner().invoke(main, [], prog_name="haicbook", env=asked)
    assert result.exit_code == 0
    assert result.stderr == ""
    return result.stdout.strip("\n")


def offered(line: str, shell: str = "bash") -> list[str]:
    """The words among it."""
    lines = ask(shell, line).splitlines()
    if shell == "zsh":
        return lines[1::3]
    return [offer.partition(",")[2].partition("\t")[0] for offer in lines]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("haicbook pa", ["params"]),
        ("haicbook check ", STUDIES),
        ("haicbook run li", ["lin2023", "liu_hepa"]),
        ("haicbook run lin2023 li", ["liu_hepa"]),
        ("haicbook params tri", ["trial"]),
        ("haicbook run lin2023 -p cal", ["caliper=", "caliper_scale="]),
        ("haicbook run lin2023 cao2024 -p ca", []),
        ("haicbook run lin2023 -p caliper=0.1 -p cal", ["caliper_scale="]),
        ("haicbook run liu_hepa -p etiology=", [f"etiology={key}" for key in ("left_out", "none", "hbv", "hcv")]),
        ("haicbook run cao2024 -p horizon=", ["horizon=30.0"]),
        ("haicbook reconstruct s", ["shen2025:"]),
        ("haicbook reconstruct lin2023:", ["lin2023:os:before_psm", "lin2023:pfs:before_psm"]),
        ("haicbook audit --format ", ["table", "json", "csv", "markdown"]),
    ],
)
def test_each_shell_is_offered(shell, line, words):
    assert offered(line, shell) == words


def test_a_choice_comes_with_what_it_is():
    asked = ask("zsh", "haicbook run lin2023 -p caliper_s")
    assert asked.splitlines()[2] == "score | sd_logit: scale of the caliper; the paper does not say which"


@pytest.mark.parametrize(("line", "kind"), [("haicbook reconstruct my", "file,my"), ("haicbook audit my", "dir,my")])
def test_what_begins_no_study_may_be_a_path(line, kind):
    assert ask("bash", line) == kind


@pytest.mark.parametrize("study", STUDIES)
def test_whatever_is_offered_can_be_reconstructed(study):
    words = offered(f"haicbook reconstruct {study}:")
    assert len(words) >= 2
    for word in words:
        assert named_targets(word, data_dir()).study == study


def test_parameters_read_at_once_are_those_that_jupytext_reads():
    for source in read_sources(choose(())).values():
        assert parameters_at_once(source.path) == source.parameters != ()


def test_a_cell_that_declares_nothing_offers_nothing(tmp_path):
    broken = tmp_path / "broken.md"
    broken.write_text("```{code-cell} ipython3\n:tags: [parameters]\n\nseed = 1\n```\n")
    assert parameters_at_once(broken) == ()
    broken.write_text("# No cell\n")
    assert parameters_at_once(broken) == ()


def test_answering_loads_no_heavy_library():
    code = "import sys, haicbook.cli; from haicbook.book.notebooks import parameters_at_once; import pathlib; "
    code += f"parameters_at_once(pathlib.Path({str(notebooks_dir() / 'cao2024.md')!r})); "
    code += "print({'numpy', 'pandas', 'jupytext', 'nbformat', 'pydantic', 'ruamel.yaml', 'rich'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_bash_gets_the_part_behind_the_sign_at_which_it_breaks_words():
    line = {"COMP_LINE": "haicbook run liu_hepa -p etiology=h", "COMP_WORDBREAKS": " \n\"'><=;|&(:"}
    assert ask("bash", "", **line) == "plain,hbv\nplain,hcv"
    assert ask("bash", "", **{**line, "COMP_WORDBREAKS": " \n"}) == "plain,etiology=hbv\nplain,etiology=hcv"


START = {
    "bash": (["--norc", "--noprofile", "-i"], 'eval "$(_HAICBOOK_COMPLETE=bash_source haicbook)"'),
    "zsh": (
        ["-f", "-i"],
        'autoload -Uz compinit; compinit -u -D; eval "$(_HAICBOOK_COMPLETE=zsh_source haicbook)"',
    ),
    "fish": (["--no-config", "-i"], "_HAICBOOK_COMPLETE=fish_source haicbook | source"),
}


class Shell:
    """An interactive shell on a terminal of its own; its `haicbook` answers TAB and prints what it is called with."""

    def __init__(self, name: str, folder: Path) -> None:
        stub = folder / "haicbook"
        stub.write_text(
            "#!/bin/sh\n"
            f'[ -n "$_HAICBOOK_COMPLETE" ] && exec {sys.executable} -m haicbook\n'
            'printf "called:"; printf " <%s>" "$@"; echo " ."\n'
        )
        stub.chmod(0o755)
        options, setup = START[name]
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb"}
            os.execvpe(name, [name, *options], environment)
        self.said = ""
        self.type(f"{setup}; echo re''ady\n")
        self.wait_for("ready")

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def wait_for(self, text: str) -> str:
        """What the shell says until it has said this; forgotten then."""
        end = time.monotonic() + 300
        while text not in self.said:
            assert time.monotonic() < end, self.said
            if select.select([self.terminal], [], [], 0.2)[0]:
                self.said += os.read(self.terminal, 65536).decode(errors="replace")
        before, _, self.said = self.said.partition(text)
        return before

    def close(self) -> None:
        os.close(self.terminal)
        os.kill(self.process, 9)
        os.waitpid(self.process, 0)


@pytest.mark.parametrize("name", SHELLS)
def test_the_shell_itself_completes(name, tmp_path):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    shell = Shell(name, tmp_path)
    try:
        # an open end gets no space behind it: the next letters belong to the same word
        for typed, called in [
            ([("haicbook rec", "onstruct "), ("lee2", "024:"), ("os", ":all")], "<reconstruct> <lee2024:os:all>"),
            (
                [("haicbook run lin", "2023 "), ("-p caliper_s", "cale="), ("sd", "_logit")],
                "<run> <lin2023> <-p> <caliper_scale=sd_logit>",
            ),
        ]:
            for letters, added in typed:
                shell.type(f"{letters}\t")
                shell.wait_for(added)
            shell.type("\n")
            shell.wait_for("called:")
            assert shell.wait_for(" .").strip() == called
    finally:
        shell.close()
