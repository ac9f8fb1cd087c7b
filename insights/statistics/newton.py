"""Newton's method on a concave likelihood, and errors clustered by person."""

from collections.abc import Callable

import numpy as np

from insights.statistics.arrays import Floats

STEPS = 50
TOLERANCE = 1e-12
# Beyond it a coefficient says that one thing is always preferred: odds of three million to one.
LARGEST = 15.0

Sum = tuple[float, Floats, Floats]


class NotIdentifiedError(ValueError):
    """The rankings cannot tell the covariates apart, or one of them decides everything."""


def climb(summed: Callable[[Floats], Sum], start: Floats) -> tuple[Floats, Sum]:
    """The coefficients (p,) with the largest log likelihood, and what `summed` gives there.

    summed: at coefficients, the log likelihood, its gradient (p,), and its curvature, minus
    the Hessian (p, p). Raises NotIdentifiedError where there is no single largest.
    """
    found, (value, gradient, curvature) = start, summed(start)
    for _step in range(STEPS):
        move = solve(curvature, gradient)
        if gradient @ move < TOLERANCE * (1 + abs(value)):
            break
        # The likelihood is concave: half a step helps in the end.
        while (tried := summed(found + move))[0] < value - 1e-7:
            move = move / 2
        found, (value, gradient, curvature) = found + move, tried
    if np.abs(found).max(initial=0) > LARGEST:
        raise NotIdentifiedError("A covariate decides every ranking: its size is unknown.")
    return found, (value, gradient, curvature)


def solve(curvature: Floats, gradient: Floats) -> Floats:
    # So little information is a standard error above a thousand units of utility.
    if curvature.size and np.linalg.eigvalsh(curvature)[0] < 1e-6:
        raise NotIdentifiedError("The rankings cannot tell the covariates apart.")
    return np.asarray(np.linalg.solve(curvature, gradient))


def influence(curvature: Floats, scores: Floats) -> Floats:
    """How far each person moves the coefficients, (people, p): scores times the inverse."""
    return np.asarray(scores @ np.linalg.inv(curvature))


def clustered(moves: Floats, people: int) -> Floats:
    """The covariance (p, p) of coefficients that people move so far: the sandwich with the
    factor g / (g - 1) (Liang and Zeger, 1986, Biometrika 73, 13-22)."""
    return np.asarray(moves.T @ moves * people / max(people - 1, 1))


def sums_by_person(values: Floats, people: np.ndarray, number: int) -> Floats:
    """Values (n, p) of judgements summed by person, (number, p)."""
    columns = [np.bincount(people, column, minlength=number) for column in values.T]
    return np.stack(columns, axis=1) if columns else np.zeros((number, 0))
