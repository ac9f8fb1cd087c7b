"""Pace and pay, dispositions, and the checklists of soft launches."""
