"""What was read, as one program: its functions, numbered, and how their steps lie in each other."""
