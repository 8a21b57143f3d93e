"""The `haicbook` command."""

from __future__ import annotations

import click

from haicbook import __version__
from haicbook.study.check import check_command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="haicbook")
def main() -> None:
    """Five papers on hepatic arterial infusion chemotherapy, rebuilt from the numbers they print.

    Exit status everywhere: 0 well, 1 findings or failures, 2 usage, 3 partial result.
    """


main.add_command(check_command)
