"""Which memory each operation touches, and how."""
