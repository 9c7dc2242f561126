"""The language server: what editors show of a project while it is written."""
