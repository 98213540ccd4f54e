"""Search in payloads: on one connection and on all of them."""
