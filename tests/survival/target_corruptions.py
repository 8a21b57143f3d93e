"""Ways in which a file of targets goes wrong, and what is said of each: the test's cases and CONTRIBUTING's table.

`python tests/survival/target_corruptions.py` prints the table.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

TRIAL = """\
name: a fictitious trial
unit: months
arms: {a: {n: "90", events: "55"}, b: {n: "88"}}
events_total: "118"
median: {a: {estimate: "14.2", ci: ["10.9", NR]}, b: {estimate: "8.7", ci: ["7.1", "10.4"]}, pooled: {estimate: "10.8"}}
landmarks: {a: {"6": {rate: "81.1"}, "12": {rate: "56.3", ci: ["45.9", "69.0"]}}}
hazard_ratio: {arm: a, reference: b, estimate: "0.62", ci: ["0.43", "0.89"]}
logrank_p: "0.009"
follow_up: {median: {a: "16.0", b: "15.1"}, maximum: "40.2", method: reverse_km}
conventions: {interval: auto, ties: breslow, time_grid: auto, rounding: auto, rates: auto}
"""
_LONG = "9" * 400
_BOMB = "x: &x [1, 1]\ny: &y [*x, *x]\nz: [*y, *y]\n"

# kind: (what stands there, what stands there instead, what is said)
CHANGES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "YAML that is malformed": (
        ("arms: {", "arms: {{", ":4: found malformed YAML"),
        ("unit: months", "unit: [months", "found malformed YAML"),
        ("unit: months", "\tunit: months", ":2: found malformed YAML"),
        ("unit: months", "---\nunit: months", "found malformed YAML"),
        ("unit: months", "unit: *months", "found malformed YAML"),
    ),
    "YAML that grows, hangs or asks for more than text": (
        ("unit: months\n", _BOMB, ":3: found the alias *x inside a named part"),
        ("unit: months", "x: &x {<<: *x}", ":2: found the alias *x inside a named part"),
        ("unit: months", "x: " + "[" * 999 + "]" * 999, ":2: found more than 20 levels inside each other"),
        ("unit: months", f"x: &x 1\ny: [{', '.join(['*x'] * 60)}]", ":3: found more than 50 aliases"),
        ("unit: months", "unit: !!python/name:os.system", ":2: found the tag"),
        ("unit: months", "unit: !!binary aGFsbG8=", ":2: found the tag"),
        ("name:", "%YAML 1.1\n---\nname:", ":2: found a %YAML directive"),
    ),
    "characters that do not show": (
        ("fictitious", "fict\x00itious", ":1: found the control character U+0000"),
        ("fictitious", "fict\u202eitious", ":1: found the control character U+202E"),
        ("months", "mon\x07ths", ":2: found the control character U+0007"),
    ),
    "a key that is unknown, doubled or missing": (
        ("logrank_p", "logrank", ":8:logrank: found an unknown key, expected `logrank_p`, perhaps"),
        ("logrank_p", "p", ":8:p: found an unknown key"),
        ('n: "88"', 'm: "88"', ":3:arms.b.m: found an unknown key, expected n, events"),
        ("unit: months", "unit: months\nunit: days", ":3:unit: found the key twice"),
        ("arms:", "groups:", ":arms: found no arms, expected arms, each with n"),
        (', b: {n: "88"}', ", b: {}", ":3:arms.b: found no n"),
        ("arm: a, reference: b, ", "arm: a, ", ":7:hazard_ratio: found no reference"),
        ("{a: {n:", "{'': {n: '9'}, a: {n:", ":3:arms: found an empty key"),
        ("{a: {n:", "{[a]: {n: '9'}, a: {n:", ":3:arms: found a key that is no word"),
    ),
    "something else where keys are needed": (
        ('{n: "88"}', "88", ":3:arms.b: found `88`, expected n, such as"),
        ('{n: "88"}', "[88]", ":3:arms.b: found a list, expected n, such as"),
        ('{rate: "81.1"}', '"81.1"', ":6:landmarks.a.6: found `81.1`, expected a rate"),
        ('{estimate: "10.8"}', '"10.8"', ":5:median.pooled: found `10.8`, expected an estimate"),
        ("name: a fictitious trial", "name: [a]", ":1:name: found a list, expected a text"),
        ("name: a fictitious trial", "name: ''", ":1:name: found"),
    ),
    "a number of patients or events that is none": (
        ('"90"', "90.5", ":3:arms.a.n: found `90.5`, expected a whole number"),
        ('"90"', '"-90"', ':3:arms.a.n: found "-90", expected a whole number'),
        ('"90"', '"90%"', ':3:arms.a.n: found "90%", expected a whole number'),
        ('"90"', "2024-01-01", ":3:arms.a.n: found a date, expected a whole number"),
        ('"90"', "true", ":3:arms.a.n: found a truth value"),
        ('"90"', ".inf", ":3:arms.a.n: found `.inf`"),
        ('"90"', "0x5a", ":3:arms.a.n: found `0x5a`"),
        ('"90"', '"٩٠"', ':3:arms.a.n: found "٩٠"'),
        ('"90"', f'"{_LONG}"', ':3:arms.a.n: found "999'),
        ('"90"', _LONG * 20, ":3:arms.a.n: found `999"),
        ('"90"', '"0"', ":3:arms.a.n: arm a has 0 patients; at least one is needed"),
        ('"90"', '"20000"', ":3:arms.a.n: arm a has 20000 patients; 10000 are the most that is read"),
        ('"55"', '"95"', ":3:arms.a.events: arm a has 95 events among 90 patients"),
        ('"118"', '"180"', ":4:events_total: 180 events are printed in total; 55 to 143 are possible"),
    ),
    "a figure without quotes": (
        ('"14.2"', "14.2", ':5:median.a.estimate: found 14.2 without quotes, expected "14.2", in quotes'),
        ('"0.62"', "0.62", ":7:hazard_ratio.estimate: found 0.62 without quotes"),
        ('"6":', "6.5:", ":6:landmarks.a.6.5: found 6.5 without quotes"),
    ),
    "a figure that cannot be read": (
        ('"14.2"', '"1.1.42"', ':5:median.a.estimate: found "1.1.42" (not a number)'),
        ('"14.2"', '"14,2"', ':5:median.a.estimate: found "14,2" beside "10.9", expected'),
        ('"14.2"', '"about 14"', ':5:median.a.estimate: found "about 14" (not a number)'),
        ('"14.2"', '"14.2%"', ':5:median.a.estimate: found "14.2%" (a percentage)'),
        ('"14.2"', "2024-01-01", ":5:median.a.estimate: found a date, expected a figure"),
        ('"14.2"', f'"{_LONG}"', ':5:median.a.estimate: found "999'),
        ('"0.62"', '"<0.62"', ':7:hazard_ratio.estimate: found "<0.62" (a bound)'),
        ('"0.62"', '"0.62%"', ':7:hazard_ratio.estimate: found "0.62%" (a percentage)'),
        ('"0.89"', "NR", ':7:hazard_ratio.ci: found "NR" (not reached)'),
        ('"0.009"', "NR", ':8:logrank_p: found "NR" (not reached)'),
        ('"40.2"', '">36"', ':9:follow_up.maximum: found ">36" (a bound)'),
        (
            '["0.43", "0.89"]',
            '["0.43", "0.89"], level: "9602"',
            ":7:hazard_ratio.level: found `9602`, expected a level",
        ),
        ('"0.009"', "{value: NR, sided: one}", ':8:logrank_p.value: found "NR" (not reached)'),
        ('["0.43", "0.89"]', '["0.43"]', ":7:hazard_ratio.ci: found a list of 1, expected a list of two figures"),
        ('["0.43", "0.89"]', '"0.43-0.89"', ":7:hazard_ratio.ci: found `0.43-0.89`, expected a list of two"),
    ),
    "a rate that is a fraction, or outside 0 to 100": (
        (
            '"81.1"',
            '"0.811"',
            ':6:landmarks.a.6.rate: found "0.811", as if a fraction, expected a rate in per cent, such',
        ),
        ('"81.1"', '".8"', ':6:landmarks.a.6.rate: found ".8", as if a fraction'),
        ('"81.1"', '"120"', ":6:landmarks.a.6: the 6-month rate of arm a, 120, is outside 0 to 100 per cent"),
        ('"81.1"', '"-8"', ":6:landmarks.a.6: the 6-month rate of arm a, -8, is outside 0 to 100 per cent"),
    ),
    "a time that is none": (
        ('"6":', "soon:", ":6:landmarks.a.soon: found the time `soon`"),
        ('"6":', '"6%":', ":6:landmarks.a.6%: found the time `6%`"),
        ('"6":', '"-6":', ":6:landmarks.a.-6: the -6-month rate of arm a, 81.1, stands at -6 months"),
        ('"12":', '"1,200":', ":6:landmarks.a.1,200: found the time `1,200`"),
        ('"14.2"', '"-14.2"', ":5:median.a: the median of arm a, -14.2, is not a time above 0"),
        ('"16.0"', '"-16.0"', ":9:follow_up.median.a: the median follow-up, -16.0, is not a time above 0"),
        ('"40.2"', '"-40.2"', ":9:follow_up.maximum: follow-up ends at -40.2 months; a time above 0 is needed"),
        ('"14.2", ci: ["10.9", NR]', '"1420"', ":5:median.a: the median of arm a, 1420, is 1420 months; 600 are the"),
    ),
    "a unit or a word that is not known": (
        ("unit: months", "unit: fortnights", ":2:unit: found `fortnights`, expected one of months, years, weeks, days"),
        ("ties: breslow", "ties: cox", ":10:conventions.ties: found `cox`, expected one of auto, efron"),
        ("reverse_km", "guess", ":9:follow_up.method: found `guess`, expected one of unknown, reverse_km"),
        ("reference: b", "reference: c", ":7:hazard_ratio.reference: found `c`, expected one of a, b"),
        ("pooled:", "both:", ":5:median.both: found an unknown key, expected a, b, pooled"),
    ),
    "a ratio or a p-value that cannot be": (
        (
            '"0.43", "0.89"',
            '"-0.43", "0.89"',
            ":7:hazard_ratio.ci: the hazard ratio of a against b, 0.62: its interval",
        ),
        ('"0.62", ci: ["0.43", "0.89"]', '"0", ci: ["0", "0"]', ":7:hazard_ratio.estimate: the hazard ratio of a"),
        ('"0.62", ci: ["0.43", "0.89"]', '"-0.62"', ":7:hazard_ratio.estimate: the hazard ratio of a against b, -0.62"),
        ('"0.009"', '"1.009"', ":8:logrank_p: the log-rank p, 1.009, is outside 0 to 1"),
        ('"0.009"', '"-0.004"', ":8:logrank_p: the log-rank p, -0.004, is outside 0 to 1"),
        ('"0.009"', '">1"', ":8:logrank_p: the log-rank p, >1, is outside 0 to 1"),
    ),
    "figures that contradict each other": (
        ('"56.3", ci: ["45.9", "69.0"]', '"86.3"', ":6:landmarks.a.12: the rate of arm a rises from 81.1 at 6 months"),
        ('"45.9", "69.0"', '"69.0", "45.9"', ":6:landmarks.a.12.ci: the 12-month rate of arm a, 56.3: its interval"),
        ('"14.2"', '"41.2"', ":5:median.a: follow-up ends at 40.2 months, before the median of arm a"),
        ("arm: a, reference: b", "arm: b, reference: a", ":7:hazard_ratio: the hazard ratio of b against a, 0.62, is"),
    ),
}

# kind: (the whole text, what is said)
DOCUMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "a document that says too little": (
        (" \n", ": found an empty file, expected"),
        ("# nothing\n", ": found nothing but comments"),
        ("- a\n- b\n", ": found a list, expected keys and values"),
        ("arms: {}\n", ":1:arms: found no arm"),
        ("arms: {a: {n: 9}}\n", ":1:arms: no median, rate or longest follow-up is printed"),
        ("arms: {a: {n: 9, events: 4}}\nmedian: {a: {estimate: NR}}\n", ":2:median: no median is reached and no rate"),
        ("arms: {a: {n: 9}}\nfollow_up: {median: {a: '9'}}\n", "nothing says when patients die"),
    ),
}

# kind: (what is made under the file's name, what is said)
PLACES: dict[str, tuple[tuple[Callable[[Path], object], str], ...]] = {
    "no file of text in its place": (
        (lambda path: None, ": found no such file"),
        (Path.mkdir, ": found a folder, expected a YAML file"),
        (os.mkfifo, ": found a pipe, expected a YAML file"),
        (lambda path: path.symlink_to(path.name), ": found a link that leads to itself, expected a YAML file"),
        (lambda path: path.symlink_to("/dev/zero"), ": found a device, expected a YAML file"),
        (lambda path: path.write_bytes(b"\xff\xfe"), ":1: found byte 0xff, which is not UTF-8"),
        (lambda path: path.write_bytes(b"x" * 2_000_001), ": found a file of 2.0 MB, expected"),
    ),
}


def table() -> str:
    """A row for each kind: how many cases, and what is said of the first of them."""
    first: dict[str, tuple[int, str]] = {kind: (len(of_kind), of_kind[0][-1]) for kind, of_kind in CHANGES.items()}
    first |= {kind: (len(of_kind), of_kind[0][-1]) for kind, of_kind in DOCUMENTS.items()}
    first |= {kind: (len(of_kind), of_kind[0][-1]) for kind, of_kind in PLACES.items()}
    rows = [f"| {kind} | {count} | {_whole(said)} |" for kind, (count, said) in first.items()]
    return "\n".join(["| What is wrong | Cases | What is said, for instance |", "| --- | --- | --- |", *rows])


def _whole(said: str) -> str:
    words = f"trial.yml{'' if said.startswith(':') else ': … '}{said.split(', expected')[0].rstrip()} …"
    return f"`` {words} ``" if "`" in words else f"`{words}`"


if __name__ == "__main__":
    print(table())
