"""What the program claims and does not keep, and what it keeps and could claim."""
