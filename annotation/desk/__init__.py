"""What the pages of the team read."""
