"""The average mouse: as big under antibody as untreated, gone under both. The responder: gone under antibody alone.

The shares in the sentence, one in eight and six in ten, are computed in test_kosinsky2018.py.
"""

from __future__ import annotations

from stories import Arms


def holds(arms: Arms) -> bool:
    end = {name: run.final("TVtot") for name, run in arms.items()}
    return (
        end["anti-PD-L1, average"] > 0.95 * end["untreated"]
        and end["anti-PD-L1, responder"] < 10
        and end["both, average"] < 10
        and end["untreated"] > 1000
    )
