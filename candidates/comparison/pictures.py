"""The pictures of a comparison: dots with their intervals, as coordinates for the page."""

from typing import Any

from candidates.comparison.axes import AXIS_OF
from candidates.comparison.comparing import ALL
from candidates.comparison.figures import FIGURES
from candidates.comparison.wording import words, written

# Pixels: where the names end, where the axis ends, and a row.
LEFT, RIGHT, ROW = 300, 700, 24


def pictures(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Every picture of a report; one without a measured value has no rows."""
    groups = report["groups"]
    covered = [
        picture(
            f"{FIGURES[name][0]} of each value pole, all languages",
            [
                (f"{group['sampler']} · {words(pole)}", group["coverage"][pole][name], name)
                for pole in AXIS_OF
                for group in groups
                if group["language"] == ALL
            ],
            low=0,
            high=1,
        )
        for name in ("coverage", "corrected")
    ]
    differences = picture(
        f"Difference in {FIGURES['lexical'][0].lower()}, all languages",
        [
            (f"{item['a']} less {item['b']}", item, "lexical")
            for item in report["differences"]
            if item["figure"] == "lexical" and item["language"] == ALL
        ],
        low=-1,
        high=1,
    )
    return [
        *(_of_groups(groups, name, low=0, high=1) for name in ("lexical", "semantic")),
        differences,
        *covered,
        _of_groups(groups, "helpfulness", low=1, high=5),
    ]


def _of_groups(
    groups: list[dict[str, Any]], name: str, *, low: float, high: float
) -> dict[str, Any]:
    return picture(
        f"{FIGURES[name][0]}, by sampler and language",
        [(f"{g['sampler']} · {g['language']}", g["figures"][name], name) for g in groups],
        low=low,
        high=high,
    )


def picture(
    title: str, rows: list[tuple[str, dict[str, Any], str]], *, low: float, high: float
) -> dict[str, Any]:
    """Dots with their intervals on one axis, as coordinates; what has no value has no row.

    Coordinates are text, because a template would write numbers as the language does.
    """

    def x(value: float) -> str:
        share = (min(high, max(low, value)) - low) / (high - low)
        return f"{LEFT + share * (RIGHT - LEFT):.1f}"

    drawn = [(label, figure, name) for label, figure, name in rows if figure["value"] is not None]
    height = ROW * (len(drawn) + 1)
    ticks = [low + (high - low) * step / 4 for step in range(5)]
    return {
        "title": title,
        "text": "; ".join(f"{label}: {written(figure, name)}" for label, figure, name in drawn),
        "width": str(RIGHT + 60),
        "height": str(height + 8),
        "bottom": str(height - ROW / 2),
        "ticks": [{"x": x(tick), "y": str(height), "label": f"{tick:g}"} for tick in ticks],
        "rows": [
            {
                "label": label,
                "y": str(ROW * place + 12),
                "text_y": str(ROW * place + 16),
                "x": x(figure["value"]),
                "low": None if figure["low"] is None else x(figure["low"]),
                "high": None if figure["high"] is None else x(figure["high"]),
            }
            for place, (label, figure, name) in enumerate(drawn)
        ],
        "name_x": str(LEFT - 12),
    }
