"""Styles read the same in every direction of writing, and keep to the rules of the pages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
SIDES = "left|right|top|bottom"
PHYSICAL = re.compile(
    rf"(?:^|[;{{\s])((?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:{SIDES})"
    rf"(?:-[a-z]+)?|{SIDES}|(?:min-|max-)?(?:width|height)|border-(?:{SIDES})-(?:{SIDES})-radius)"
    rf"\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right))"
)


def physical_properties(css: str) -> list[str]:
    """Declarations that name a side or an axis of the screen instead of the text's."""
    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    plain = re.sub(r"@(?:media|container|supports)[^{]*{", "{", plain)
    return [found.strip() for found in PHYSICAL.findall(plain)]


@pytest.mark.parametrize(
    "css",
    ["p { margin-left: 1rem }", "p{left:0}", "p { text-align: right; }", "p { max-width: 3rem }"],
)
def test_physical_properties_are_found(css: str) -> None:
    assert len(physical_properties(css)) == 1


def test_logical_properties_and_media_queries_pass() -> None:
    css = "@media (max-width: 40rem) { p { margin-inline-start: 1rem; line-height: 1.5 } }"
    assert physical_properties(css) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_names_no_side_of_the_screen(sheet: Path) -> None:
    assert physical_properties(sheet.read_text("utf-8")) == []
