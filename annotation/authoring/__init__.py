"""A study as its researchers write it, before any row of it exists. Nothing here writes.

texts.py      every text of a definition, and how far each language of it is
study_file.py a definition as YAML, and back
blank.py      where a new study begins
steps.py      the parts of a definition in the order of the pages, and how far each is
faults/       what is wrong in each part
"""
