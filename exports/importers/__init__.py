"""From published files and our own exports back into rows, and the validators of each layout."""
