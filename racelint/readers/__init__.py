"""Reading texts as Python: one in this process, or many in processes of their own."""
