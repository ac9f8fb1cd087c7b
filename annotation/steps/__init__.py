"""Where a person stands and what she is to see next, read off what is stored."""
