"""Estimators: plain functions over arrays and numbers, which know no database and no page."""
