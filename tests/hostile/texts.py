"""Texts that mean harm, in every place of a model; and what a page may hold that shows them.

What they say would leave a file called `hacked` behind if Python or a shell ever executed it, end a string, open an
element or a command, or color a terminal.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from immunode.exchange.omex import write_omex
from immunode.exchange.sbml.writing.writer import write_sbml
from immunode.intervention import Intervention, during, scale
from immunode.model import (
    Compartment,
    Correlation,
    Derived,
    Event,
    Model,
    Observed,
    Parameter,
    PatientClass,
    PatientCovariate,
    Process,
    Requirement,
    State,
    Story,
    Threshold,
    Trial,
    TrialResult,
    Variability,
    Variant,
)  # fmt: skip

F_STRING = "x{__import__('os').system('touch hacked')}"
HOSTILE = {
    "f-string": F_STRING,
    "quotes": "x' + __import__('os').system('touch hacked') + '\"\"\"\\",
    "new line": 'x"\\\nimport os; os.system("touch hacked")\\N{BELL}%s{0}',
    "html": "</script><script>touch('hacked')</script><img src=x onerror=alert(1)> &lt;b&gt; <!--PROGRAMS--> ]]>",
    "markdown": "`` <i>x</i> ` [a](javascript:alert(1)) ![b](http://a.b/c) {onclick=alert(1)} {: onclick=alert(1)}",
    "latex": r"\input{/etc/passwd} \write18{touch hacked} ^^5cinput $\def\x{}$ %",
    "cell": "=cmd|' /C touch hacked'!A0",
    "shell": "$(touch hacked); touch hacked | touch hacked `touch hacked` -o hacked",
    "rich": "[/nothing] [red]x[/red] [link=file:///etc/passwd]x[/link] :skull:",
}
NAMES = {key: " ".join(text.split()) for key, text in HOSTILE.items()}


def evil(key: str) -> Model:
    """Return a model of two states, one of whose parameters asks to be followed, with a hostile text in every place."""
    text, name = HOSTILE[key], NAMES[key]
    told = Parameter("kill", 0.4, "1/day", f"bifurcation parameter from 0.1 to 0.8 {text}", text, bounds=(0.1, 0.8))
    boost = Intervention("boost", scale("kill", 1.5), during(2, 6), source=text, note=text, label=name)
    patients = {
        "variability": [Variability("kill", 0.2, source=text), Variability("full", cv=0.1, source=text)],
        "correlations": [Correlation("kill", "full", 0.3, text)],
        "covariates": [PatientCovariate("grow", "lognormal", median=0.3, sd=0.2, low=0.1, high=0.6, source=text)],
        "classes": [PatientClass(f"{name}{i}", 0.5, {"kill": 0.3 + i / 10}, text, text) for i in (0, 1)],
        "observed": [Observed("T", additive=0.01, source=text)],
        "thresholds": [Threshold(name, "T < 0.6", text, text)],
        "story": Story(text, arms={name: "", f"{name} with": "boost"}, panels=["T", "E"]),
        "trials": [
            Trial(
                name, text, arms={name: "", f"{name} with": "boost"}, patients={name: 20}, only="grow > 0", note=text,
                results=[
                    TrialResult(name, "change(T, 2)", 0.1, low=-1.0, high=1.0, note=text),
                    TrialResult(f"{name} with", f"{name} at 2 days", 0.5, "share", versus=name, compared="difference"),
                ],
            )
        ],
    }  # fmt: skip
    return Model(
        name=name,
        title=text,
        time_unit="day",
        horizon=10,
        system=text,
        reference=text,
        description=text,
        states=[
            State("E", 1.0, "cell", text, source=text, label=name),
            State("T", 0.5, "cell", text, text, compartment=name, label=name),
        ],
        parameters=[
            told,
            Parameter("grow", 0.3, "1/day", text, text, bounds=(0.1, 0.6)),
            Parameter("full", 1.0, "cell", text, text, bounds=(0.5, 2.0)),
        ],
        compartments=[Compartment(name, 1.0, "", text)],
        processes=[
            Process("growth", "-> T", "grow*T*(1 - T/(2*full))", text, text),
            Process("killing", "T ->", "kill*T*full/(full + T)", text, text),
            Process("renewal", "-> E", "grow*(full - E)", text, text),
        ],
        derived=[Derived("load", "T + E", "cell", text)],
        events=[Event(name, {"E": "E + 0.1*full"}, at=3, meaning=text)],
        requirements=[Requirement("grow > 0", text)],
        variants=[Variant(name, {"grow": 0.4}, note=text, source=text)],
        aliases={name: name},
        interventions=[boost],
        readouts=["T", "E"],
        remarks=[text],
        **patients,
    )


def written(model: Model, ending: str) -> str:
    """Return the name of a file that holds a model."""
    file = Path(f"model{ending}")
    if ending == ".json":
        file.write_text(model.to_json(), encoding="utf-8")
    else:
        {".xml": write_sbml, ".omex": write_omex}[ending](model, file)
    return str(file)


class Elements(HTMLParser):
    """Names of elements and attributes of a page, and its addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs


def assert_harmless_html(text: str, scripts: int) -> None:
    found = Elements()
    found.feed(text)
    assert found.elements.count("script") == scripts
    assert not {"i", "b", "iframe", "form"} & set(found.elements)
    for name, value in found.attributes:
        assert not name.startswith("on")
        assert not (value or "").strip().lower().startswith("javascript")
    assert not [1 for name, value in found.attributes if name == "src" and value == "x"]
