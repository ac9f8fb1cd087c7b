"""Dataset formats, one file each: explicit columns, explicit order, rows streamed."""
