"""Numbers that come out the same wherever they are computed: the grid, terms, exp and ln.

numpy's `exp` and a machine's `log` differ in the last bit with the processor, and with the place
of a value in an array; sums of a matrix product differ with its blocking. What is here is made of
single additions, multiplications and roundings, which IEEE 754 defines, and of exact integers.
"""

from decimal import Context, Decimal
from functools import reduce
from itertools import combinations_with_replacement
from math import factorial, isqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

GRID: Final = 1 << 20  # responsibilities are integers that sum to this
FARTHEST: Final = (1 << 31) - 1  # of a feature from 0, so that its square fits an int64

_LOWEST: Final = -40.0  # e⁻⁴⁰ is far below half a step of the grid
_PER_LN2: Final = float.fromhex("0x1.71547652b82fep+0")
_LN2_HIGH: Final = float.fromhex("0x1.62e42feep-1")  # 32 bits: whole multiples of it are exact
_LN2_LOW: Final = float.fromhex("0x1.a39ef35793c76p-33")
_TAYLOR: Final = tuple(1 / factorial(n) for n in range(9, -1, -1))
_EXACT: Final = Context(prec=25)


def pairs(features: int) -> tuple[tuple[int, int], ...]:
    """Return the places (i, j), i ≤ j, of a symmetric matrix in the order `terms` has them.

    >>> pairs(2)
    ((0, 0), (0, 1), (1, 1))
    """
    return tuple(combinations_with_replacement(range(features), 2))


def features_of(width: int) -> int:
    """Return d for a width of 1 + d + d(d + 1)/2.

    >>> features_of(15)
    4
    """
    return (isqrt(8 * width + 1) - 3) // 2


def terms(features: Ints) -> Ints:
    """Return 1, u and the products u_i·u_j, i ≤ j, of rows u: shape (n, d) to (n, P).

    P = 1 + d + d(d + 1)/2. Features are whole numbers of at most 2³¹ − 1 either way.

    >>> terms(np.array([[2, 3]])).tolist()
    [[1, 2, 3, 4, 6, 9]]
    """
    rows, wide = features.shape
    first, second = np.triu_indices(wide)
    return np.concatenate(
        [np.ones((rows, 1), np.int64), features, features[:, first] * features[:, second]], axis=1
    )


def exp(exponents: Floats) -> Floats:
    """Return e to the power of numbers ≤ 0 to within 10⁻¹¹ of it; that of −40 for any below.

    An element's result depends on nothing but the element.
    """
    clipped = np.maximum(exponents, _LOWEST)
    halvings = np.rint(clipped * _PER_LN2)
    clipped -= halvings * _LN2_HIGH
    clipped -= halvings * _LN2_LOW
    result = clipped * _TAYLOR[0]
    result += _TAYLOR[1]
    for coefficient in _TAYLOR[2:]:
        result *= clipped
        result += coefficient
    return np.ldexp(result, halvings.astype(np.int32))


def ln(*factors: float) -> float:
    """Return the natural logarithm of a product of numbers > 0, whatever the product's size.

    >>> ln(1 << 20), ln(1e300, 1e300)
    (13.862943611198906, 1381.5510557964274)
    """
    product = reduce(_EXACT.multiply, map(Decimal, factors), Decimal(1))
    return float(_EXACT.ln(product))


def exp_of(exponent: float) -> float:
    """Return e to the power of a number, rounded correctly.

    >>> exp_of(1.0)
    2.718281828459045
    """
    return float(_EXACT.exp(Decimal(exponent)))
