"""Release kits: archives that a research team publishes."""
