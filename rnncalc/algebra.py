"""Integer polynomials in named symbols: what a count is before its sizes are known.

>>> x, n = symbol("input_depth"), symbol("units")
>>> count = (x + n) * 4 * n + 4 * n
>>> str(count)
'4·input_depth·units + 4·units² + 4·units'
>>> count.at({"input_depth": 10, "units": 128})
71168
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import gcd, lcm
from typing import Any

Monomial = tuple[tuple[str, int], ...]  # (symbol, exponent), sorted by symbol


class NotPolynomial(ArithmeticError):
    """What was asked of a symbolic size has an answer for numbers alone: a remainder, a comparison, a quotient.

    There would be one if the symbol stood for multiples of `multiple`, where that is not 0.
    """

    def __init__(self, message: str, multiple: int = 0) -> None:
        super().__init__(message)
        self.multiple = multiple


_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Poly:
    """A polynomial with integer coefficients; immutable, exact, without bound."""

    __slots__ = ("_hash", "terms")
    terms: dict[Monomial, int]

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = {monomial: factor for monomial, factor in terms.items() if factor}
        self._hash: int | None = None

    def __add__(self, other: Poly | int) -> Poly:
        total = dict(self.terms)
        for monomial, factor in poly(other).terms.items():
            total[monomial] = total.get(monomial, 0) + factor
        return Poly(total)

    def __mul__(self, other: Poly | int) -> Poly:
        if isinstance(other, int):
            return Poly({monomial: factor * other for monomial, factor in self.terms.items()})
        total: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                monomial = _times(left, right)
                total[monomial] = total.get(monomial, 0) + a * b
        return Poly(total)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Poly:
        return self * -1

    def __sub__(self, other: Poly | int) -> Poly:
        return self + -other

    def __rsub__(self, other: int) -> Poly:
        return -self + other

    def __pow__(self, exponent: int) -> Poly:
        return product([self] * exponent)

    def __floordiv__(self, divisor: int) -> Poly:
        _ = self % divisor
        return Poly({monomial: factor // divisor for monomial, factor in self.terms.items()})

    def __mod__(self, divisor: int) -> int:
        """0 where every factor has the divisor; of anything else the remainder depends on the symbols."""
        if isinstance(divisor, int) and not any(factor % divisor for factor in self.terms.values()):
            return 0
        multiple = 0
        if isinstance(divisor, int) and not self.terms.get((), 0) % divisor:
            multiple = lcm(*(divisor // gcd(divisor, factor) for factor in self.terms.values()))
        raise NotPolynomial(f"{self} has to be divided by {divisor}", multiple)

    def _unordered(self, other: Any) -> bool:
        raise NotPolynomial(f"whether ({self}) is more than {other}")

    __lt__ = __le__ = __gt__ = __ge__ = __rfloordiv__ = __rmod__ = _unordered

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Poly, int)) and self.terms == poly(other).terms

    def __hash__(self) -> int:
        if self._hash is None:
            constant = not self.terms or list(self.terms) == [()]
            self._hash = hash(self.terms.get((), 0) if constant else frozenset(self.terms.items()))
        return self._hash

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __repr__(self) -> str:
        return f"Poly({self})"

    def __str__(self) -> str:
        """Highest degree first, symbols in alphabetical order."""
        ordered = sorted(self.terms.items(), key=lambda term: (-sum(e for _, e in term[0]), term[0]))
        return " + ".join(_term(monomial, factor) for monomial, factor in ordered).replace("+ -", "- ") or "0"

    def __format__(self, form: str) -> str:
        return str(self)

    @property
    def symbols(self) -> frozenset[str]:
        """The names that the polynomial depends on."""
        return frozenset(name for monomial in self.terms for name, _ in monomial)

    def degree(self, name: str) -> int:
        """The highest power of one symbol."""
        return max((e for monomial in self.terms for n, e in monomial if n == name), default=0)

    def at(self, values: Mapping[str, Any]) -> Any:
        """The value where each symbol is a number: an int for ints, an array for arrays."""
        total: Any = 0
        for monomial, factor in self.terms.items():
            product: Any = factor
            for name, exponent in monomial:
                value = values[name]
                product = product * (value if exponent == 1 else value**exponent)
            total = total + product
        return total

    def over(self, name: str) -> Poly:
        """The polynomial divided by a symbol that each of its terms has."""
        terms = {}
        for monomial, factor in self.terms.items():
            exponents = dict(monomial)
            exponents[name] -= 1
            terms[tuple((n, e) for n, e in sorted(exponents.items()) if e)] = factor
        return Poly(terms)

    def replace(self, values: Mapping[str, Poly | int]) -> Poly:
        """The polynomial with some symbols replaced, as `input_depth` by `2·units` in a second layer."""
        if self.symbols.isdisjoint(values):
            return self
        total = Poly({})
        for monomial, factor in self.terms.items():
            product = poly(factor)
            for name, exponent in monomial:
                for _ in range(exponent):
                    product = product * poly(values.get(name, symbol(name)))
            total = total + product
        return total


def _times(left: Monomial, right: Monomial) -> Monomial:
    exponents = dict(left)
    for name, exponent in right:
        exponents[name] = exponents.get(name, 0) + exponent
    return tuple(sorted(exponents.items()))


def _term(monomial: Monomial, factor: int) -> str:
    powers = [name if e == 1 else name + str(e).translate(_SUPERSCRIPT) for name, e in monomial]
    return "·".join(([str(factor)] if factor != 1 or not powers else []) + powers)


def poly(value: Poly | int) -> Poly:
    """A number as a constant polynomial; a polynomial as it is."""
    return value if isinstance(value, Poly) else Poly({(): value})


@lru_cache(maxsize=1024)
def symbol(name: str) -> Poly:
    """The polynomial that is one symbol."""
    return Poly({((name, 1),): 1})


def total(polys: Iterable[Poly | int]) -> Poly:
    """The sum, in one pass."""
    terms: dict[Monomial, int] = {}
    for each in polys:
        for monomial, factor in poly(each).terms.items():
            terms[monomial] = terms.get(monomial, 0) + factor
    return Poly(terms)


def product(polys: Iterable[Poly | int]) -> Poly:
    """The product; 1 for none."""
    result = poly(1)
    for each in polys:
        result = result * each
    return result


def evaluator(polys: Sequence[Poly | int | None]) -> Callable[[Mapping[str, int]], tuple[Any, ...]]:
    """A function that has the values of all these polynomials at once: what is asked often is worth compiling.

    None stays None.

    >>> n = symbol("units")
    >>> evaluator([4 * n, n * n + 1, None])({"units": 3})
    (12, 10, None)
    """
    names = sorted(frozenset().union(*(each.symbols for each in polys if isinstance(each, Poly))))
    words = {name: f"s{n}" for n, name in enumerate(names)}
    values = "".join(f"{_code(each, words)}, " for each in polys)
    at = ", ".join(f"at[{name!r}]" for name in names)
    found: Callable[[Mapping[str, int]], tuple[Any, ...]]
    found = eval(f"lambda at: (lambda {', '.join(words.values())}: ({values}))({at})")
    return found


def _code(value: Poly | int | None, words: Mapping[str, str]) -> str:
    if not isinstance(value, Poly):
        return repr(value)
    powers = [(factor, (words[n] for n, e in monomial for _ in range(e))) for monomial, factor in value.terms.items()]
    return "+".join("*".join((repr(factor), *names)) for factor, names in powers) or "0"
