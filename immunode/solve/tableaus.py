"""The coefficients of the methods, as published; nothing here computes anything."""

from __future__ import annotations

from dataclasses import dataclass

Row = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplicitPair:
    """An explicit Runge-Kutta pair whose last stage is the first of the next step; the one before is at its time too.

    a : rows of stages 2, 3, ...; the last one is the solution.   nodes : c of stages 2, 3, ...
    error : weights of the slopes in the error estimate.
    order : of the solution.   error_order : the estimate is O(h^error_order).
    real_limit : the method is stable for h*lambda in [-real_limit, 0].
    """

    name: str
    order: int
    error_order: int
    a: tuple[Row, ...]
    nodes: Row
    error: Row
    real_limit: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FifthOrderPair(ExplicitPair):
    """One with a quartic inside the step.

    quartic : weights of the slopes in the coefficient q of the continuous extension
        hermite(x) + x^2 (1 - x)^2 h q, where hermite is the cubic through both ends and their slopes.
    """

    quartic: Row


@dataclass(frozen=True, slots=True)
class Rosenbrock:
    """A Rosenbrock method in the form that needs no product with the Jacobian (Hairer & Wanner 1996, IV.7).

    Stage i solves (1/(h gamma) - J) k_i = f(t + nodes_i h, y + sum a_ij k_j) + sum c_ij k_j / h + h times_i df/dt.
    The solution is y + sum a_sj k_j + k_s, the error estimate is k_s.
    a, c : rows of stages 2, 3, ...   nodes, times : of all stages.
    dense : three rows of weights of the k; with D1, D2, D3 so formed the continuous extension is
        (1 - x) y0 + x (y1 + (1 - x) (D1 + x (D2 + x D3))).
    shape : where a state follows others at once (h*lambda far below -1) with a rate that depends on them, such as a
        ligand bound by much antibody, the error of this extension is large and nearly a multiple of
        x (1 - x) (x - shape_0) (x - shape_1). Found by ourselves, see the test of `tableaus`.
    """

    name: str
    order: int
    error_order: int
    gamma: float
    a: tuple[Row, ...]
    c: tuple[Row, ...]
    nodes: Row
    times: Row
    dense: tuple[Row, Row, Row]
    shape: tuple[float, float]
    source: str


TSIT5 = FifthOrderPair(
    name="tsit5",
    order=5,
    error_order=5,
    a=(
        (0.161,),
        (-0.008480655492356989, 0.335480655492357),
        (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
        (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
        (5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383),
        (
            0.09646076681806523,
            0.01,
            0.4798896504144996,
            1.379008574103742,
            -3.290069515436081,
            2.324710524099774,
        ),
    ),
    nodes=(0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0),
    error=(
        0.00178001105222577714,
        0.0008164344596567469,
        -0.007880878010261995,
        0.1447110071732629,
        -0.5823571654525552,
        0.45808210592918697,
        -0.015151515151515152,
    ),
    quartic=(
        -1.0530884977290216,
        0.1017,
        2.490627285651252793,
        -16.54810288924490272,
        47.37952196281928122,
        -34.87065786149660974,
        2.5,
    ),
    real_limit=3.5,
    source="Tsitouras 2011, doi:10.1016/j.camwa.2011.06.002",
)

_LAST = (-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946)

RODAS5P = Rosenbrock(
    name="rodas5p",
    order=5,
    error_order=5,
    gamma=0.21193756319429014,
    a=(
        (3.0,),
        (2.849394379747939, 0.45842242204463923),
        (-6.954028509809101, 2.489845061869568, -10.358996098473584),
        (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
        _LAST,
        (*_LAST, 1.0),
        (*_LAST, 1.0, 1.0),
    ),
    c=(
        (-14.155112264123755,),
        (-17.97296035885952, -2.859693295451294),
        (147.12150275711716, -1.41221402718213, 71.68940251302358),
        (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
        (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471),
        (
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ),
        (
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ),
    ),
    nodes=(0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0),
    times=(
        0.21193756319429014,
        -0.42387512638858027,
        -0.3384627126235924,
        1.8046452872882734,
        2.325825639765069,
        0.0,
        0.0,
        0.0,
    ),
    dense=(
        (
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ),
        (
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ),
        (
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ),
    ),
    shape=(0.15, 0.636),
    source="Steinebach 2023, doi:10.1007/s10543-023-00967-x",
)
