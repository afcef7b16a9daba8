from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immunode.errors import UnitError
from immunode.language.dimension import NAMED, Dimension, describe, parse_unit, registry, unit_named


@pytest.mark.parametrize(
    ("text", "factor", "powers"),
    [
        ("", 1.0, {}),
        ("cell/day", 1 / 86400, {"cell": 1, "s": -1}),
        ("cells/d", 1 / 86400, {"cell": 1, "s": -1}),
        ("1/(cell day)", 1 / 86400, {"cell": -1, "s": -1}),
        ("mL/(cell*h)", 1e-6 / 3600, {"m": 3, "cell": -1, "s": -1}),
        ("(mL/cell)^2", 1e-12, {"m": 6, "cell": -2}),
        ("pg/mL/h**2", 1e-6 / 3600**2, {"g": 1, "m": -3, "s": -2}),
        ("mg/kg", 1e-3, {"g": 1, "kg": -1}),
        ("µg·mL⁻¹", 1.0, {"g": 1, "m": -3}),
        ("g^(1/2)", 1.0, {"g": Fraction(1, 2)}),
        ("nM", 1e-6, {"mol": 1, "m": -3}),
        ("1e6 cell", 1e6, {"cell": 1}),
        ("%", 0.01, {}),
        ("IU/mL", 1e6, {"IU": 1, "m": -3}),
        ("PFU", 1.0, {"PFU": 1}),
        ("AU", 1.0, {"AU": 1}),
        ("copies/mL", 1e6, {"copy": 1, "m": -3}),
    ],
)
def test_unit_text_becomes_factor_and_powers(text: str, factor: float, powers: dict[str, Fraction | int]) -> None:
    found = parse_unit(text)
    assert found.factor == pytest.approx(factor, rel=1e-12)  # a product of a few rounded factors
    assert dict(found.powers) == powers


def test_the_table_of_units_agrees_with_pint() -> None:
    pint = registry()
    short = {"second": "s", "meter": "m", "gram": "g", "mole": "mol", "body_kg": "kg"}
    for name, own in NAMED.items():
        if name == "AU" or name == "copies" or name == "%":
            continue
        factor, roots = pint.get_root_units(pint.parse_units("body_kg" if name == "kg" else name))
        # Pint may carry other digits of the dalton than the table
        assert own.factor == pytest.approx(float(factor), rel=1e-8), name
        assert {b: float(p) for b, p in own.powers} == {short.get(b, b): p for b, p in roots._units.items()}, name


def test_units_beyond_the_table_come_from_pint() -> None:
    assert parse_unit("mmHg").factor == pytest.approx(133322.387415, rel=1e-9)  # pascal in g/(m s2); NIST SP 811
    assert dict(parse_unit("mmHg").powers) == {"g": 1, "m": -1, "s": -2}
    assert parse_unit("kcal/day").factor == pytest.approx(4184e3 / 86400, rel=1e-12)  # thermochemical calorie
    assert parse_unit("Mcell").same(parse_unit("1e6 cell"))


def test_body_mass_is_no_mass() -> None:
    assert not parse_unit("mg/kg").dimensionless
    assert not parse_unit("kg").same(parse_unit("1000 g"))
    with pytest.raises(UnitError, match="write kg for body mass"):
        parse_unit("kilogram")


def test_names_of_a_model_come_before_the_known_ones() -> None:
    assert parse_unit("N/h", ("N",)).powers == (("N", Fraction(1)), ("s", Fraction(-1)))
    assert not parse_unit("N").same(parse_unit("N", ("N",)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cel/day", "unknown unit 'cel' in 'cel/day'; did you mean 'cell'"),
        ("Day", "did you mean 'day'"),
        ("N_unti", r"did you mean 'N_unit'.*units=\[Unit"),
        ("degC", "has an offset"),
        ("degF/day", "has an offset"),
        ("dB", "logarithmic"),
        ("1/cell day", r"can be read in two ways"),
        ("/h", "'/' stands where a unit must"),
        ("mg/", "ends too early"),
        ("m**", "is not a number"),
        ("m**x", "is not a number"),
        ("(m", r"'\)' is missing"),
        ("m)", r"can't read the unit 'm\)'"),
        ("m**200", "too large"),
        ("m**(1/0)", "divided by 0"),
        ("1e999 m", "has the size inf"),
        ("0 m", "has the size 0"),
        ("-1 m", "'-' stands where"),
        ("(" * 90 + "m" + ")" * 90, "nested too deeply"),
        ("m" * 1000, "too long"),
        ("m;s", "unexpected character ';'"),
        ("__import__('os')", "unexpected character"),
    ],
)
def test_what_is_no_unit_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        parse_unit(text, ("N_unit",))


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(UnitError, match="a unit is text, but int"):
        parse_unit(1)


units = st.sampled_from(["cell", "day", "mg/L", "nM", "kg", "1/h", "mL/cell", "IU", ""]).map(parse_unit)


@given(units, units, units)
def test_units_multiply_like_numbers(a: Dimension, b: Dimension, c: Dimension) -> None:
    assert (a * b).same(b * a)
    assert ((a * b) * c).same(a * (b * c))
    assert (a / b * b).same(a)
    assert (a**2).same(a * a)
    assert (a ** Fraction(1, 2) * a ** Fraction(1, 2)).same(a)
    assert (a / a).dimensionless
    assert (a**0).dimensionless


@given(units, units, st.integers(-3, 3))
def test_a_described_unit_reads_back_as_itself(a: Dimension, b: Dimension, power: int) -> None:
    unit = a * b**power
    if unit.powers:
        assert parse_unit(describe(unit)).same(unit)


def test_a_unit_is_described_in_the_names_given_first() -> None:
    unit = parse_unit("cell/h")
    assert describe(unit, ["day"]) == "cell/h"
    assert describe(parse_unit("ug/mL"), ["ug", "mL"]) == "ug/mL"
    assert describe(parse_unit("N/day", ("N",)), ["N", "day"], ("N",)) == "N/day"
    assert describe(parse_unit("7 cell")) == "7 cell"
    assert str(Dimension()) == "dimensionless"


def test_a_unit_of_one_name_is_found() -> None:
    assert unit_named("week").factor == 7 * unit_named("day").factor
