"""What vendors and their panels are told: their people, the change feed, signed messages."""
