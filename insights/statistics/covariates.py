"""What the exploded logit is asked about: columns of numbers of each response shown.

Each function gives named columns (n, k); `stack` keeps those that can be estimated, and
names the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Design:
    """Columns x (n, k, p) with their names (p,), and names of columns that never vary."""

    names: tuple[str, ...]
    x: Floats
    dropped: tuple[str, ...] = ()

    def places(self, prefix: str) -> list[int]:
        """Where the columns stand whose names begin so."""
        return [place for place, name in enumerate(self.names) if name.startswith(prefix)]


def stack(columns: Mapping[str, Floats], shown: Bools) -> Design:
    """A design of the columns, in their order, that say something the earlier ones do not.

    columns: (n, k) each, nan as 0. Left out, by name: what never differs within a judgement,
    and what earlier columns add up to, such as an arm that alone has one kind of response.
    """
    names = list(columns)
    x = np.stack([np.where(shown, np.nan_to_num(columns[name]), 0.0) for name in names], axis=2)
    kept = independent(_within(x, shown))
    return Design(
        names=tuple(name for name, used in zip(names, kept, strict=True) if used),
        x=x[:, :, kept],
        dropped=tuple(name for name, used in zip(names, kept, strict=True) if not used),
    )


def independent(products: Floats) -> Bools:
    """Which columns (p,) are no sum of earlier ones, from their products (p, p)."""
    kept: list[int] = []
    for column in range(len(products)):
        own = products[column, column]
        known = products[np.ix_(kept, kept)]
        along = products[kept, column]
        explained = along @ np.linalg.solve(known, along) if kept else 0.0
        if own - explained > 1e-8 * max(own, 1.0):
            kept.append(column)
    return np.isin(np.arange(len(products)), kept)


def _within(x: Floats, shown: Bools) -> Floats:
    """Products of columns less their mean in each judgement, (p, p)."""
    count = np.maximum(shown.sum(axis=1), 1)[:, None, None]
    apart = np.where(shown[:, :, None], x - x.sum(axis=1, keepdims=True) / count, 0.0)
    flat = apart.reshape(-1, x.shape[2])
    return np.asarray(flat.T @ flat)


def one_for_each(
    prefix: str, codes: Ints, names: Sequence[str], *, beside: str
) -> dict[str, Floats]:
    """A column of 0 and 1 for each name but `beside`, the one that others are compared with.

    codes: (n, k) index in names, -1 where nothing was shown.
    """
    return {
        f"{prefix}: {name}": (codes == code).astype(np.float64)
        for code, name in enumerate(names)
        if name != beside
    }


def arms(arm: Ints, anchored: Bools, names: Sequence[str]) -> dict[str, Floats]:
    """A column for each arm: its own responses beside the anchor that all arms share.

    arm: (n,) index in names; anchored: (n, k) whether a response is the anchor. An arm whose
    sets hold no anchor is the same for all responses of a set: its column says nothing.
    """
    return {
        f"arm: {name}": ((arm == code)[:, None] & ~anchored).astype(np.float64)
        for code, name in enumerate(names)
    }


def positions(shown: Bools) -> dict[str, Floats]:
    """A column for each place on the page but the last, from 1."""
    places = np.broadcast_to(np.arange(shown.shape[1])[None, :], shown.shape)
    return {
        f"place: {place + 1}": (places == place).astype(np.float64)
        for place in range(shown.shape[1] - 1)
    }


def lengths(words: Floats) -> dict[str, Floats]:
    """The binary logarithm of words (n, k): its effect is that of twice as many words."""
    return {"length: doubled": np.log2(np.maximum(words, 1.0))}


def by_group(
    columns: Mapping[str, Floats], groups: Ints, names: Sequence[str]
) -> dict[str, Floats]:
    """Each column once for every group, (n, k), 0 in the judgements of others.

    groups: (n,) index in names, -1 for none.
    """
    return {
        f"{name} · {group}": np.where((groups == code)[:, None], column, 0.0)
        for name, column in columns.items()
        for code, group in enumerate(names)
    }
