"""The display filter: one grammar for the screen and the command line (`docs/filters.md`)."""
