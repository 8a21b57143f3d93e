"""What the shells offer after TAB: studies, parameters with their choices, endpoints. Without any heavy library.

Click writes the scripts and asks for the words; bash and zsh get scripts of our own, because bash breaks words at the
`=` and `:` that `-p NAME=VALUE` and `STUDY:ENDPOINT` have, and both would put a space behind them.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable

import click
from click.shell_completion import BashComplete, CompletionItem, ZshComplete, add_completion_class, split_arg_string

from haicbook.book.notebooks import is_cross_study, names, parameters_at_once
from haicbook.book.parameters import Choices, Parameter, shown
from haicbook.paths import build_dir, data_dir, notebooks_dir

# those that survival.from_study reads
_ENDPOINTS = ("os", "pfs", "liver_pfs")

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' line type value
    for line in $(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \
%(complete_var)s=bash_complete "$1"); do
        IFS=',' read -r type value <<< "$line"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("$value")
                [[ $value == *[=:] ]] && compopt -o nospace ;;
        esac
    done
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a response ended open
    local type value help
    response=("${(@f)$(env COMP_WORDS="${words[1,CURRENT]}" COMP_CWORD=$((CURRENT - 1)) \
%(complete_var)s=zsh_complete ${~words[1]})}")
    for type value help in "${response[@]}"; do
        case $type in
            dir) _path_files -/ ;;
            file) _path_files ;;
            plain)
                if [[ $value == *[=:] ]]; then
                    open+=("${value//:/\\\\:}:$help")
                else
                    ended+=("${value//:/\\\\:}:$help")
                fi ;;
        esac
    done
    (( $#ended )) && _describe -V value ended -U
    (( $#open )) && _describe -V value open -U -S ''
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


@add_completion_class
class Bash(BashComplete):
    """Bash's words as they were typed, and of each offer the part that bash is going to replace."""

    source_template = _BASH
    _kept = 0

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is being typed, and that one."""
        if "COMP_LINE" not in os.environ:
            return super().get_completion_args()
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)
        typed = "" if line[-1:].isspace() else words.pop()
        breaks = [mark for mark in "=:" if mark in os.environ.get("COMP_WORDBREAKS", "")]
        self._kept = 1 + max((typed.rfind(mark) for mark in breaks), default=-1)
        return words[1:], typed

    def format_completion(self, item: CompletionItem[str]) -> str:
        """A line for the script."""
        return f"{item.type},{item.value[self._kept :]}"


@add_completion_class
class Zsh(ZshComplete):
    """Zsh's words with their help; ends that are open, NAME= and STUDY:, get no space behind them."""

    source_template = _ZSH

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Three lines for the script, which escapes colons itself."""
        return f"{item.type}\n{item.value}\n{item.help or ''}"


def papers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The studies of data/ that are not named yet."""
    return _starting(incomplete, _others(sorted(path.parent.name for path in data_dir().glob("*/study.yml")), ctx))


def papers_or_folder(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The studies of data/, or any folder when what is typed begins none of them."""
    return papers(ctx, param, incomplete) or [CompletionItem(incomplete, type="dir")]


def notebooks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The notebooks that are not named yet."""
    return _starting(incomplete, _others(names(), ctx))


def runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The notebooks, whose runs have the defaults, and the runs with changed parameters."""
    changed = sorted(path.name for path in (build_dir() / "runs").glob("*-*") if path.is_dir())
    return _starting(incomplete, [*names(), *changed])


def assignments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """`NAME=` of each parameter that all named studies have, and behind it the choices, or the defaults of a range."""
    chosen = _named(ctx)
    sources = [parameters_at_once(notebooks_dir() / f"{name}.md") for name in chosen or names()]
    name, equals, _ = incomplete.partition("=")
    if equals:
        found = (parameter for parameters in sources for parameter in parameters if parameter.name == name)
        return _starting(incomplete, {f"{name}={value}": note for each in found for value, note in _values(each)})
    given = {assignment.partition("=")[0] for assignment in ctx.params.get("assignments") or ()}
    known = {each.name: f"{each.may_be}: {each.help}" for parameters in sources for each in parameters}
    shared = set.intersection(*({each.name for each in parameters} for parameters in sources)) if chosen else {*known}
    return _starting(incomplete, {f"{key}=": note for key, note in known.items() if key in shared - given})


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """`STUDY:`, and behind it what can be reconstructed; a file when what is typed begins no study."""
    studies = [name for name in names() if not is_cross_study(name)]
    study, colon, _ = incomplete.partition(":")
    if colon and study in studies:
        return _starting(incomplete, [f"{study}:{rest}" for rest in _reconstructible(study)])
    return _starting(incomplete, [f"{name}:" for name in studies]) or [CompletionItem(incomplete, type="file")]


def _reconstructible(study: str) -> list[str]:
    """ENDPOINT:POPULATION[:CRITERION] of which the running text prints something."""
    with (data_dir() / study / "claims.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["endpoint"] in _ENDPOINTS]
    found = {(row["endpoint"], row["population"], row["criterion"]) for row in rows}
    return sorted(":".join(filter(None, key)) for key in found)


def _values(parameter: Parameter) -> list[tuple[str, str]]:
    if isinstance(parameter.allowed, Choices):
        return [(shown(value), parameter.help) for value in parameter.allowed.values]
    return [(shown(parameter.default), f"the default; {parameter.may_be}: {parameter.help}")]


def _named(ctx: click.Context) -> list[str]:
    # when an option still waits for its value, click has not yet sorted what was typed into arguments
    typed = [*(ctx.params.get("studies") or ()), *ctx.args]
    return [name for name in names() if name in typed]


def _others(known: Iterable[str], ctx: click.Context) -> list[str]:
    typed = {*(ctx.params.get("studies") or ()), *ctx.args}
    return [name for name in known if name not in typed]


def _starting(incomplete: str, offers: dict[str, str] | list[str]) -> list[CompletionItem[str]]:
    notes = offers if isinstance(offers, dict) else dict.fromkeys(offers, "")
    return [CompletionItem(value, help=note or None) for value, note in notes.items() if value.startswith(incomplete)]
