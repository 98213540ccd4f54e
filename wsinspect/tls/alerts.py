"""Alerts (RFC 8446 §6): how an endpoint says that it closes, or what it could not accept."""

from typing import Final, NamedTuple

CLOSE_NOTIFY: Final = 0
FATAL: Final = 2

_NAMES: Final = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
    30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
    43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
    60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
    110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 115: "unknown_psk_identity", 116: "certificate_required",
    120: "no_application_protocol", 121: "ech_required",
}  # fmt: skip
_MEANINGS: Final = {
    40: "they have no protocol version, cipher or key exchange in common",
    42: "it takes the other side's certificate for broken",
    43: "it does not support the other side's certificate",
    44: "the other side's certificate was revoked",
    45: "the other side's certificate has expired",
    46: "it does not accept the other side's certificate",
    48: "it does not trust who signed the other side's certificate",
    70: "it does not support the protocol version",
    112: "it does not know the server name",
    116: "it wants a client certificate",
    120: "they have no application protocol in common",
}


class Alert(NamedTuple):
    """An alert that could be read."""

    direction: int
    fatal: bool
    description: int
    packet: int
    time_ns: int

    @property
    def name(self) -> str:
        """`close_notify`, `unknown_ca` …"""
        return _NAMES.get(self.description, f"alert {self.description}")

    @property
    def meaning(self) -> str:
        """In words what its sender says; empty where the name says it."""
        return _MEANINGS.get(self.description, "")

    @property
    def is_failure(self) -> bool:
        """Whether its sender gives up (all but two are fatal whatever their level, RFC 8446 §6)."""
        return self.description not in (CLOSE_NOTIFY, 90, 100) and (self.fatal or self.description != 112)
