"""What interventions do and how they combine: drugs, cards, atlas, synergy, dose response, explanations."""

# names only, to import and to complete; what they stand for is in analysis/treatment/ and intervention/

from __future__ import annotations

from immunode.analysis.treatment.combinations import combination
from immunode.analysis.treatment.combined_effects import Combination, Curve, synergy
from immunode.analysis.treatment.counter_examples import CounterExample
from immunode.analysis.treatment.expectations import Expectation, Expectations, check_expectations
from immunode.analysis.treatment.explanation import Explanation, explain
from immunode.analysis.treatment.hill_curves import DoseResponse, dose_response, hill_fit
from immunode.analysis.treatment.intervention_atlas import Atlas, atlas
from immunode.analysis.treatment.regimen_searches import RegimenSearch, regimen_search
from immunode.analysis.treatment.sequence_maps import SequenceMap, sequence_map
from immunode.analysis.treatment.shapley_shares import ShapleyShares, shapley
from immunode.intervention.composition import card, knobs
from immunode.intervention.drugs.library import DrugEntry, list_drugs
from immunode.intervention.drugs.profile import DrugProfile
from immunode.intervention.operations import Operation
from immunode.model.views.cards import Card

__all__ = [
    "list_drugs", "DrugEntry", "DrugProfile",
    "knobs", "card", "Card", "Operation", "atlas", "Atlas", "check_expectations", "Expectation", "CounterExample",
    "Expectations", "explain", "Explanation", "shapley", "ShapleyShares", "combination", "synergy", "Combination",
    "Curve", "dose_response", "hill_fit", "DoseResponse", "sequence_map", "SequenceMap", "regimen_search",
    "RegimenSearch",
]  # fmt: skip
