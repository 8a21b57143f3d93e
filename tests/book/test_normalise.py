"""An executed notebook keeps what depends on its inputs and loses the rest."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from haicbook.book.normalise import machine_folders, normalise

FOLDERS = {Path("/home/me/book/_build/scratch/x/cwd"): ".", Path("/home/me/book"): "<project>"}


def notebook(*, address: str = "7f00aa11", process: int = 11, second: int = 1):
    """A notebook as papermill leaves it, at one of several times."""
    timing = {"papermill": {"duration": second}, "execution": {"iopub.execute_input": f"2026-01-01T00:00:0{second}Z"}}
    outputs = [
        new_output("stream", name="stderr", text=f"/var/ipykernel_{process}/99.py:3: UserWarning: near\n"),
        new_output("stream", name="stdout", text="/home/me/book/_build/scratch/x/cwd and /home/me/book/data\n"),
        new_output("execute_result", execution_count=3, data={"text/plain": f"<Axes at 0x{address}>"}),
    ]
    cells = [
        new_markdown_cell("# Title"),
        new_code_cell("a: int = 1  # 0 to 9: a", execution_count=1, metadata={"tags": ["parameters"], **timing}),
        new_code_cell("a = 2", execution_count=2, metadata={"tags": ["injected-parameters"], **timing}),
        new_code_cell(
            "f()", execution_count=3, metadata={"mystnb": {"figure": {"name": "f"}}, **timing}, outputs=outputs
        ),
        new_code_cell(""),
    ]
    language = {"name": "python", "version": f"3.11.{second}", "pygments_lexer": "ipython3"}
    metadata = {"papermill": {"output_path": "/x"}, "language_info": language, "jupytext": {"v": second}, "title": "T"}
    return new_notebook(cells=cells, metadata=metadata)


@pytest.fixture
def made():
    return normalise(notebook(), {"a": 2}, FOLDERS)


def test_two_runs_of_the_same_give_the_same_bytes():
    runs = [notebook(), notebook(address="55d0c3", process=4242, second=5)]
    assert nbformat.writes(runs[0]) != nbformat.writes(runs[1])
    first, second = (nbformat.writes(normalise(run, {"a": 2}, FOLDERS)) for run in runs)
    assert first == second


def test_it_is_still_a_valid_notebook(made):
    nbformat.validate(made)


def test_the_injected_cell_moves_into_the_declared_one(made):
    assert [cell.source for cell in made.cells] == ["# Title", "a: int = 2  # 0 to 9: a", "f()", ""]
    assert [cell.get("execution_count") for cell in made.cells] == [None, 1, 2, None]
    assert made.cells[2].outputs[2].execution_count == 2


def test_metadata_of_the_page_stay_and_those_of_the_run_go(made):
    assert made.metadata == {
        "title": "T",
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    assert made.cells[2].metadata == {"mystnb": {"figure": {"name": "f"}}, "tags": ["hide-input"]}
    assert made.cells[1].metadata == {"tags": ["parameters"]}


def test_outputs_name_no_folder_address_or_process(made):
    stderr, stdout, result = made.cells[2].outputs
    assert stderr.text == "<cell>:3: UserWarning: near\n"
    assert stdout.text == ". and <project>/data\n"
    assert result.data["text/plain"] == "<Axes at 0x…>"


def test_pictures_are_left_as_they_are():
    node = notebook()
    picture = "<svg><!-- at 0xabc --></svg>"
    node.cells[3].outputs = [new_output("display_data", data={"image/svg+xml": picture, "image/png": "at0xabc"})]
    output = normalise(node, {}, FOLDERS).cells[2].outputs[0]
    assert output.data == {"image/svg+xml": picture, "image/png": "at0xabc"}


def test_the_notebook_given_is_not_changed():
    node = notebook()
    before = nbformat.writes(node)
    normalise(node, {"a": 2}, FOLDERS)
    assert nbformat.writes(node) == before


def test_the_innermost_folder_is_replaced_first():
    folders = list(machine_folders(Path("/p"), Path("/p/_build/scratch/x")))
    assert folders[0] == Path("/p/_build/scratch/x")
    assert folders[-1] == Path("/p")
