"""What is spoken on a connection, one protocol on top of another, up to the WebSockets in it."""
