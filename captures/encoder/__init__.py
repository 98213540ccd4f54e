"""From a scripted conversation to the bytes of a capture file, with nothing but the standard library."""
