"""The reader of PEtab's formulas, on random, deep, long and large texts."""

from __future__ import annotations

import numpy as np

from immunode.errors import StudyError
from immunode.exchange.petab.formulas import parse_formula

WORDS = "a b time inf true 1 2.5 1e3 1e __import__ lambda 0x1 1_000 piecewise( log( log10( min( sign( exp("
PIECES = [*WORDS.split(" "), *"()+-*/^<=.,[]{};:@$é\"'٣", "**", "!", "&&", "||", "<=", "==", "!="]


def test_no_text_of_a_formula_does_more_than_be_refused() -> None:
    """5,000 texts of a fixed seed, and deep, long and large ones: a formula, or one line that says why not."""
    rng = np.random.default_rng(5)
    texts = ["".join(rng.choice(PIECES, int(rng.integers(0, 12)))) for _ in range(5000)]
    texts += ["(" * 5000 + "1" + ")" * 5000, "^".join(["2"] * 5000), "1" * 5000, "a(" * 3000, "a+" * 60_000]
    told = []
    for text in texts:
        try:
            parse_formula(text, {"a": "a", "b": "b"}, "a test")
        except StudyError as error:
            told.append(str(error))
    assert 1000 < len(told) < len(texts) - 50
    assert max(map(len, told)) < 400
    assert not any("\n" in line for line in told)
