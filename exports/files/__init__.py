"""Files that were asked for: who writes them, how they become whole, and how they are fetched."""
