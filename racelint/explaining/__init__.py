"""How a finding is told: who meets whom with which locks held, the steps that go wrong, and what would mend it."""
