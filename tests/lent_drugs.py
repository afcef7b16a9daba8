"""The theory baker2013 with a calendar and two drugs of the library, which it has not: for tests of drugs in files."""

from __future__ import annotations

from pathlib import Path

import immunode as im
from immunode.intervention import DrugEffect, drug

FILE = str(Path(__file__))
LINK = DrugEffect("inhibit", "alpha2", size=0.9, half=5.0, source="assumed: a test")
DRUGS = (
    im.Drug("adalimumab", drug("adalimumab_ling").pk, "40 mg sc q2w x 26", [LINK], source="assumed: a test"),
    im.Drug(
        "infliximab", drug("infliximab").pk, "5 mg/kg iv at week 0, 2, 6 then q8w x 6", [LINK], weight=70,
        source="assumed: a test",
    ),
)  # fmt: skip
THEORY = im.load_model("baker2013")
MODEL = THEORY.replace(name="lent_drugs", clock="day", interventions=(*THEORY.interventions, *DRUGS))
