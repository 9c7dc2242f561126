"""What is left of all that conflicts: races, and breaches of what the program claims."""
