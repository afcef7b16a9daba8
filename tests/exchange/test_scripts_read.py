"""Texts of rxode2 and mrgsolve are read to the right numbers, or refused by the number of the line."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import immunode as im
from immunode.errors import ModelError
from immunode.exchange.scripts.mrgsolve import to_mrgsolve
from immunode.exchange.scripts.reading import read_script
from immunode.exchange.scripts.rxode2 import to_rxode2
from immunode.model import Model
from tests.exchange.test_scripts import Truth

RXODE2 = """
one <- function() {
  ini({
    ka <- 1.5   # 1/h
    cl <- 2
    v <- 10
    eta.cl ~ 0.1
  })
  model({
    ke <- cl/v
    d/dt(depot) = -ka*depot
    d/dt(central) = ka*depot - ke*central^1
    depot(0) = 100
    cp = central/v
    cp ~ prop(0.1)
  })
}
"""
MRGSOLVE = """
$PROB one
$PARAM @annotated
KA : 1.5 : absorption (1/h)
$PARAM CL = 2, V = 10
$CMT DEPOT CENTRAL
$MAIN
double ke = CL/V;
DEPOT_0 = 100;
$ODE
dxdt_DEPOT = -KA*DEPOT;
dxdt_CENTRAL = KA*DEPOT - ke*pow(CENTRAL, 1);
$TABLE
double CP = CENTRAL/V;
$CAPTURE CP
"""


@pytest.mark.parametrize(("text", "state"), [(RXODE2, "central"), (MRGSOLVE, "CENTRAL")])
def test_a_simple_text_is_read(text: str, state: str) -> None:
    model = read_script(text, time_unit="hour")
    ka, ke = 1.5, 0.2
    run = im.simulate(model, until=3, rtol=1e-9)
    want = 100 * ka / (ka - ke) * (math.exp(-ke * 3) - math.exp(-ka * 3))
    assert run.final(state) == pytest.approx(want, rel=1e-6)
    assert model.remarks


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("if (x > 1) k = 2", "line 3.*a branch"),
        ("linCmt()", "line 3.*closed-form"),
        ("x + 2", "line 3.*no 'name = expression'"),
        ("f(x) = 0.5", "line 3.*an available fraction"),
        ("alag(x) = 0.5", "line 3.*a lag of doses"),
        ("5*x = 0.5", "line 3.*neither a name"),
        ("k = 2", "line 3.*second time"),
        ("d/dt(x) = -2*x", "line 3.*second time"),
        ("y = z*2", "line 3: 'z' in 'y' has no value"),
        ("y = import(2)", "line 3"),
    ],
)
def test_other_lines_are_refused_by_number(line: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read_script(f"k = 1\nd/dt(x) = -k*x\n{line}\n")


@pytest.mark.parametrize("write", [to_mrgsolve, to_rxode2])
@pytest.mark.parametrize("name", ["jin2025", "gc_immune", "ma2020"])
def test_what_is_written_reads_back(name: str, write: Callable[[Model], str]) -> None:
    model = im.load_model(name)
    again = read_script(write(model))
    values = {p.name: p.value for p in again.parameters}
    assert len(values) == len(model.parameters)
    rng = np.random.default_rng(3)
    y = dict(zip((s.name for s in again.states), (float(v) for v in rng.uniform(0.5, 2.0, 99)), strict=False))
    want = Truth(model, 5.0, dict(zip((s.name for s in model.states), y.values(), strict=False))).rates()
    got = Truth(again, 5.0, {**y, **{s.name: 0.0 for s in again.states[len(model.states) :]}}).rates()
    assert np.allclose(got[: len(want)], want, rtol=1e-9)


def test_braces_may_stand_in_one_line_and_starts_may_be_computed() -> None:
    model = read_script("ini({k=0.2; tv <- log(5)})\nmodel({d/dt(x) = -k*exp(tv)*x; x(0) = 3})\n")
    assert im.simulate(model, until=1, rtol=1e-9).final("x") == pytest.approx(3 * math.exp(-1.0), rel=1e-6)


PARTS = """
one.cmt <- function() {
  ini({
    tka <- 0.45; label("log of ka")
    tcl <- log(c(0, 2.7, 100))  # bounds around the value
    tv <- fix(3.45)
    eta.ka ~ 0.6
    eta.cl + eta.v ~ c(0.3, 0.01, 0.1)
    add.sd <- c(0, 0.7)
  })
  model({
    ka <- exp(tka + eta.ka)
    cl <- exp(tcl + eta.cl)
    v ~ exp(tv + eta.v)
    d/dt(depot) = -ka*depot
    d/dt(central) = ka*depot -
      cl/v*central
    depot(0) <- 100
    cp = central/v
    cp ~ add(add.sd)
  })
}
"""
CLASSIC = """
library(rxode2)
mod1 <- rxode2({
   C2 <- central/V2;
   d/dt(depot) <- -KA*depot;
   d/dt(central) <- KA*depot - CL*C2;
   depot(0) = 100; KA = .5
   CL = 2.7; V2 = 10
})
"""
BRACKETS = """
[ PROB ]
One compartment

[ PARAM ] @annotated
CL : 2.7 : clearance (volume/time)
V  : 10  : central volume: all of it

[ THETA ] 0.5
[ OMEGA ] @labels EKA
0.1
[ CMT ] @annotated
DEPOT   : under the skin
CENTRAL : blood
[ GLOBAL ]
#define CP (CENTRAL/V)
[ MAIN ]
double ka = THETA1*exp(EKA + ETA(2));
/* an old line;
   DEPOT_0 = 5; */
DEPOT_0 = 100;  // mg
[ ODE ]
dxdt_DEPOT = -ka*DEPOT;
dxdt_CENTRAL = ka*DEPOT
             - CL*CP;
[ TABLE ]
capture IPRED = CP;
"""


@pytest.mark.parametrize(
    ("text", "state", "ka", "ke"),
    [
        (PARTS, "central", math.exp(0.45), 2.7 / math.exp(3.45)),
        (CLASSIC, "central", 0.5, 0.27),
        (BRACKETS, "CENTRAL", 0.5, 0.27),
    ],
    ids=["function", "classic", "brackets"],
)
def test_texts_as_they_are_written_give_the_typical_patient(text: str, state: str, ka: float, ke: float) -> None:
    run = im.simulate(read_script(text), until=3, rtol=1e-9)
    want = 100 * ka / (ka - ke) * (math.exp(-ke * 3) - math.exp(-ka * 3))
    assert run.final(state) == pytest.approx(want, rel=1e-6)


def test_what_is_left_out_of_a_text_is_told() -> None:
    said = " ".join(read_script(PARTS).remarks)
    assert "eta.ka, eta.cl, eta.v" in said
    assert "line 20: 'cp ~ add(add.sd)' is left out" in said


@pytest.mark.parametrize(
    ("main", "ode", "words"),
    [
        ("F_A = 0.5;", "", "line 4: 'F_A' is an available fraction of doses"),
        ("ALAG_A = k*2;", "", "line 4: 'ALAG_A' is a lag of doses"),
        ("D_A = 4;", "", "line 4: 'D_A' is a modeled duration"),
        ("double half = k*(1/2);", "", "line 4.*divides whole numbers"),
        ("if(k > 1) A_0 = 2;", "", "line 4.*a branch"),
        ("", "double z = k > 1 ? 2 : 3;", r"line 6: unexpected character '\?'"),
        ("", "#ifdef X", "line 6.*preprocessor"),
        ("", "double z = k; z = 2*z;", "line 6: 'z' is set a second time"),
        ("", "double k = 2;", "line 6: 'k' is set a second time"),
        ("", '$PKMODEL cmt="A"', "line 6: the block \\$PKMODEL"),
        ("B_0 = 1;", "", "compartment 'B' has no equation"),
    ],
)
def test_lines_of_mrgsolve_are_refused_by_number(main: str, ode: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read_script(f"$PARAM k = 1\n$CMT A\n$MAIN\n{main}\n$ODE dxdt_A = -k*A;\n{ode}\n")


def test_a_division_of_decimals_is_not_taken_for_one_of_whole_numbers() -> None:
    model = read_script("$PARAM k = 1\n$CMT A\n$MAIN\nA_0 = 8.0/2.0 + 1e-3/2.0;\n$ODE\ndxdt_A = -k/2*A;\n")
    assert im.simulate(model, until=1, rtol=1e-9).final("A") == pytest.approx(4.0005 * math.exp(-0.5), rel=1e-7)
