"""Live interfaces: a small process drains them into a file, the rest of the program reads the file as it grows."""
