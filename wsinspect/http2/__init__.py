"""HTTP/2 (RFC 9113) as far as the WebSockets in it need it (RFC 8441): frames, header fields, streams, flow control."""
