"""How records are protected, and opened: one object for each direction and key (RFC 8446 §5.2, RFC 5246 §6.2.3)."""

import hmac
import re
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from wsinspect.tls.handshake import TLS_1_1
from wsinspect.tls.keyschedule import traffic_key
from wsinspect.tls.records import Record
from wsinspect.tls.suites import Cipher, Suite

_BLOCK: Final = 16


class Protection(Protocol):
    """Opens the records of one direction under one key."""

    overhead: int
    """Payload bytes of a record that are no plaintext; -1 where that varies (CBC)."""

    def open(self, sequence: int, record: Record) -> tuple[int, bytes] | None:
        """Content type and plaintext of `record` if it has that sequence number; None if it has not."""


class _Aead(Protocol):
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


_CONTENT_TYPES: Final = (23, 22, 21)


class Tls13:
    """TLS 1.3: the content type is inside (RFC 8446 §5.2)."""

    def __init__(self, secret: bytes, suite: Suite) -> None:
        key, iv = traffic_key(secret, suite)
        self._key = key if suite.cipher is Cipher.GCM else b""
        self._aead = _aead(key, suite)
        self._iv = int.from_bytes(iv, "big")
        self.overhead = suite.tag_length + 1

    def open(self, sequence: int, record: Record) -> tuple[int, bytes] | None:
        header = struct.pack(">BHH", record.kind, record.version, len(record.payload))
        nonce = (self._iv ^ sequence).to_bytes(12, "big")
        inner = _decrypt(self._aead, nonce, record.payload, header)
        if inner is None:
            return None
        stripped = inner.rstrip(b"\0")
        return (stripped[-1], stripped[:-1]) if stripped else None

    def likely(self, sequences: range, record: Record) -> Iterable[int]:
        """Those of `sequences` with which `record`, if not padded, ends in a content type; all if that costs much.

        AES-GCM is a stream cipher: one block of the keystream tells, and those of all nonces are made in one go.
        """
        length = len(record.payload) - 16
        if not self._key or length < 1:
            return sequences
        block, place = divmod(length - 1, _BLOCK)
        # All of them at once, as one large number each: some fifty times as fast as one after the other.
        iv = int.from_bytes((self._iv << 32).to_bytes(_BLOCK, "big") * len(sequences), "big")
        counters = _counters(sequences, block + 2)  # SP 800-38D: 1 is the tag's, the text begins with 2
        nonces = (counters ^ iv).to_bytes(_BLOCK * len(sequences), "big")
        encryptor = BlockCipher(algorithms.AES(self._key), modes.ECB()).encryptor()
        stream = encryptor.update(nonces)[place::_BLOCK]
        wanted = re.escape(bytes(kind ^ record.payload[length - 1] for kind in _CONTENT_TYPES))
        return [sequences.start + found.start() for found in re.finditer(b"[" + wanted + b"]", stream)]


@lru_cache(maxsize=8)
def _counters(sequences: range, block: int) -> int:
    """The counter blocks of AES-GCM for these sequence numbers and a nonce of zeros, behind each other."""
    end = block.to_bytes(4, "big")
    return int.from_bytes(b"".join([sequence.to_bytes(12, "big") + end for sequence in sequences]), "big")


class Tls12Aead:
    """TLS 1.2 with an AEAD cipher: AES-GCM (RFC 5288), AES-CCM (RFC 6655), ChaCha20-Poly1305 (RFC 7905)."""

    def __init__(self, key: bytes, iv: bytes, suite: Suite) -> None:
        self._aead = _aead(key, suite)
        self._iv = iv
        self._explicit = 0 if suite.cipher is Cipher.CHACHA20 else 8
        self.overhead = self._explicit + suite.tag_length

    def open(self, sequence: int, record: Record) -> tuple[int, bytes] | None:
        length = len(record.payload) - self.overhead
        if length < 0:
            return None
        if self._explicit:
            nonce = self._iv + record.payload[: self._explicit]
        else:
            nonce = (int.from_bytes(self._iv, "big") ^ sequence).to_bytes(12, "big")
        data = _decrypt(
            self._aead, nonce, record.payload[self._explicit :], _mac_header(sequence, record, length)
        )  # fmt: skip
        return None if data is None else (record.kind, data)


class Cbc:
    """AES-CBC with an HMAC, before encryption or (RFC 7366) behind it; or the HMAC alone, with a NULL cipher."""

    overhead = -1

    def __init__(
        self, mac_key: bytes, key: bytes, iv: bytes, suite: Suite, version: int, encrypt_then_mac: bool
    ) -> None:
        self._mac_key, self._key = mac_key, key
        self._chain = (-1, iv, iv)  # TLS 1.0: the latest record by its end, its IV, and the one of the next record
        self._mac, self._mac_length = suite.mac, suite.tag_length
        self._explicit = version >= TLS_1_1
        self._etm = encrypt_then_mac

    def open(self, sequence: int, record: Record) -> tuple[int, bytes] | None:
        data = record.payload
        if self._etm:
            data, tag = data[: -self._mac_length], data[-self._mac_length :]
            if not self._authentic(tag, _mac_header(sequence, record, len(data)) + data):
                return None
            plain = self._decrypt(data, record.end)
            return None if plain is None else (record.kind, plain)
        plain = self._decrypt(data, record.end) if self._key else data
        if plain is None or len(plain) < self._mac_length:
            return None
        plain, tag = plain[: -self._mac_length], plain[-self._mac_length :]
        if not self._authentic(tag, _mac_header(sequence, record, len(plain)) + plain):
            return None
        return record.kind, plain

    def _authentic(self, tag: bytes, data: bytes) -> bool:
        return hmac.digest(self._mac_key, data, self._mac) == tag

    def _decrypt(self, data: bytes, end: int) -> bytes | None:
        """Plaintext without padding."""
        iv, body = (data[:_BLOCK], data[_BLOCK:]) if self._explicit else (self._iv(data, end), data)
        if not body or len(body) % _BLOCK or len(iv) != _BLOCK:
            return None
        decryptor = BlockCipher(algorithms.AES(self._key), modes.CBC(iv)).decryptor()
        plain = decryptor.update(body) + decryptor.finalize()
        padding = plain[-1] + 1
        return plain[:-padding] if padding <= len(plain) else None

    def _iv(self, data: bytes, end: int) -> bytes:
        """TLS 1.0: each record goes on in the chain of the one before."""
        latest, iv, following = self._chain
        if end != latest:
            self._chain = (end, following, data[-_BLOCK:])
            iv = following
        return iv


def tls12(part: tuple[bytes, ...], suite: Suite, version: int, encrypt_then_mac: bool) -> Protection:
    """Of TLS 1.2 and before; `part` is one side's of the key block."""
    mac_key, key, iv = part
    if suite.mac:
        return Cbc(mac_key, key, iv, suite, version, encrypt_then_mac and suite.cipher is Cipher.CBC)
    return Tls12Aead(key, iv, suite)


def _mac_header(sequence: int, record: Record, length: int) -> bytes:
    return struct.pack(">QBHH", sequence, record.kind, record.version, length)


def _aead(key: bytes, suite: Suite) -> _Aead:
    if suite.cipher is Cipher.GCM:
        return AESGCM(key)
    if suite.cipher is Cipher.CCM:
        return AESCCM(key, suite.tag_length)
    return ChaCha20Poly1305(key)


def _decrypt(aead: _Aead, nonce: bytes, data: bytes, associated: bytes) -> bytes | None:
    try:
        return aead.decrypt(nonce, data, associated)
    except (InvalidTag, ValueError):
        return None
