"""Forms of the dashboard, one file a subject."""
