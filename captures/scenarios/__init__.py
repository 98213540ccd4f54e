"""The scenarios: `rules` one by one, `situations` that are no rule, the `tour`, and `hostile` content."""
