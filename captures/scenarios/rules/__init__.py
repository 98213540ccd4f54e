"""For every rule of tier 1 a capture that breaks it alone, and one that comes close and breaks nothing."""
