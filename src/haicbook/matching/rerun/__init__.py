"""A paper's matching, run again on synthetic cohorts that have its printed margins."""
