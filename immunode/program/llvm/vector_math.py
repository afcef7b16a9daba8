"""exp, log and pow as plain vector arithmetic, so that they run in all lanes at once on any machine.

Relative error below 1e-15 where the result is a normal number (see tests/program/test_vector_math.py); zero, infinity,
NaN, negative and subnormal arguments and results as in C99. No table, no branch, no fused operation is relied on.
Sources: range reduction and the polynomial of log as in FDLIBM (Sun 1993); exact products and sums Dekker 1971,
doi:10.1007/BF01397083; the polynomial of exp is a Chebyshev fit of ours (mpmath, 40 digits).
"""

from __future__ import annotations

import math
import struct

from immunode.program.llvm.text import Code, Value

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts; the first has 32 trailing zero bits, so that small whole multiples of it are exact."""
_MAGIC = 6755399441055744.0
"""1.5 * 2^52: adding it rounds to a whole number, whose bits are then the lowest."""
_LOG = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip
_ATANH = tuple(2.0 / (2 * k + 1) for k in range(1, 12))
"""Taylor's, where more digits are needed than FDLIBM's polynomial has."""
_EXP = (
    0.5000000000000001, 0.16666666666666669, 0.04166666666662399, 0.008333333333330051, 0.001388888891728333,
    0.0001984126986310715, 2.480152118783432e-05, 2.7557268376851323e-06, 2.762013985250333e-07, 2.510042502811674e-08,
)  # fmt: skip
"""(e^z - 1 - z) / z^2 for |z| <= ln 2 / 2, absolute error 1.1e-16."""
_SPLIT = 134217729.0


def exp(code: Code, x: Value, low: Value | None = None, bounded: bool = False) -> Value:
    """Return e**(x + low), where low is tiny against x.

    bounded : the result stops at 1e-307 and 1e307 instead of going to zero and infinity; that is faster, and for what
        is added to 1 it makes no difference above 1e-307.
    """
    highest, lowest = (707.0, -707.0) if bounded else (710.0, -746.0)
    with code.exactly():
        # beyond these bounds the result is zero or infinite anyway; NaN passes
        x = code.select(code.compare("ogt", x, highest), code.number(highest), x)
        x = code.select(code.compare("olt", x, lowest), code.number(lowest), x)
        shifted = code.fused(x, 1.0 / math.log(2.0), _MAGIC)
        whole = shifted - _MAGIC
        r = code.fused(whole, -_LN2_HIGH, x)
        z = code.fused(whole, -_LN2_LOW, r if low is None else r + low)
        square = z * z
        small = code.fused(square, _even_odd(code, z, square, _EXP), z)
        power = code.cast(shifted, "i") - int.from_bytes(_bytes(_MAGIC), "little")
        if bounded:
            scale = _two_to(code, power)
            return code.fused(scale, small, scale)
        half = code.bits("ashr", power, 1)
        one, two = _two_to(code, half), _two_to(code, power - half)
        # 2^n in two factors: the first product is exact, so a subnormal result is rounded once
        return code.fused(one, small, one) * two


def log(code: Code, x: Value, normal: bool = False) -> Value:
    """Return the natural logarithm.

    normal : x is known to be a positive normal number, infinite or NaN; that is faster.
    """
    with code.exactly():
        k, f = _split(code, x, subnormal=not normal)
        s = f / (f + 2.0)
        z = s * s
        r = z * _even_odd(code, z, z * z, _LOG)
        half = f * f * 0.5
        result = k * _LN2_HIGH - ((half - code.fused(s, half + r, k * _LN2_LOW)) - f)
        if normal:
            return code.select(code.compare("olt", x, math.inf), result, x)
        return _log_edges(code, x, result)


def power(code: Code, x: Value, y: Value) -> Value:
    """Return x**y; the logarithm is carried in two numbers so that large exponents cost no precision."""
    with code.exactly():
        size = code.intrinsic("fabs", x)
        high, low = _log_in_two(code, size)
        high = _log_edges(code, size, high)
        ordinary = code.compare("olt", code.intrinsic("fabs", high), 1e4)
        low = code.select(ordinary, low, 0.0)
        product = high * y
        rest = _product_error(code, high, y, product) + low * y
        # far out, and for infinite y, the remainder is NaN or means nothing
        near = code.compare("olt", code.intrinsic("fabs", product), 800.0) & code.compare("ord", rest, rest)
        result = exp(code, product, code.select(near, rest, 0.0))
        result = _sign_of_power(code, x, y, result)
        same = code.compare("oeq", y, 0.0) | code.compare("oeq", x, 1.0)
        minus_one = code.compare("oeq", x, -1.0) & code.compare("oeq", code.intrinsic("fabs", y), math.inf)
        return code.select(same | minus_one, code.number(1.0), result)


def _sign_of_power(code: Code, x: Value, y: Value, result: Value) -> Value:
    """Return the power with its sign; NaN for a negative base and an exponent that is not whole."""
    sign = code.bits("and", code.cast(x, "i"), -(2**63))
    negative = code.compare("ne", sign, 0)
    whole = code.compare("oeq", code.intrinsic("floor", y), y)
    halved = y * 0.5
    odd = whole & code.compare("une", code.intrinsic("floor", halved), halved)
    signed = code.cast(code.bits("or", code.cast(result, "i"), sign), "f")
    result = code.select(negative & odd, signed, result)
    undefined = code.compare("olt", x, 0.0) & ~whole & code.compare("ogt", x, -math.inf)
    return code.select(undefined, code.number(math.nan), result)


def rough_log2(code: Code, x: Value) -> Value:
    """Return log2 to 1e-4 for a positive normal number; for the control of steps."""
    k, f = _split(code, x, subnormal=False)
    s = f / (f + 2.0)
    z = s * s
    return code.fused(s, code.fused(z, 2.0 / 3.0 / math.log(2.0) * 1.015, 2.0 / math.log(2.0)), k)


def rough_exp2(code: Code, x: Value) -> Value:
    """Return 2**x to 1e-5 for |x| < 1000; for the control of steps."""
    shifted = x + _MAGIC
    with code.exactly():
        whole = shifted - _MAGIC
    z = (x - whole) * math.log(2.0)
    p: Value = code.number(1.0 / 120.0)
    for c in (1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0):
        p = code.fused(p, z, c)
    return p * _two_to(code, code.cast(shifted, "i") - int.from_bytes(_bytes(_MAGIC), "little"))


def rough_inverse(code: Code, x: Value) -> Value:
    """Return 1/x to 1e-4 for a positive normal number: a linear guess in its bits, and two steps of Newton's."""
    guess = code.cast(code.integer(0x7FDE623822FC16E6) - code.cast(x, "i"), "f")
    for _ in range(2):
        guess = guess * code.fused(-x, guess, 2.0)
    return guess


def _bytes(x: float) -> bytes:
    return struct.pack("<d", x)


def _two_to(code: Code, n: Value) -> Value:
    return code.cast(code.bits("shl", n + 1023, 52), "f")


def _even_odd(code: Code, x: Value, square: Value, coefficients: tuple[float, ...]) -> Value:
    """Return the polynomial as two of half the length, which run side by side."""
    even, odd = coefficients[0::2], coefficients[1::2]
    parts = []
    for part in (even, odd):
        p: Value = code.number(part[-1])
        for c in part[-2::-1]:
            p = code.fused(p, square, c)
        parts.append(p)
    return code.fused(parts[1], x, parts[0])


def _split(code: Code, x: Value, subnormal: bool = True) -> tuple[Value, Value]:
    """Return k and f with x = 2^k (1 + f), sqrt(1/2) < 1 + f < sqrt(2)."""
    shift = code.number(0.0)
    if subnormal:
        tiny = code.compare("olt", x, 2.0**-1022)
        x = code.select(tiny, x * 2.0**54, x)
        shift = code.select(tiny, code.number(-54.0), 0.0)
    # the mantissa's top bits say where sqrt(1/2) lies; then the exponent is that of a number in [0.7, 1.41)
    bits = code.cast(x, "i")
    moved = bits - 0x3FE6A09E667F3BCD
    exponent = code.bits("ashr", moved, 52)
    mantissa = bits - code.bits("shl", exponent, 52)
    # whole number to float: its low bits under those of the magic number
    magic = int.from_bytes(_bytes(_MAGIC), "little")
    k = code.cast(exponent + magic, "f") - _MAGIC
    return (k + shift) if subnormal else k, code.cast(mantissa, "f") - 1.0


def _log_edges(code: Code, x: Value, result: Value) -> Value:
    """Return the logarithm with its values at 0, infinity, NaN and below 0."""
    result = code.select(code.compare("olt", x, math.inf), result, x)
    result = code.select(code.compare("olt", x, 0.0), code.number(math.nan), result)
    return code.select(code.compare("oeq", x, 0.0), code.number(-math.inf), result)


def _log_in_two(code: Code, x: Value) -> tuple[Value, Value]:
    """Return the logarithm as a sum of two numbers, relative error about 1e-18 but for rounding of the cubic term."""
    k, f = _split(code, x)
    below = f + 2.0
    below_low = f - (below - 2.0)
    s = f / below
    product = s * below
    rest = (f - product) - _product_error(code, s, below, product)
    s_low = (rest - s * below_low) / below
    z = s * s
    r = s * (z * _even_odd(code, z, z * z, _ATANH))
    base = k * _LN2_HIGH
    twice = s + s
    high = base + twice
    small = code.select(
        code.compare("oge", code.intrinsic("fabs", base), code.intrinsic("fabs", twice)),
        (base - high) + twice,
        (twice - high) + base,
    )
    low = small + (r + (k * _LN2_LOW + (s_low + s_low)))
    total = high + low
    return total, (high - total) + low


def _product_error(code: Code, x: Value, y: Value, product: Value) -> Value:
    """Return x * y - product, exactly."""
    x1, x2 = _halves(code, x)
    y1, y2 = _halves(code, y)
    return ((x1 * y1 - product) + x1 * y2 + x2 * y1) + x2 * y2


def _halves(code: Code, x: Value) -> tuple[Value, Value]:
    wide = x * _SPLIT
    top = wide - (wide - x)
    return top, x - top
