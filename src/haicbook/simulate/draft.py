"""A synthetic paper before it is read: study.yml, tables and claims as texts, to be read or written down."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from haicbook.study import DataError, Paper
from haicbook.study.files import Row
from haicbook.study.problems import Problem
from haicbook.study.schema import Study
from haicbook.study.values import (
    CLAIM_COLUMNS,
    TABLE_COLUMNS,
    Record,
    claim_records,
    table_records,
    to_frame,
    value_problems,
)

CLAIMS = "claims.csv"
# a CSV's first row of cells stands on its second line
_FIRST_LINE = 2


@dataclass(frozen=True, eq=False)
class Draft:
    """A study as a data folder has it, in memory.

    Attributes
    ----------
    spec
        What `study.yml` says.
    tables
        File to its rows; each row is column to cell, as printed. `claims.csv` is one of them.
    truth
        What is true in it, for its README; words to figures.
    """

    spec: dict[str, Any]
    tables: dict[str, list[dict[str, str]]]
    truth: dict[str, str] = field(default_factory=dict)

    def paper(self) -> Paper:
        """The draft as the rest of the package reads a paper.

        Raises
        ------
        DataError
            When its figures break the codebook: a draft is checked as strictly as a folder.
        """
        paper, problems = self.read()
        if problems:
            raise DataError(problems)
        return paper

    def read(self) -> tuple[Paper, list[Problem]]:
        """The draft as a paper, and what of it breaks the codebook."""
        spec = Study.model_validate(self.spec)
        records: list[Record] = []
        problems: list[Problem] = []
        printed = {file: self._rows(file, columns) for file, columns in self._columns(spec).items()}
        for table in spec.tables:
            found, wrong = table_records(spec, table, printed[table.file], f"{spec.study}/{table.file}")
            records += found
            problems += wrong
        found, wrong = claim_records(spec, printed[CLAIMS], f"{spec.study}/{CLAIMS}")
        records += found
        problems += [*wrong, *value_problems(spec, records)]
        tables = {file: rows for file, rows in printed.items() if file != CLAIMS}
        return Paper(spec, to_frame(records), tables), problems

    def _columns(self, spec: Study) -> dict[str, tuple[str, ...]]:
        columns = {table.file: (*TABLE_COLUMNS, *table.columns) for table in spec.tables}
        return columns | {CLAIMS: CLAIM_COLUMNS}

    def _rows(self, file: str, columns: tuple[str, ...]) -> list[Row]:
        return [
            Row(line, {column: row.get(column, "") for column in columns})
            for line, row in enumerate(self.tables[file], start=_FIRST_LINE)
        ]

    def cell(self, file: str, line: int, column: str) -> str:
        """A cell as printed; `file` and `line` as in a paper's values."""
        return self.tables[_without_study(file)][line - _FIRST_LINE].get(column, "")

    def changed(self, file: str, line: int, column: str, text: str) -> Draft:
        """The draft with another text in one cell."""
        name = _without_study(file)
        rows = list(self.tables[name])
        rows[line - _FIRST_LINE] = rows[line - _FIRST_LINE] | {column: text}
        return replace(self, tables=self.tables | {name: rows})

    def reprinted(self, value: Any, text: str) -> Draft:
        """The draft with another text in the cell of a printed value."""
        return self.changed(value.file, value.line, value.column, text)

    def write(self, root: Path) -> Path:
        """Write the study as a data folder.

        Parameters
        ----------
        root
            The folder that holds studies; the study gets a folder of its own in it.

        Returns
        -------
        Path
            The study's folder.

        Raises
        ------
        FileExistsError
            When there is something under the study's name already.
        """
        from ruamel.yaml import YAML

        folder = root / str(self.spec["study"])
        if folder.exists():
            raise FileExistsError(f"{folder.name} is there already; choose another key or another folder")
        (folder / "tables").mkdir(parents=True)
        with (folder / "study.yml").open("w", encoding="utf-8") as stream:
            writer = YAML(typ="safe", pure=True)
            writer.default_flow_style = False
            writer.allow_unicode = True
            # ruamel sets it to None in the class, so mypy knows no other value
            writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
            writer.dump(self.spec, stream)
        for file, columns in self._columns(Study.model_validate(self.spec)).items():
            with (folder / file).open("w", encoding="utf-8", newline="") as stream:
                table = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
                table.writeheader()
                table.writerows(self.tables[file])
        (folder / "README.md").write_text(self._readme(), encoding="utf-8")
        return folder

    def _readme(self) -> str:
        truth = "\n".join(f"| {name} | {value} |" for name, value in self.truth.items())
        return (
            f"# {self.spec['study']}: a synthetic study\n\n"
            "Fully synthetic. No patient, hospital or paper stands behind any figure; do not cite or pool it.\n"
            "It was computed by `haicbook.simulate` from invented patients, whose truth was:\n\n"
            f"| | |\n| --- | --- |\n{truth}\n"
        )


def _without_study(file: str) -> str:
    return file if file == CLAIMS or file.startswith("tables/") else file.partition("/")[2]
