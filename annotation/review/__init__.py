"""Signals about how somebody worked, and what reviewers read of them."""
