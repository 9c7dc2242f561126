"""A comment that should keep racelint silent does nothing.

*What it does*: reports `# noqa: RL…` and `# racelint: ignore[…]` where they keep no finding silent, each code by
itself, and those that cannot be understood: misspelt, not closed, with a code or a name that no rule has. Codes of
other tools, `# noqa` without codes and codes of rules that are not switched on for the file are left alone.

*Why is this bad?*: whoever reads the comment believes that there is a problem here and that somebody has thought about
it; and when one comes up later, the comment hides it.

*Known false alarms*: code on which racelint says different things on different platforms or with different options.
Silence it there with `RL902` beside the other codes.
"""

from racelint.rule import engine_rule

check = engine_rule("RL902", __name__)
