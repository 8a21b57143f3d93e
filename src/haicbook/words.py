"""Names for people: what a slug in data/ is called on a page."""

from __future__ import annotations

_WORDS = {
    "afp": "AFP",
    "alb": "Albumin",
    "albi": "ALBI grade",
    "alp": "ALP",
    "alt": "ALT",
    "alt_ast_increased": "ALT or AST increased",
    "alt_increased": "ALT increased",
    "any_ae": "Any adverse event",
    "apf": "Arterioportal fistula",
    "ast": "AST",
    "ast_increased": "AST increased",
    "bclc": "BCLC stage",
    "ca199": "CA 19-9",
    "child_pugh": "Child–Pugh",
    "cr": "Complete response",
    "dcr": "Disease control rate",
    "date_end": "End of enrolment",
    "date_enrolment_end": "End of enrolment",
    "date_enrolment_start": "Start of enrolment",
    "date_last_follow_up": "End of follow-up",
    "date_start": "Start of enrolment",
    "dor": "Duration of response",
    "dose_fluorouracil": "Dose of fluorouracil",
    "dose_leucovorin": "Dose of leucovorin",
    "dose_oxaliplatin": "Dose of oxaliplatin",
    "ecog": "ECOG performance status",
    "etiology": "Etiology",
    "extrahepatic_metastasis": "Extrahepatic metastasis",
    "first_line": "First-line HAIC",
    "ggt": "GGT",
    "follow_up": "Follow-up",
    "gi_hemorrhage": "Gastrointestinal haemorrhage",
    "haic_courses": "HAIC courses",
    "haic_cycle": "HAIC cycle",
    "haic_interval": "Interval between HAIC courses",
    "hand_foot_syndrome": "Hand–foot syndrome",
    "hbv": "HBV",
    "hcv": "HCV",
    "ivctt": "Inferior vena cava thrombus",
    "liver_pfs": "Liver-specific progression-free survival",
    "mrecist": "mRECIST",
    "orr": "Objective response rate",
    "os": "Overall survival",
    "pd": "Progressive disease",
    "pfs": "Progression-free survival",
    "pr": "Partial response",
    "pvtt": "Portal vein tumour thrombosis",
    "rccep": "RCCEP",
    "recist11": "RECIST 1.1",
    "sd": "Stable disease",
    "sorafenib_start": "Start of sorafenib",
    "tbil": "Total bilirubin",
    "treatment": "Treatment",
    "ttr": "Time to response",
    "tumor_number": "Number of tumours",
    "tumor_size": "Tumour size",
}
# in the order of a table's columns
GRADES = {
    "g12": "grade 1–2",
    "g34": "grade 3–4",
    "g3plus": "grade ≥ 3",
    "gt3": "above grade 3",
    "g5": "grade 5",
    "any": "any grade",
}
ABBREVIATIONS = {
    "orr": "ORR",
    "dcr": "DCR",
    "cr": "CR",
    "pr": "PR",
    "sd": "SD",
    "pd": "PD",
    "os": "OS",
    "pfs": "PFS",
    "liver_pfs": "Liver PFS",
    "dor": "DoR",
    "ttr": "TTR",
}

# GRADE's signs
CERTAINTY = {
    "high": "⊕⊕⊕⊕",
    "moderate": "⊕⊕⊕⊖",
    "low": "⊕⊕⊖⊖",
    "very low": "⊕⊖⊖⊖",
    "not graded": "",
    "no evidence": "–",
}


def label(slug: str) -> str:
    """What a slug is called: `child_pugh` is Child–Pugh, `hand_foot_syndrome` is Hand foot syndrome."""
    return _WORDS.get(slug) or slug.replace("_", " ").capitalize()


def abbreviation(slug: str) -> str:
    """The short form where there is one, else the label."""
    return ABBREVIATIONS.get(slug) or label(slug)


def slug_of(name: str) -> str:
    """The slug that is called so, whatever its case and spelling of tumour; empty where none is."""
    folded = name.casefold().replace("tumor", "tumour")
    return next((slug for slug, words in _WORDS.items() if words.casefold() == folded), "")
