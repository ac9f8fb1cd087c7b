"""Cells of people: as a file gives them, who fits which, and which strata the places are for."""
