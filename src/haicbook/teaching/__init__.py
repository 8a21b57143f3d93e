"""The journal club: sessions, handouts, methods in minutes, appraisal sheets, slides, exercises and letters.

What is particular to a paper stands in `teaching/`, as text with named values; each is filled in from the results that
the chapters show, the audit's findings and the judgements of `data/`.
"""
