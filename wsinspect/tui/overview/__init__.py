"""The screens about all connections together: closes, violations."""
