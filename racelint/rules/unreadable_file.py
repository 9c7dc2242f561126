"""A file cannot be read as Python, so nothing in it was checked.

*What it does*: reports files that do not exist any more, cannot be opened or decoded, are notebooks, or are not valid
Python, at the place where reading stopped.

*Why is this bad?*: silence about such a file would look like a clean result, and what its code does to the state of
the other files is unknown too.

*Known false alarms*: templates and deliberately broken test data that carry the ending `.py`. Exclude them
(`extend-exclude` in `[tool.racelint]`).
"""

from racelint.rule import engine_rule

check = engine_rule("RL901", __name__)
