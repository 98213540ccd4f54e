"""Connections written to files: for other programs, for a ticket, for a colleague."""
