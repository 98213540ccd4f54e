"""Bytes get meaning: handshake, frames, messages, compression, closing."""
