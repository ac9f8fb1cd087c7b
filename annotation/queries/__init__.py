"""Reads that every request needs, made cheap: compiled, remembered, kept."""
