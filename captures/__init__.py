"""Small captures of known content: how they are built, and what an inspector has to say about each."""
