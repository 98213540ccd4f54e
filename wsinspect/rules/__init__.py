"""Facts get judged: one pure function per rule."""
