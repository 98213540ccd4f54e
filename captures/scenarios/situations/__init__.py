"""Situations that an inspector has to get right, whether or not a rule is broken in them."""
