"""How people come in from a recruitment service, and how they leave to it."""
