"""Bytes come in: capture files, standard input, live interfaces."""
