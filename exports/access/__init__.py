"""What a token allows: from where, how often, and which columns."""
