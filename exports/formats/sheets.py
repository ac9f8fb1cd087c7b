"""Formats for people who read them in a spreadsheet: no cell of their CSV is a formula."""

from dataclasses import replace

from exports.formats import comparisons

FORMAT = replace(
    comparisons.FORMAT,
    name="comparisons-sheet",
    title="Comparisons, for reading in a spreadsheet",
    not_carried="Texts exactly as they were: one that a spreadsheet would take for a formula is "
    f"marked as text. {comparisons.FORMAT.not_carried}",
    for_people=True,
)
