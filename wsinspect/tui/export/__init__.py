"""Connections and messages, from the screens to files and to the clipboard."""
