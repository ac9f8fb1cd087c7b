"""The pages of authoring: each edits one part of a draft's definition.

fields.py  words in a row, and rows of a list
grid.py    texts side by side in the languages
base.py    what every page does
settings.py, people.py, work.py  the pages; pages.py lists them
"""
