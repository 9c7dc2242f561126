"""The settings of a run: where they are said, how they are read, and what they come to."""
