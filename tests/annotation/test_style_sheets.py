"""What every page's style promises: enough contrast in both themes, no left and no right."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parent.parent.parent / "static" / "css"
SHEETS = sorted(path for path in CSS.glob("*.css") if path.name != "admin.css")
THEMES = {"light": 0, "dark": 1}
TEXT = ("ink", "ink-soft", "accent", "warm", "warn")
GROUNDS = ("paper", "sheet", "mine", "accent-soft", "warn-soft")
PHYSICAL = re.compile(
    r"(?:margin|padding|border)-(?:left|right|top|bottom)\b|(?<![-\w])(?:left|right)\s*:"
    r"|text-align:\s*(?:left|right)|float:\s*(?:left|right)|(?<![-\w(])(?:width|height)\s*:"
)


def tokens(theme: str) -> dict[str, str]:
    text = (CSS / "plurivox.css").read_text("utf-8")
    blocks = re.findall(r":root \{\n(.*?)\n\s*\}", text, flags=re.S)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})\b", blocks[THEMES[theme]]))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_a_contrast_of_4_5_on_every_ground(theme: str) -> None:
    colours = tokens(theme)
    pairs = [(text, ground) for text in TEXT for ground in GROUNDS]
    pairs += [("accent-ink", "accent"), ("accent-ink", "accent-strong")]
    low = [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5]
    assert low == []


@pytest.mark.parametrize("theme", THEMES)
def test_edges_of_controls_and_the_focus_have_a_contrast_of_3(theme: str) -> None:
    colours = tokens(theme)
    pairs = [(edge, ground) for edge in ("edge", "focus", "accent") for ground in GROUNDS]
    low = [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 3]
    assert low == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_style_sheet_knows_no_left_and_no_right(sheet: Path) -> None:
    rules = re.sub(r"/\*.*?\*/|@media[^{]*", "", sheet.read_text("utf-8"), flags=re.S)
    assert PHYSICAL.findall(rules) == []
