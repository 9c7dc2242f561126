"""What a started function reads, and what its starter reads of it."""
