"""What a study still lacks before it opens."""
