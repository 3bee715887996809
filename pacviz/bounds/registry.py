"""All bounds by name, each with its formula in symbols and in numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import Template

from pacviz.bounds.catoni import ALPHA, catoni, catoni_optimum
from pacviz.bounds.checks import check_risk, number
from pacviz.bounds.seeger import mcallester, occam, seeger
from pacviz.settings import enlist
from pacviz.words import above


@dataclass(frozen=True)
class Bound:
    """A bound: (risk, kl in nats, n, delta) to a risk that holds with probability at least 1 - delta.

    deterministic_only: it needs one coded hypothesis, without noise.
    template: LaTeX of its right-hand side with $r, $K, $n, $delta and, for Catoni, $alpha, $lam, $inf.
    """

    name: str
    title: str
    function: Callable[[float, float, int, float], float]
    deterministic_only: bool
    source: str
    template: str

    @property
    def formula(self) -> str:
        """LaTeX of the bound in symbols."""
        return r"R \le " + Template(self.template).substitute(
            r=r"\hat r", K="K", n="n", delta=r"\delta", alpha=r"\alpha", lam=r"\lambda", inf=r"\inf_{\lambda > 1} "
        )

    def substituted(self, risk: float, kl: float, n: int, delta: float) -> str:
        """LaTeX of the bound with these numbers in it and its value; Catoni's shows the best lambda."""
        value = self.function(risk, kl, n, delta)
        lam = catoni_optimum(risk, kl, n, delta)[1]
        numbers = {"r": risk, "K": kl, "n": n, "delta": delta, "alpha": ALPHA, "lam": lam}
        right = Template(self.template).substitute({key: _latex(x) for key, x in numbers.items()}, inf="")
        result = rf"\le {above(value, 4).scaleb(2)}\,\%" if value < 1 else r"\;\to\; 100\,\%\;\text{(vacuous)}"
        return rf"R \le {right} {result}"


def _latex(x: float) -> str:
    """A number in LaTeX: one decimal and thousands apart from 1000 upward, else five digits, with powers of ten."""
    if x >= 1000:
        return f"{x:,.1f}".removesuffix(".0").replace(",", "{,}")
    mantissa, _, exponent = f"{x:.5g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


_MAURER = r"$K + \ln \frac{2 \sqrt{$n}}{$delta}"

BOUNDS: dict[str, Bound] = {
    bound.name: bound
    for bound in (
        Bound(
            "catoni",
            "Catoni (union over λ)",
            catoni,
            False,
            "Catoni 2007; Zhou et al. 2019, Theorem 2.1",
            r"$inf\Phi^{-1}_{$lam/$n}\!\left( $r + \frac{$alpha}{$lam} \left[ $K + \ln \frac{1}{$delta}"
            r" + 2 \ln \frac{\ln($alpha^2 \cdot $lam)}{\ln $alpha} \right] \right)",
        ),
        Bound(
            "seeger",
            "Maurer–Seeger",
            seeger,
            False,
            "Seeger 2002; Maurer 2004",
            r"\mathrm{kl}^{-1}\!\left( $r,\; \frac{" + _MAURER + r"}{$n} \right)",
        ),
        Bound(
            "mcallester",
            "McAllester",
            mcallester,
            False,
            "McAllester 1999; Maurer 2004",
            r"$r + \sqrt{\frac{" + _MAURER + r"}{2 \cdot $n}}",
        ),
        Bound(
            "occam",
            "Occam–Chernoff",
            occam,
            True,
            "Langford 2005, Occam's razor bound",
            r"\mathrm{kl}^{-1}\!\left( $r,\; \frac{$K + \ln \frac{1}{$delta}}{$n} \right)",
        ),
    )
}
"""Every bound that pacviz offers, in the order in which it shows them."""


def register(bound: Bound) -> Bound:
    """Makes a bound known under its name, and returns it; raises PacvizError for a name that is taken or is none."""
    enlist(BOUNDS, bound.name, bound, "bound")
    return bound


def all_bounds(risk: float, kl: float, n: int, delta: float, deterministic: bool) -> dict[str, float | None]:
    """Every bound by name; None where it needs a deterministic hypothesis and this is a noisy one.

    Arguments and errors as for `seeger`; each holds by itself with probability 1 - delta, not all at once.
    """
    return {
        name: bound.function(risk, kl, n, delta) if deterministic or not bound.deterministic_only else None
        for name, bound in BOUNDS.items()
    }


def vacuous(bound: float, classes: int) -> bool:
    """True from 1 - 1/classes upward: guessing does as well.  Raises PacvizError for fewer than 2 classes."""
    bound = check_risk("bound", bound)
    classes = int(number("classes", classes, "a whole number of classes, at least 2", lambda x: x >= 2 and x % 1 == 0))
    return bound >= 1 - 1 / classes
