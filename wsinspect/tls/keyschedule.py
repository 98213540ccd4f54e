"""Keys from secrets: HKDF-Expand-Label (RFC 8446 §7.1) and the PRF of earlier versions (RFC 5246 §5, RFC 2246 §5)."""

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from wsinspect.tls.handshake import TLS_1_2
from wsinspect.tls.suites import Cipher, Suite


def expand_label(secret: bytes, label: str, length: int, hash_: str) -> bytes:
    """HKDF-Expand-Label with an empty context."""
    full = b"tls13 " + label.encode()
    info = length.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0"
    algorithm: hashes.HashAlgorithm = hashes.SHA384() if hash_ == "sha384" else hashes.SHA256()
    return HKDFExpand(algorithm, length, info).derive(secret)


def traffic_key(secret: bytes, suite: Suite) -> tuple[bytes, bytes]:
    """Key and IV of a traffic secret of TLS 1.3."""
    return expand_label(secret, "key", suite.key_length, suite.hash), expand_label(secret, "iv", 12, suite.hash)


def next_secret(secret: bytes, suite: Suite) -> bytes:
    """The traffic secret after a KeyUpdate (RFC 8446 §7.2)."""
    return expand_label(secret, "traffic upd", len(secret), suite.hash)


def key_block(master: bytes, randoms: tuple[bytes, bytes], suite: Suite, version: int) -> list[tuple[bytes, ...]]:
    """MAC key, key and IV of the client and of the server (RFC 5246 §6.3); `randoms` are theirs."""
    mac_length = suite.tag_length if suite.mac else 0
    iv_length = {Cipher.GCM: 4, Cipher.CCM: 4, Cipher.CHACHA20: 12, Cipher.CBC: 16, Cipher.NULL: 0}[suite.cipher]
    lengths = (mac_length, mac_length, suite.key_length, suite.key_length, iv_length, iv_length)
    block = _prf(master, b"key expansion" + randoms[1] + randoms[0], sum(lengths), suite, version)
    parts: list[bytes] = []
    for length in lengths:
        parts.append(block[:length])
        block = block[length:]
    return [tuple(parts[0::2]), tuple(parts[1::2])]


def _prf(secret: bytes, seed: bytes, length: int, suite: Suite, version: int) -> bytes:
    if version >= TLS_1_2:
        return _p_hash(secret, seed, length, suite.hash)
    half = (len(secret) + 1) // 2
    md5, sha1 = _p_hash(secret[:half], seed, length, "md5"), _p_hash(secret[-half:], seed, length, "sha1")
    return bytes(a ^ b for a, b in zip(md5, sha1, strict=True))


def _p_hash(secret: bytes, seed: bytes, length: int, hash_: str) -> bytes:
    digest = getattr(hashlib, hash_)
    output, a = b"", seed
    while len(output) < length:
        a = hmac.digest(secret, a, digest)
        output += hmac.digest(secret, a + seed, digest)
    return output[:length]
