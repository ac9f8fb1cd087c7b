"""What a judgement says: ranks, ratings, the stored order, and the letters that words name."""
