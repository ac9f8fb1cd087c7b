"""How many different people judged each prompt in each locale."""
