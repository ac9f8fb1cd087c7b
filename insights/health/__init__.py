"""Which part of a running installation is missing."""
