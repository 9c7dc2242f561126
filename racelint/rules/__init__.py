"""The rules: one file each, named for the bad thing that it finds."""
