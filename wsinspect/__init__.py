"""wsinspect: every WebSocket connection of a capture, how it closed, and which rules were broken."""

__version__ = "0.1.0"
