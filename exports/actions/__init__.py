"""Every write about what leaves, one file a subject."""
