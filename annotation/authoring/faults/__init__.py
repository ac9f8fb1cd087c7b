"""What each step of a study's definition lacks, in plain words. Pure; the pages list it."""
