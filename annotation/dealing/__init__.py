"""Which set a person is given and in which order she sees it; the record of each, and why."""
