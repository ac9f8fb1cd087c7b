"""Prompt pools as rows, and the files they come from and go to.

A row is one text of one prompt in one language. Reading is pure; what the rows change is
candidates.actions.prompts.store_prompts.
"""
