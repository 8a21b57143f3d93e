"""Across the studies: the same quantity of every arm, side by side."""

from haicbook.study.beside import DOMAINS
from haicbook.synthesis.arms import arm_label, mean_survival, medians, response_rates, study_label
from haicbook.synthesis.benchmarks import benchmarks
from haicbook.synthesis.biases import Scan, scan
from haicbook.synthesis.by_response import ResponseBias, response_bias
from haicbook.synthesis.conclusions import Conclusion, GradeStep, conclude, questions
from haicbook.synthesis.confounders import e_values, tipping_grids
from haicbook.synthesis.curves import (
    Rebuilt,
    bands,
    landmarks,
    lucky_responders,
    periods_of,
    ratio_at_end,
    rebuild,
    shifted,
    slug,
)
from haicbook.synthesis.designs import (
    DRUGS,
    designs,
    disclosures,
    distances,
    facets,
    infusions,
    institutions,
    shared_centres,
    windows,
)
from haicbook.synthesis.effects import ANALYSES, chosen, pool, summary_values, weights_of, within_study_effects
from haicbook.synthesis.harms import common_terms, exceeded, harm_contrasts, harms, paired, thresholds, vocabulary
from haicbook.synthesis.judgements import appraisal, judged, risk_of_bias, unjudged
from haicbook.synthesis.mean_survival import difference_values, restricted_differences, restricted_means
from haicbook.synthesis.patient_flow import STAGES, Lane, flow, late_clock, sequence_clock
from haicbook.synthesis.patients import MEANS, mapping, patients, unlike
from haicbook.synthesis.patients import lost as lost_cells
from haicbook.synthesis.patients import means as patient_means
from haicbook.synthesis.periods import period_ratios, period_values, proportional_hazards, proportional_values
from haicbook.synthesis.reporting import reporting, wanted
from haicbook.synthesis.responses import beside_survival, response_contrasts, responses, same_direction
from haicbook.synthesis.single_arm import (
    TwoStage,
    best_values,
    chances,
    decision_by_best,
    nearest_method,
    operating,
    readings,
    two_stage,
)
from haicbook.synthesis.usage import target_ids, usage

__all__ = [
    "ANALYSES",
    "DOMAINS",
    "DRUGS",
    "MEANS",
    "STAGES",
    "Conclusion",
    "GradeStep",
    "Lane",
    "Rebuilt",
    "ResponseBias",
    "Scan",
    "TwoStage",
    "appraisal",
    "arm_label",
    "bands",
    "benchmarks",
    "beside_survival",
    "best_values",
    "chances",
    "chosen",
    "common_terms",
    "conclude",
    "decision_by_best",
    "designs",
    "difference_values",
    "disclosures",
    "distances",
    "e_values",
    "exceeded",
    "facets",
    "flow",
    "harm_contrasts",
    "harms",
    "infusions",
    "institutions",
    "judged",
    "landmarks",
    "late_clock",
    "lost_cells",
    "lucky_responders",
    "mapping",
    "mean_survival",
    "medians",
    "nearest_method",
    "operating",
    "paired",
    "patient_means",
    "patients",
    "period_ratios",
    "period_values",
    "periods_of",
    "pool",
    "proportional_hazards",
    "proportional_values",
    "questions",
    "ratio_at_end",
    "readings",
    "rebuild",
    "reporting",
    "response_bias",
    "response_contrasts",
    "response_rates",
    "responses",
    "restricted_differences",
    "restricted_means",
    "risk_of_bias",
    "same_direction",
    "scan",
    "sequence_clock",
    "shared_centres",
    "shifted",
    "slug",
    "study_label",
    "summary_values",
    "target_ids",
    "thresholds",
    "tipping_grids",
    "two_stage",
    "unjudged",
    "unlike",
    "usage",
    "vocabulary",
    "wanted",
    "weights_of",
    "windows",
    "within_study_effects",
]
