"""Cells that a spreadsheet would take for a formula, neutralised in files meant for people.

A cell that begins with one of `FIRST` is given an apostrophe before it, which spreadsheets take
for “this is text” (OWASP, CSV Injection). Files meant for machines are never touched: there
the apostrophe would be a change of somebody's words.
"""

FIRST = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(text: str) -> str:
    """A text as a cell of a spreadsheet may hold it; a second call adds nothing."""
    return f"'{text}" if text.startswith(FIRST) else text


def neutral_sql(value: str) -> str:
    """The same of an SQL expression of type text."""
    first = ", ".join(f"chr({ord(character)})" for character in FIRST)
    return f"CASE WHEN left({value}, 1) IN ({first}) THEN '''' || {value} ELSE {value} END"
