"""TLS 1.0 to 1.3: records, handshake messages, keys from a key log, plaintext."""
