"""Matching on the propensity score: of patients in rows, and of many cohorts at once."""
