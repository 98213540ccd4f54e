"""What the first run shows: one capture with a bit of everything."""
