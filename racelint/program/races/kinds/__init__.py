"""The kinds of races, each with what makes it one."""
