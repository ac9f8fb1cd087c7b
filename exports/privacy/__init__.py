"""What protects people at the door: recoding, risk, personal data in free text."""
