"""A figure of a comparison as people read it."""

from typing import Any

NOT_MEASURED = "not measured"
SHARES = {"ready", "valid", "refused", "lists", "coverage", "corrected"}


def written(figure: dict[str, Any], name: str) -> str:
    """A figure with its interval and n, or why there is none."""
    if figure["value"] is None:
        return f"{figure.get('note') or NOT_MEASURED} (n = {figure['n']})"
    value = number(figure["value"], name)
    if figure["low"] is None:
        return f"{value} (no interval; n = {figure['n']})"
    low, high = number(figure["low"], name), number(figure["high"], name)
    return f"{value} [{low}, {high}] (n = {figure['n']})"


def number(value: float, name: str) -> str:
    if name in SHARES:
        return f"{value * 100:.1f} %"
    if name == "price":
        return f"{value:.6f}"
    return f"{value:.1f}" if name == "words" else f"{value:.3f}"


def words(code: str) -> str:
    return code.replace("_", " ")
