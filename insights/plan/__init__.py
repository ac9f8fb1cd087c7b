"""The plan of a study: how far it is, and changes of it."""
