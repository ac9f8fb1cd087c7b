"""What the exploded logit is asked about: columns of numbers of each response shown.

Each function gives named columns (n, k); `stack` keeps those that can be estimated, and
names the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints

SOME = 20_000  # judgements


@dataclass(frozen=True)
class Design:
    """Columns x (n, k, p) with their names (p,), and names of columns that never vary."""

    names: tuple[str, ...]
    x: Floats
    dropped: tuple[str, ...] = ()

    def places(self, prefix: str) -> list[int]:
        """Where the columns stand whose names begin so."""
        return [place for place, name in enumerate(self.names) if name.startswith(prefix)]


@dataclass(frozen=True)
class GroupDesign:
    """Columns x (n, k, c) and which of the named effects each is in each group, (groups, c);
    -1: left out. As `plackett_luce.fit_groups` takes them."""

    names: tuple[str, ...]
    x: Floats
    columns: Ints


def stack(columns: Mapping[str, Floats], shown: Bools) -> Design:
    """A design of the columns, in their order, that say something the earlier ones do not.

    columns: (n, k) each, nan as 0. Left out, by name: what never differs within a judgement,
    and what earlier columns add up to, such as an arm that alone has one kind of response.
    """
    names, x = list(columns), side_by_side(columns, shown)
    kept = independent(_within(x, shown))
    return Design(
        names=tuple(name for name, used in zip(names, kept, strict=True) if used),
        x=x if kept.all() else x[:, :, kept],
        dropped=tuple(name for name, used in zip(names, kept, strict=True) if not used),
    )


def side_by_side(columns: Mapping[str, Floats], shown: Bools) -> Floats:
    """Columns (n, k) as one array (n, k, p), nan and what was not shown as 0."""
    x = np.zeros((*shown.shape, len(columns)))
    for place, column in enumerate(columns.values()):
        np.copyto(x[:, :, place], np.nan_to_num(column), where=shown)
    return x


def stack_groups(
    liked: Mapping[str, Floats],
    form: Mapping[str, Floats],
    shown: Bools,
    groups: Ints,
    names: Sequence[str],
) -> GroupDesign:
    """A design in which each group has its own effect of `liked`, and all have one of `form`.

    groups: (n,) index in names. Left out is what `stack` leaves out of the same columns: each
    of `liked` once for every group, 0 in the judgements of others, and then `form`.
    """
    x = side_by_side({**liked, **form}, shown)
    own = np.arange(len(liked)) * len(names) + np.arange(len(names))[:, None]
    common = len(liked) * len(names) + np.arange(len(form))
    columns = np.concatenate([own, np.broadcast_to(common, (len(names), len(form)))], axis=1)
    whole = len(liked) * len(names) + len(form)
    products = np.zeros((whole, whole))
    for group, places in enumerate(columns):
        rows = groups == group
        products[np.ix_(places, places)] += _within(x[rows], shown[rows])
    kept = independent(products)
    words = [*(f"{name} · {group}" for name in liked for group in names), *form]
    return GroupDesign(
        names=tuple(word for word, used in zip(words, kept, strict=True) if used),
        x=x,
        columns=np.where(kept, np.cumsum(kept) - 1, -1)[columns],
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
    """Products of columns less their mean in each judgement, (p, p), some judgements at a time."""
    products = np.zeros((x.shape[2], x.shape[2]))
    for start in range(0, len(x), SOME):
        some, there = x[start : start + SOME], shown[start : start + SOME, :, None]
        count = np.maximum(there.sum(axis=1, keepdims=True), 1)
        flat = np.where(there, some - some.sum(axis=1, keepdims=True) / count, 0.0)
        flat = flat.reshape(-1, x.shape[2])
        products += flat.T @ flat
    return products


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
