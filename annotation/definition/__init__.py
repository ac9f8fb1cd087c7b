"""What a study's definition says: its faults, its contents, and how rows are rendered back."""
