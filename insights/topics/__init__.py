"""Topics of prompts and themes of explanations, given by people."""
