"""How a report is shown: each way of it in a file of its own."""
