"""Dataset formats, one file each; FORMATS finds them by name."""
