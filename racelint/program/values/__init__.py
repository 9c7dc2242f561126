"""What names mean, and what each expression may stand for."""
