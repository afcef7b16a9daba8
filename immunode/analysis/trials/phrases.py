"""What a trial reported, as a phrase with the labels that the model gives its quantities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from immunode.study.result.row_words import endpoint_phrases, rule_words

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.model.published_trials import TrialResult


def result_words(model: Model, result: TrialResult, rule: str) -> str:
    """Return what a trial reported as a phrase: "mean change of DAS28-CRP by week 24", "share in remission at ...".

    rule : the endpoint of the result, or the condition behind its share, with thresholds written out.
    """
    if result.statistic == "share":
        words = f"share {rule_words(rule, model)}"
    else:
        head = "SD of" if result.statistic == "sd" else result.statistic
        words = f"{head} {endpoint_phrases([rule], model)[rule]}"
    if result.compared:
        words += f", {result.compared} of arms"
    return words
