"""One connection: its story, frames, handshake and violations."""
