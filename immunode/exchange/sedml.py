"""A figure of a model as a SED-ML experiment, which COPASI, tellurium and others run."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from immunode.exchange.sbml.writing.document import CORE, document_ids
from immunode.exchange.sbml.writing.notes import clean
from immunode.model import Model
from immunode.study.run.ready import looked_at_first

SEDML = "http://sed-ml.org/sed-ml/level1/version4"
_LANGUAGE = "urn:sedml:language:sbml.level-3.version-2"
_CVODE, _RTOL = "KISAO:0000019", "KISAO:0000209"
_POINTS = 400


def figure_sedml(arms: Mapping[str, tuple[str, Model]], until: float) -> str:
    """Return SED-ML (Level 1 Version 4) that simulates each arm and draws its readouts over time.

    arms : for each, the SBML file and the model in it.   until : end, in the model's time unit.
    """
    root = Element("sedML", {"xmlns": SEDML, "xmlns:sbml": CORE, "level": "1", "version": "4"})
    parts = {name: Element(f"listOf{name}") for name in ("Models", "Simulations", "Tasks", "DataGenerators", "Outputs")}
    course = {"id": "course", "initialTime": "0", "outputStartTime": "0", "outputEndTime": repr(until)}
    simulation = SubElement(parts["Simulations"], "uniformTimeCourse", {**course, "numberOfSteps": str(_POINTS)})
    algorithm = SubElement(simulation, "algorithm", {"kisaoID": _CVODE, "name": "CVODE"})
    settings = SubElement(algorithm, "listOfAlgorithmParameters")
    SubElement(settings, "algorithmParameter", {"kisaoID": _RTOL, "value": "1e-08", "name": "relative tolerance"})
    curves: dict[str, list[tuple[str, str, str]]] = {}
    for i, (arm, (source, model)) in enumerate(arms.items()):
        name = clean(arm or model.name)
        SubElement(
            parts["Models"], "model", {"id": f"model_{i}", "name": name, "language": _LANGUAGE, "source": source}
        )
        SubElement(
            parts["Tasks"], "task", {"id": f"task_{i}", "modelReference": f"model_{i}", "simulationReference": "course"}
        )
        _generator(parts["DataGenerators"], f"time_{i}", f"task_{i}", f"time in {model.time_unit or '1'}", "")
        targets = _targets(model)
        for j, readout in enumerate(_readouts(model)):
            made = f"curve_{i}_{j}"
            _generator(parts["DataGenerators"], made, f"task_{i}", f"{readout}, {name}", targets[readout])
            curves.setdefault(readout, []).append((f"time_{i}", made, name))
    for j, (readout, lines) in enumerate(curves.items()):
        plot = SubElement(parts["Outputs"], "plot2D", {"id": f"plot_{j}", "name": readout})
        listed = SubElement(plot, "listOfCurves")
        for k, (x, y, name) in enumerate(lines):
            attributes = {"id": f"line_{j}_{k}", "name": name, "order": str(k)}
            SubElement(listed, "curve", {**attributes, "xDataReference": x, "yDataReference": y})
    root.extend(parts.values())
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _readouts(model: Model) -> list[str]:
    known = _targets(model)
    own = [name for name in model.readouts if name in known]
    return own or [name for name in looked_at_first(model.replace(readouts=())) if name in known]


def _targets(model: Model) -> dict[str, str]:
    """Return where each state, derived quantity and flux stands in the SBML file, as XPath."""
    ids = document_ids(model)
    path = "/sbml:sbml/sbml:model/sbml:listOf{0}/sbml:{1}[@id='{2}']"
    made = {s.name: path.format("Species", "species", ids[s.name]) for s in model.states}
    made |= {d.name: path.format("Parameters", "parameter", ids[d.name]) for d in model.derived}
    return made | {p.name: path.format("Reactions", "reaction", ids[p.name]) for p in model.processes}


def _generator(listed: Element, made: str, task: str, name: str, target: str) -> None:
    generator = SubElement(listed, "dataGenerator", {"id": made, "name": name})
    variable = SubElement(SubElement(generator, "listOfVariables"), "variable", {"id": f"{made}_value"})
    variable.set("taskReference", task)
    variable.set("target" if target else "symbol", target or "urn:sedml:symbol:time")
    math = SubElement(generator, "math", {"xmlns": "http://www.w3.org/1998/Math/MathML"})
    SubElement(math, "ci").text = f"{made}_value"
