"""The paper that the fictitious study demo2020 was extracted from, as different programs would hand over its text."""

from __future__ import annotations

CLEAN = """A fictitious comparison for tests

Nobody 1,2

Abstract
Background A drug was compared with no drug.
Results After matching, median overall survival was 14.2 months with the drug and 8.7 months without [1].
Keywords nothing

Introduction
A median of 99.9 months was seen elsewhere [2, 3].

Methods
We enrolled 140 patients. Analyses used R version 4.2.2.

Results
Survival
Matched survival is in Figure 1. Median overall survival was 14.2 months (95% CI 10.9–not reached) with the drug and
8.7 months (95% CI 7.1–10.4) without (P = 0.026) [4]. At 12 months, 56.3% and 38.0% were alive.

Table 1 Baseline characteristics
Characteristic\tDrug (n = 60)\tNone (n = 80)\tP\tDrug (n = 50)\tNone (n = 50)\tP
Age, years\t55.2 ± 9.8\t58.1 ± 10.2\t0.092\t55.9 ± 9.6\t56.3 ± 10.1\t0.840
Sex\t\t\t0.733\t\t\t1.000
Male\t50 (83.3%)\t65 (81.3%)\t\t41 (82.0%)\t41 (82.0%)\t
Female\t10 (16.7%)\t15 (18.8%)\t\t9 (18.0%)\t9 (18.0%)\t

Table 2 Response
\tDrug (n = 50)\tNone (n = 50)
CR\t2 (4.0%)\t1 (2.0%)
PR\t20 (40.0%)\t12 (24.0%)
SD\t18 (36.0%)\t20 (40.0%)
PD\t10 (20.0%)\t17 (34.0%)
ORR\t22 (44.0%)\t13 (26.0%)
DCR\t40 (80.0%)\t33 (66.0%)

CR, complete response; PR, partial response.

Table 3 Cox model of overall survival
\tHR (95% CI)\tP
Drug (yes/no)\t0.600 (0.380–0.947)\t0.028
Age, per year\t1.010 (0.990–1.030)\t0.325

Table 4 Adverse events
\tDrug, any\tDrug, grade 3–4\tNone, any\tNone, grade 3–4
Fever\t20 (40.0%)\t2 (4.0%)\t12 (24.0%)\t0
Nausea\t15 (30.0%)\t1 (2.0%)\t14 (28.0%)\t1 (2.0%)

Discussion
Others reported 77.7 months [5–7].

References
1. Nobody. J Tests 2019;12:345–67.
"""


def _swap(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


# recognition: other dashes, tilde ranges, lost and joined ligatures, page furniture between, a letter for a lone zero
RECOGNISED = _swap(
    CLEAN,
    ("10.9–not", "10.9~not"),
    ("7.1–10.4", "7.1−10.4"),
    ("fictitious", "ﬁctitious"),
    ("(24.0%)\t0\n", "(24.0%)\tθ\n"),
    ("Discussion\n", "Journal of Tests 07\n\nDiscussion\n"),
    ("Introduction\n", "Journal of Tests 02\n\nIntroduction\n"),
    ("50 (83.3%)", "50(83.3%)"),
    ("Fever\t", "Fever  \t"),
)

# no tabs, an empty line after each line, rows broken after their labels
BROKEN = "\n\n".join(
    _swap(
        CLEAN.replace("\t\t\t", " ").replace("\t\t", " ").replace("\t", " "),
        ("Nausea 15 (30.0%)", "Nausea\n\n15 (30.0%)"),
        ("(P = 0.026)", "(P =\n\n0.026)"),
        ("Drug (yes/no) 0.600 (0.380–0.947)", "Drug (yes/\nno)\n\n0.600 (0.380–\n0.947)"),
    ).splitlines()
)

LATEX = _swap(
    CLEAN,
    ("55.2 ± 9.8", r"$55.2 \pm 9.8$"),
    ("2 (4.0%)", r"$2(4.0\%)$"),
    ("(24.0%)\t0\n", "(24.0%)\t$\\overline{0}$\n"),
    ("(P = 0.026)", r"$(P = 0.026)$"),
    ("14.2 months (95% CI", r"$14.2 \text{ months } (95\%$ CI"),
    ("[2, 3]", "$[2, 3]$"),
)

HTML = _swap(
    CLEAN,
    ("Abstract\n", "# Abstract\n"),
    ("Methods\n", "## Materials and Methods\n"),
    ("without [1]", "without.<sup>1</sup>"),
    ("elsewhere [2, 3]", "elsewhere<sup>2,3</sup>"),
    ("[5–7]", "[[5]](#page-9-0)<sup>6,7</sup>"),
    ("(P = 0.026) [4]", "(<i>P</i>&nbsp;=&nbsp;0.026)<sup>4</sup>"),
    ("Table 1 Baseline", "**Table 1** Baseline"),
    ("Male\t", "<b>Male</b>\t"),
    ("CR\t2 (4.0%)\t1 (2.0%)", "<tr><td>CR</td><td>2 (4.0%)</td><td>1 (2.0%)</td></tr>"),
)

VARIANTS = {"clean": CLEAN, "recognised": RECOGNISED, "broken": BROKEN, "latex": LATEX, "html": HTML}
