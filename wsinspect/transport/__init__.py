"""Bytes find a home: link layers, IP, TCP reassembly, HTTP heads."""
