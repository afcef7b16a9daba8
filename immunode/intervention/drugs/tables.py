"""What is known of a drug as tables of text: numbers with sources, covariates, differences between patients, doses."""

from __future__ import annotations

from collections.abc import Iterator

from immunode.intervention.drugs.drug import Drug
from immunode.intervention.drugs.profile import DrugProfile
from immunode.intervention.drugs.wording import covariate_words, occasion_words
from immunode.intervention.pharmacokinetics.compartments import UNITS
from immunode.intervention.pharmacokinetics.target import TARGET_UNITS
from immunode.intervention.times import SHORT
from immunode.model.records import pairs
from immunode.model.views.patients import TextTable, distribution_words, effect_words, error_words


def drug_facts(drug: Drug) -> tuple[tuple[str, str], ...]:
    """Return what is said of a drug in lines: pairs of a word and a text, without empty ones."""
    profile = drug.profile or DrugProfile()
    linear = " of the linear part" if drug.pk.Vmax is not None or drug.pk.target is not None else ""
    routes = " or ".join(drug.routes) or drug.route
    rows = (
        ("sold as", ", ".join(profile.brands)),
        ("class", profile.klass),
        ("target", profile.target),
        ("does", profile.about),
        ("given", f"{routes}; amounts in {drug.pk.mass}, C in {drug.pk.concentration_unit}"),
        ("typical", profile.typical),
        ("studied in", profile.people),
        ("half-life", f"{drug.pk.half_life:.3g} {SHORT[drug.pk.time]}{linear}" if drug.pk.CL else ""),
        ("source", f"{drug.source}{f' ({drug.evidence})' if drug.evidence else ''}"),
        *(("warning", text) for text in profile.warnings),
        *(("left out", text) for text in profile.left_out),
    )
    return tuple((word, text) for word, text in rows if text)


def drug_tables(drug: Drug) -> tuple[TextTable, ...]:
    """Return the tables of a drug that are not empty."""
    profile = drug.profile or DrugProfile()
    correlated = tuple(
        (f"{c.first}, {c.second}", f"correlation {c.value:g}", _elsewhere(drug, c.source)) for c in drug.correlations
    )
    different = tuple((v.parameter, effect_words(v), _elsewhere(drug, v.source)) for v in drug.variability)
    observed = () if drug.observed is None else ((drug.observed.quantity, error_words(drug.observed)),)
    tables = (
        TextTable("Usual regimens (labels, from memory)", ("name", "doses"), tuple(pairs(profile.regimens))),
        TextTable("Numbers", ("number", "value", "unit", "meaning", "evidence", "source"), tuple(_numbers(drug))),
        TextTable("Covariates", ("covariate", "typical", "unit", "multiplies", "meaning"), tuple(_covariates(drug))),
        TextTable("Differences between patients", ("number", "random effect", "source"), different + correlated),
        TextTable(
            "Differences between occasions of one patient",
            ("number", "random effect", "an occasion is", "source"),
            tuple((o.number, occasion_words(o), o.occasion, _elsewhere(drug, o.source)) for o in drug.occasions),
        ),
        TextTable(
            "Patients", ("covariate", "distribution"), tuple((p.parameter, distribution_words(p)) for p in drug.people)
        ),
        TextTable("Errors of measurement", ("quantity", "error"), observed),
        TextTable(
            "Further compartments",
            ("compartment", "unit", "meaning", "source"),
            tuple(
                (p.name, _in_words(p.unit, _unit_words(drug)), p.meaning, _elsewhere(drug, p.source))
                for p in drug.pk.products
            ),
        ),
        TextTable(
            "Flows",
            ("flow", "leads from", "rate", "meaning", "source"),
            tuple((f.name, f.words, f.rate, f.meaning, _elsewhere(drug, f.source)) for f in drug.pk.flows),
        ),
        TextTable(
            "Quantities beside C",
            ("quantity", "is", "unit", "meaning"),
            tuple((r.name, r.expression, r.unit, r.meaning) for r in drug.pk.readouts),
        ),
    )
    return tuple(table.used for table in tables if table.rows)


def _numbers(drug: Drug) -> Iterator[tuple[str, ...]]:
    pk, words = drug.pk, _unit_words(drug)
    for name, (unit, meaning) in UNITS.items():
        value = getattr(pk, name)
        if value is None or (name == "F" and not pk.absorbed) or (name == "lag" and not value):
            continue
        said = pk.formula.get(name) or f"{value:.6g}"
        yield name, said, _in_words(unit, words), meaning, pk.evidence_of(name), _elsewhere(drug, pk.source_of(name))
    if pk.transits:
        yield "transits", f"{pk.transits}", "", "number of transit compartments", "", ""
    for constant in pk.constants:
        unit = _in_words(constant.unit, words)
        source = _elsewhere(drug, constant.source)
        yield constant.name, f"{constant.value:.6g}", unit, constant.meaning, constant.evidence, source
    if pk.target is not None:
        for name, (unit, meaning) in TARGET_UNITS.items():
            value = getattr(pk.target, name)
            if value is not None:
                evidence, source = pk.target.evidence or pk.evidence, _elsewhere(drug, pk.target.source or pk.source)
                yield name, f"{value:.6g}", _in_words(unit, words), meaning, evidence, source


def _covariates(drug: Drug) -> Iterator[tuple[str, ...]]:
    for one in drug.pk.covariates:
        does = covariate_words(one) or "in a formula"
        yield one.name, f"{one.typical:g}" if one.reference is not None else "no", one.unit, does, one.meaning


def _unit_words(drug: Drug) -> dict[str, str]:
    return {"mass": drug.pk.mass, "volume": drug.pk.volume, "time": SHORT[drug.pk.time]}


def _in_words(unit: str, words: dict[str, str]) -> str:
    for word, meant in words.items():
        unit = unit.replace(word, meant)
    return unit


def _elsewhere(drug: Drug, source: str) -> str:
    """Return a source where it is another one than that of the drug."""
    return "" if source == drug.source else source
